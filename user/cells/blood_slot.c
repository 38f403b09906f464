/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests into slots, and what becomes of a slot when its client or its drone is gone. */
#include "cells/blood.h"

#include <string.h>
#include <unistd.h>

/* Once only: drones can write into a slot what they like, also that it waits to be let go when nobody has it. */
static void slot_put_back(struct artery *a, uint32_t slot)
{
	uint64_t bit = 1ULL << slot % 64, *idle = &a->slot_idle[slot / 64];

	if (*idle & bit)
		return;
	*idle |= bit;
	a->slot_free[a->slots_left++] = slot;
}

static uint32_t slot_get(struct artery *a)
{
	uint32_t slot = a->slot_free[--a->slots_left];

	a->slot_idle[slot / 64] &= ~(1ULL << slot % 64);
	return slot;
}

void slots_init(struct artery *a)
{
	a->slots_left = 0;
	memset(a->slot_idle, 0, sizeof(a->slot_idle));
	for (uint32_t i = SYNAPSE_SLOTS; i--;) {
		uint64_t word = a->vessel->asked[i].word;

		if (slot_state(word) != SLOT_FREE)
			continue;
		if (atomic_load(&a->synapse->slot[i].word) != word)
			atomic_store(&a->synapse->slot[i].word, word);
		slot_put_back(a, i);
	}
}

/* The file of an answer that is not sent. */
static void gift_drop(struct artery *a, uint32_t slot)
{
	int gift = a->vessel->gift[slot];

	/* As with a connection's file: never the number of a descriptor that is closed already. */
	a->vessel->gift[slot] = -1;
	COMMIT();
	if (gift >= 0)
		close(gift);
}

void slot_release(struct artery *a, uint32_t slot)
{
	struct asked *r = &a->vessel->asked[slot];

	gift_drop(a, slot);
	r->word = slot_word(slot_ticket(r->word) + 1, 0, SLOT_FREE);
	COMMIT();
	atomic_store(&a->synapse->slot[slot].word, r->word);
	r->asker = CONN_NONE;
	slot_put_back(a, slot);
}

/* Hands a slot back to the drone that works on it, and wakes it. */
static void slot_return(struct artery *a, uint32_t slot, uint32_t to)
{
	struct asked *r = &a->vessel->asked[slot];
	uint32_t drone = slot_drone(r->word), at = cell_slot_of_id(drone);

	r->word = slot_word(slot_ticket(r->word), drone, to);
	COMMIT();
	atomic_store(&a->synapse->slot[slot].word, r->word);
	if (at < a->t->plan->slots)
		bell_ring(&a->t->commons->asleep[at], plan_bell(a->t->plan, at));
}

void slot_want_more(struct artery *a, uint32_t slot)
{
	slot_return(a, slot, SLOT_MORE);
}

void slot_feed(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	struct slot *s = &a->synapse->slot[c->slot];

	s->body_n = conn_in(c)->staged;
	s->body_last = conn_in(c)->whole;
	s->queued_ms = a->vessel->asked[c->slot].queued_ms = a->now_ms;
	slot_return(a, c->slot, SLOT_FED);
	if (conn_in(c)->whole) {
		conn_phase(c, CONN_ASKED);
		conn_deadline(a, i, c->deadline_ms);
	}
}

/* Nobody takes this answer: were its file left in the gift socket, the socket would fill up and stop the drones. */
static void slot_forget(struct artery *a, uint32_t slot)
{
	uint32_t kind = *(const volatile uint32_t *)&a->synapse->slot[slot].kind;

	for (uint32_t n = 0; kind == ANSWER_FILE && n < GIFTS_AT_ONCE && gift_note(a); n++)
		;
	slot_release(a, slot);
}

void slot_discard(struct artery *a, uint32_t slot, uint64_t word)
{
	if (slot_state(word) == SLOT_DONE) {
		slot_forget(a, slot);
		return;
	}
	a->vessel->asked[slot].word = word;
	slot_return(a, slot, slot_state(word) == SLOT_PIECE ? SLOT_MORE : SLOT_FED);
}

