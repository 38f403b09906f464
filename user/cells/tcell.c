/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The T cell: takes a vacant post and lives on it: judges evidence, keeps the records, or helps to judge. */
/*
 * May touch: what its post needs. Never touches: requests, sockets, document roots. Dies when told to, or when nobody is
 * left who could bring evidence.
 */
#include "cells/tcell.h"
#include "cells/cell.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#define POST_TRIES 16 /* others may be taking posts at the same moment */

bool tcell_is_alone(const struct tissue *t)
{
	return !t->census[CLASS_STEM].living && !t->census[CLASS_NEURON].living && !t->census[CLASS_BLOOD].living &&
	       !t->census[CLASS_EGG].living;
}

/* Keeps what it needs, in a table of its own; nothing of the network is among it. */
static void tcell_close_foreign(const struct tissue *t)
{
	const struct plan *p = t->plan;
	unsigned mine = (unsigned)plan_inbox(p, t->slot);

	cw_assert(syscall(SYS_close_range, mine + 3, ~0U, CLOSE_RANGE_UNSHARE) == 0);
	cw_assert(syscall(SYS_close_range, FD_REFUSED, mine - 1, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_READY, FD_ANIMATE, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_CELLS, FD_KEY, 0) == 0);
	close(FD_GERM);
	cw_assert(syscall(SYS_close_range, FD_PSI_CPU, FD_PRAISE, 0) == 0);
}

static bool tcell_takes(enum post post)
{
	struct gland_call call = { .class = post };

	/* The first refusal says who holds it; one that is dead is replaced. */
	for (int i = 0; i < POST_TRIES; i++) {
		if (gland_run(FD_POST, &call) || (call.answer != GLAND_OK && call.answer != GLAND_STALE))
			return false;
		if (call.answer == GLAND_OK)
			return true;
	}
	return false;
}

int tcell_live(struct tissue *t)
{
	tissue_forget_vessels(t);
	tcell_close_foreign(t);
	if (tcell_takes(POST_JUDGE))
		judge_live(t, POST_JUDGE);
	else if (t->rules->remember && tcell_takes(POST_SCRIBE))
		scribe_live(t);
	else if (tcell_takes(POST_HELPER))
		judge_live(t, POST_HELPER);
	else
		tissue_log(t, "every post of a T cell is taken already; this cell ends");
	return CLASS_NONE;
}
