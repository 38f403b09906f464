/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Deadlines: one row of numbers, looked through when the next may be due. */
#include "cells/blood.h"
#include "cells/signal.h"

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

#define STUCK_MS 1000u /* after this a drone that is accused of being stuck is no longer waited for */

static void give_up_asked(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	a->vitals->errors++;
	if (c->pieces)
		blood_close(a, i);
	else
		blood_refuse(a, i, 504, blood_body_is_read(c));
}

void asked_deadline(struct artery *a, uint32_t i)
{
	uint32_t gene = conn_at(a, i)->deadline_ms, queue = a->t->germ->dna.queue_ms;

	conn_deadline(a, i, gene < queue ? gene : queue);
}

/* Still in the queue: for as long as the queue's time allows. */
static void expire_queued(struct artery *a, uint32_t i, uint64_t waited)
{
	uint32_t allowed = a->t->germ->dna.queue_ms;

	if (waited < allowed)
		conn_deadline(a, i, (uint32_t)(allowed - waited));
	else
		blood_refuse(a, i, 503, blood_body_is_read(conn_at(a, i)));
}

/* Written over by a drone: asked for again while the queue's time allows, which does not begin anew. */
static void expire_spoiled(struct artery *a, uint32_t i, uint64_t waited)
{
	uint32_t allowed = a->t->germ->dna.queue_ms;

	if (waited >= allowed) {
		give_up_asked(a, i);
		return;
	}
	conn_deadline(a, i, (uint32_t)(allowed - waited));
	slot_spoiled(a, conn_at(a, i)->slot);
}

/* With a drone: as long as the gene's own deadline allows, then the adults are called to vote, then the request is given up. */
static void expire_asked(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t allowed = c->deadline_ms;
	uint64_t worked = asked_worked_ms(a, c->slot), waited = a->now_ms - a->vessel->asked[c->slot].queued_ms, word;

	if (!asked_look(a, c->slot, &word)) {
		expire_spoiled(a, i, waited);
	} else if (slot_state(word) == SLOT_QUEUED) {
		expire_queued(a, i, waited);
	} else if (!c->pieces && worked < allowed) {
		conn_deadline(a, i, (uint32_t)(allowed - worked));
	} else if (!c->pieces && worked < (uint64_t)allowed + STUCK_MS) {
		signal_accuse(a->t, slot_drone(word), REASON_DEADLINE);
		conn_deadline(a, i, STUCK_MS);
	} else {
		signal_accuse(a->t, slot_drone(word), REASON_DEADLINE);
		give_up_asked(a, i);
	}
}

/* A body that stands still because its drone takes no more of it is not the client's fault. */
static void expire_body(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	if (c->slot < SYNAPSE_SLOTS && slot_state(a->vessel->asked[c->slot].word) != SLOT_HUNGRY)
		expire_asked(a, i);
	else
		blood_refuse(a, i, 408, false);
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
		expire_body(a, i);
		break;
	case CONN_WANT_SLOT:
		blood_refuse(a, i, 503, false);
		break;
	case CONN_ASKED:
		expire_asked(a, i);
		break;
	case CONN_SENDING:
		a->vitals->errors++;
		screen_present(a, c, ANTIGEN_SLOW, ANTIGEN_NO_RULE, "takes nothing of an answer", 26);
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
	exhibits_sweep(a);
	if (next < a->next_due)
		a->next_due = next;
	/* Never two sweeps in quick succession, however many deadlines lie close together. */
	if (a->next_due < a->now_ms + a->sweep_every)
		a->next_due = a->now_ms + a->sweep_every;
}

#define EVICT_LOOKS 256u /* records looked at for one that may give its buffer up */

static bool may_give_buffer(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	return c->fd >= 0 && conn_in(c)->buffer && c->slot >= SYNAPSE_SLOTS && !(c->flags & (CONN_STALE | CONN_CONTINUE)) &&
	       (c->phase == CONN_READING || c->phase == CONN_BODY);
}

/* The one whose time is up first among some, from a place that moves on. CONN_NONE when none of them has a buffer. */
static uint32_t evict_whom(struct artery *a, uint32_t not_this)
{
	uint32_t best = CONN_NONE, looks = a->vessel->high < EVICT_LOOKS ? a->vessel->high : EVICT_LOOKS;

	for (uint32_t n = 0; n < looks; n++) {
		uint32_t i = a->evict_at++ % a->vessel->high;

		if (i == not_this || !may_give_buffer(a, i))
			continue;
		if (best == CONN_NONE ||
			(int32_t)(*vessel_deadline(a->vessel, i) - *vessel_deadline(a->vessel, best)) < 0)
			best = i;
	}
	return best;
}

bool blood_find_room(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t whom;

	if (!vessel_make_room(a->vessel, c, c->used))
		return true;
	if (a->vessel->input_left)
		return false; /* not for want of a buffer: the largest is full */
	whom = evict_whom(a, i);
	if (whom == CONN_NONE)
		return false;
	blood_refuse(a, whom, 408, false);
	return !vessel_make_room(a->vessel, c, c->used);
}