/* A drone has it, or it is kept: until that ends it is nobody's. */
static void slot_disown(struct artery *a, uint32_t slot)
{
	a->vessel->asked[slot].asker = CONN_NONE;
	atomic_store(&a->synapse->slot[slot].gone, 1);
}

/* Queued and not taken yet: taken back. */
static bool slot_withdraw(struct artery *a, uint32_t slot)
{
	uint64_t queued = a->vessel->asked[slot].word;

	return slot_state(queued) == SLOT_QUEUED &&
	       atomic_compare_exchange_strong(&a->synapse->slot[slot].word, &queued, slot_word(slot_ticket(queued), 0, SLOT_FREE));
}

void slot_orphan(struct artery *a, uint32_t slot)
{
	uint64_t word;

	if (exhibit_keep(a, slot)) {
		slot_disown(a, slot);
		return;
	}
	/* What a drone has spoiled nobody else can be at work on either: its word is no longer there to be answered to. */
	if (slot_withdraw(a, slot) || !asked_look(a, slot, &word) || slot_state(word) == SLOT_FREE || slot_state(word) == SLOT_DONE) {
		slot_forget(a, slot);
		return;
	}
	slot_disown(a, slot);
	if (asked_look(a, slot, &word) && (slot_state(word) == SLOT_PIECE || slot_state(word) == SLOT_HUNGRY))
		slot_discard(a, slot, word);
}

void slot_abandon(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t slot = c->slot;

	c->slot = SYNAPSE_SLOTS;
	COMMIT();
	slot_orphan(a, slot);
}

/* The record first: what is QUEUED by it and not in the slot is put there by an adopter. */
static void slot_queue(struct artery *a, uint32_t slot)
{
	struct asked *r = &a->vessel->asked[slot];
	uint32_t ticket = slot_ticket(r->word);

	r->word = slot_word(ticket, 0, SLOT_QUEUED);
	COMMIT();
	synapse_queue(a->synapse, slot, ticket);
	a->rung++;
}

/*
 * Order matters: while the slot is FREE an adopter does all of this again from the input, which still holds the whole
 * request; once it is QUEUED the request is the drones'.
 */
void blood_ask(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t slot;

	/* It may have waited for its body, or for a slot, while the DNA was changed. */
	if (c->generation != a->t->generation && !request_reroute(a, i))
		return;
	asked_deadline(a, i);
	if (!a->slots_left) {
		a->request_of = CONN_NONE;
		conn_phase(c, CONN_WANT_SLOT);
		ring_put(&a->wanting, i);
		return;
	}
	slot = slot_get(a);
	c->slot = slot;
	COMMIT();
	if (c->flags & CONN_HAS_BODY) {
		body_restart(c);
		cw_assert(body_stage(a, c) == 0);
	}
	a->vessel->asked[slot].tries = 0;
	a->vessel->asked[slot].queued_ms = a->now_ms;
	slot_fill(a, i, slot);
	pathogen_mark(a, c, slot);
	if (screen_refuses(a, pathogen_refuses(a, c, slot) ? 403 : screen_body(a, c, slot))) {
		screen_refuse(a, i, 403);
		return;
	}
	conn_phase(c, c->flags & CONN_HAS_BODY && !conn_in(c)->whole ? CONN_BODY : CONN_ASKED);
	slot_queue(a, slot);
}

/* The flag of a drone that died asleep stays up: only the family's record tells who can hear. */
static bool can_hear(const struct tissue *t, uint32_t slot)
{
	return t->cells[slot].state == CELL_LIVING && t->cells[slot].class == CLASS_DRONE;
}

void blood_ring_drones(struct artery *a)
{
	const struct plan *p = a->t->plan;

	/* What was queued is seen by a drone that is about to sleep, or its flag is seen here. */
	atomic_thread_fence(memory_order_seq_cst);
	for (uint32_t s = 0; s < p->slots && a->rung; s++) {
		_Atomic uint32_t *asleep = &a->t->commons->asleep[s];

		if (!atomic_load_explicit(asleep, memory_order_seq_cst) || !can_hear(a->t, s))
			continue;
		bell_ring(asleep, plan_bell(p, s));
		a->rung--;
	}
	if (a->rung)
		blood_call_neuron(a);
	a->rung = 0;
}

