/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The neuron: hears of every death; bears stems when no stem is left to do it. Never reads client bytes, opens no file. */
#include "cells/cell.h"

#include <errno.h>
#include <signal.h>

#define NEURON_RETRY_MS 100

static void neuron_hear(void *ctx, const struct message *m)
{
	const struct tissue *t = ctx;

	switch (m->kind) {
	case MSG_DEATH:
		if (m->code & 0x7f)
			tissue_log(t, "%s %u was killed by signal %u%s", class_name((int)m->class), m->slot, m->code & 0x7f,
				(m->code & 0x7f) == SIGSYS ? " (a system call that is not allowed)" : "");
		else if (m->code)
			tissue_log(t, "%s %u exited with code %u", class_name((int)m->class), m->slot, m->code >> 8);
		break;
	case MSG_TUMOUR:
		/* The kernel has killed it where it can; a second SIGKILL does no harm. */
		kill((pid_t)m->code, SIGKILL);
		tissue_log(t, "process %u was born without licence by %s %u and is killed", m->code,
			class_name((int)m->class), m->slot);
		break;
	default:
		break;
	}
}

/* Returns 1 in a daughter, 0 when the pool lives, -errno when it could not be refilled. */
static int neuron_keep_pool(struct tissue *t)
{
	int born = 0;

	while (t->census[CLASS_STEM].living == 0 && !t->organism->dying) {
		born = cell_divide(t, CLASS_STEM);
		if (born == 1 || (born < 0 && born != -EAGAIN))
			break;
	}
	return born == -EAGAIN ? 0 : born;
}

int neuron_live(struct tissue *t)
{
	int nest = plan_nest(t->plan, t->slot);
	struct epoll_event e;

	while (!cell_leaving) {
		int born = neuron_keep_pool(t);

		if (born == 1)
			return CLASS_STEM;
		if (cell_wait(nest, &e, 1, born < 0 ? NEURON_RETRY_MS : -1) <= 0)
			continue;
		bool told = inbox_drain(t, neuron_hear, t) > 0;

		if (!told)
			cell_clear_nest(t);
	}
	return CLASS_NONE;
}
