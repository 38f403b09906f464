/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Deadlines: one row of numbers, looked through when the next may be due. */
#include "cells/blood.h"

/* Low 32 bits of the clock, never 0: that means no deadline. */
static uint32_t stamp(uint64_t ms)
{
	return (uint32_t)ms ? (uint32_t)ms : 1;
}

void conn_deadline(struct artery *a, uint32_t i, uint32_t ms)
{
	uint64_t due = a->now_ms + ms;

	*vessel_deadline(a->vessel, i) = stamp(due);
	if (due < a->next_due)
		a->next_due = due;
}

/* A drone has had its time. Queued all the while: take it back. Being answered: the gene's own deadline counts. */
static void expire_asked(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	struct slot *s = &a->synapse->slot[c->slot];
	uint32_t allowed = a->t->germ->dna.route[c->route].deadline_ms;
	uint64_t waited = a->now_ms - s->queued_ms;

	if (slot_state(atomic_load(&s->word)) == SLOT_QUEUED) {
		blood_refuse(a, i, 503, blood_body_is_read(c));
		return;
	}
	if (!c->pieces && waited < allowed) {
		conn_deadline(a, i, (uint32_t)(allowed - waited));
		return;
	}
	tissue_log(a->t, "drone %u has not answered route %s within %u ms", cell_slot_of_id(slot_drone(atomic_load(&s->word))),
		a->t->germ->dna.route[c->route].prefix, allowed);
	a->vitals->errors++;
	if (c->pieces)
		blood_close(a, i);
	else
		blood_refuse(a, i, 504, blood_body_is_read(c));
}

static void expire(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	*vessel_deadline(a->vessel, i) = 0;
	if (!conn_ready(a, i))
		return;
	switch (c->phase) {
	case CONN_READING:
		if (c->received > c->used)
			blood_refuse(a, i, 408, false);
		else
			blood_close(a, i);
		break;
	case CONN_BODY:
		blood_refuse(a, i, 408, false);
		break;
	case CONN_WANT_SLOT:
		blood_refuse(a, i, 503, false);
		break;
	case CONN_ASKED:
		expire_asked(a, i);
		break;
	case CONN_SENDING:
		a->vitals->errors++;
		blood_close(a, i);
		break;
	default:
		blood_close(a, i);
		break;
	}
	/* What was answered may have more to do. */
	if (c->fd >= 0 && c->phase == CONN_READING)
		ring_put(&a->ready, i);
}

void blood_sweep(struct artery *a)
{
	const uint32_t *row = vessel_deadline(a->vessel, 0);
	uint32_t now = (uint32_t)a->now_ms;
	uint64_t next = UINT64_MAX;

	a->next_due = UINT64_MAX;
	for (uint32_t i = 0; i < a->vessel->high; i++) {
		int32_t left = (int32_t)(row[i] - now);

		if (!row[i])
			continue;
		if (left <= 0)
			expire(a, i);
		else if (a->now_ms + (uint64_t)left < next)
			next = a->now_ms + (uint64_t)left;
	}
	if (next < a->next_due)
		a->next_due = next;
	/* Never two sweeps in quick succession, however many deadlines lie close together. */
	if (a->next_due < a->now_ms + a->sweep_every)
		a->next_due = a->now_ms + a->sweep_every;
}