void blood_wake_drones(struct artery *a)
{
	const struct plan *p = a->t->plan;
	uint64_t ring = 1;

	for (uint32_t s = 0; s < p->slots; s++)
		if (can_hear(a->t, s))
			(void)!write(plan_bell(p, s), &ring, sizeof(ring));
}

/* Nothing of an answer is out, and the slot holds all of the request, or can. */
static bool may_repeat(struct conn *c)
{
	return !c->pieces && http_method_idempotent(c->method) && blood_body_is_read(c) &&
	       (!(c->flags & CONN_HAS_BODY) || conn_in(c)->parts <= 1);
}

bool slot_repeat(struct artery *a, uint32_t i, uint32_t slot, uint32_t state)
{
	struct asked *r = &a->vessel->asked[slot];

	if (state != SLOT_TAKEN || r->tries || !may_repeat(conn_at(a, i)))
		return false;
	r->tries++;
	gift_drop(a, slot);
	a->synapse->slot[slot].pieces = 0;
	a->synapse->slot[slot].queued_ms = r->queued_ms = a->now_ms;
	slot_queue(a, slot);
	a->vitals->requeued++;
	asked_deadline(a, i);
	return true;
}

/* No answer comes any more. */
static void slot_lost(struct artery *a, uint32_t i, uint32_t slot)
{
	struct conn *c = conn_at(a, i);
	bool late = asked_worked_ms(a, slot) >= c->deadline_ms;

	a->vitals->errors++;
	if (c->pieces || c->phase == CONN_SENDING)
		blood_close(a, i);
	else
		blood_refuse(a, i, late ? 504 : 502, blood_body_is_read(c));
	/* It was abandoned with that, and nobody works on it any more. */
	slot_release(a, slot);
	/* A pipelined request may stand behind it. */
	if (c->fd >= 0 && c->phase == CONN_READING)
		ring_put(&a->ready, i);
}

/* Anew from the input, under another ticket, as if it were asked for the first time. */
static void slot_refill(struct artery *a, uint32_t i, uint32_t slot)
{
	struct conn *c = conn_at(a, i);
	struct asked *r = &a->vessel->asked[slot];

	gift_drop(a, slot);
	r->word = slot_word(slot_ticket(r->word) + 1, 0, SLOT_FREE);
	COMMIT();
	atomic_store(&a->synapse->slot[slot].word, r->word);
	if (c->flags & CONN_HAS_BODY) {
		body_restart(c);
		cw_assert(body_stage(a, c) == 0);
	}
	slot_fill(a, i, slot);
	slot_queue(a, slot);
	a->vitals->requeued++;
}

void slot_spoiled(struct artery *a, uint32_t slot)
{
	uint32_t i = a->vessel->asked[slot].asker;

	if (!conn_ready(a, i))
		slot_release(a, slot); /* closed, and its slot abandoned with that */
	else if (slot_state(a->vessel->asked[slot].word) == SLOT_QUEUED && may_repeat(conn_at(a, i)))
		slot_refill(a, i, slot);
	else
		slot_lost(a, i, slot);
}

/* The drone is dead. Before its answer began the request can be tried once more, if that is safe; else 502. */
static void slot_bereaved(struct artery *a, uint32_t slot)
{
	uint32_t i = a->vessel->asked[slot].asker;
	uint64_t word;

	if (!asked_has_asker(a, slot)) {
		slot_release(a, slot);
		return;
	}
	if (!asked_look(a, slot, &word))
		word = a->vessel->asked[slot].word;
	if (slot_state(word) == SLOT_DONE) {
		slot_look(a, slot);
		return;
	}
	if (!conn_ready(a, i))
		slot_release(a, slot); /* closed, and its slot abandoned with that */
	else if (!slot_repeat(a, i, slot, slot_state(word)))
		slot_lost(a, i, slot);
}

void blood_requeue(struct artery *a, uint32_t drone)
{
	pathogen_blame(a, drone);
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++)
		if (asked_is_with(a, s, drone))
			slot_bereaved(a, s);
	/* Its bell may have been the one that was rung for what still waits. */
	if (synapse_waiting(a->synapse))
		a->rung += SYNAPSE_SLOTS;
}
