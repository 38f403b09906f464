/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends connections of which the socket filter drops a segment: their request would never be whole. */
#include "cells/blood.h"

#define LOOK_MS 20u /* between two looks through all records: attackers must not choose how much work that is */

/* One too many is forgotten: its client's stack sends the segment again, and the filter tells of it again. */
void tag_hear(struct artery *a, uint64_t cookie)
{
	for (uint32_t i = 0; i < a->tags; i++)
		if (a->tagged[i] == cookie)
			return;
	if (a->tags < TAGS_MAX)
		a->tagged[a->tags++] = cookie;
}

static bool is_tagged(const struct artery *a, uint64_t cookie)
{
	for (uint32_t i = 0; i < a->tags; i++)
		if (a->tagged[i] == cookie)
			return true;
	return false;
}

static void tag_end(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	if (!conn_ready(a, i))
		return;
	/* What came before it may lie in the socket still. */
	blood_go(a, i);
	if (c->fd < 0 || !is_tagged(a, c->cookie))
		return;
	if (c->phase == CONN_READING || c->phase == CONN_BODY) {
		/* The segment comes again, and is let through once we have sent our end: it must not meet a closed socket. */
		c->flags |= CONN_READABLE;
		a->vitals->refused++;
		screen_refuse(a, i, 403);
	} else {
		/* What is being answered came before it. */
		c->flags &= ~(uint32_t)CONN_KEEP;
	}
}

void tag_sweep(struct artery *a)
{
	if (!a->tags || a->now_ms < a->tags_due)
		return;
	for (uint32_t i = 0; i < a->vessel->high; i++)
		if (conn_at(a, i)->fd >= 0 && is_tagged(a, conn_at(a, i)->cookie))
			tag_end(a, i);
	a->tags = 0;
	a->tags_due = a->now_ms + LOOK_MS;
}
