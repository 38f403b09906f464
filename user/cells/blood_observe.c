/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one place where blood refuses a request for what it is: while the organism only observes, it counts and lets it pass. */
#include "cells/blood.h"

int screen_refuses(struct artery *a, int status)
{
	if (!status)
		return 0;
	/* Read anew each time: cellctl switches it under a living organism. */
	if (a->t->rules->observe) {
		a->vitals->observed++;
		return 0;
	}
	a->vitals->refused++;
	return status;
}
