/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl doctor: what this host offers, and what is done without what it lacks. */
#include "cellctl/verb.h"
int verb_doctor(const struct invocation *in)
{
	(void)in;
	return verb_say(VERB_FAILED, "stub");
}
