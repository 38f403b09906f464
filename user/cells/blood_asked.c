/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What blood believes of a slot: drones write there, all of them, and one that was taken over may write anything. */
/*
 * A word is believed when it can follow the one that blood knows, and from then on blood goes by what it has believed.
 * What cannot follow was written by somebody else: the request is asked for again, or refused. Flags, bells and the queue
 * are hints, which may be wiped out, too: while requests are under way all of this is looked at now and then.
 */
#include "cells/blood.h"
#include "cells/evidence.h"

#define AUDIT_MS 100u
#define TELL_MS  10000u
#define LATE_MS  1000u /* a sweep, or a drone, may come that much later than the time that is allowed */

/* Whether blood has asked and a drone is to answer. */
static bool is_awaited(uint64_t known)
{
	uint32_t state = slot_state(known);

	return state == SLOT_QUEUED || state == SLOT_MORE || state == SLOT_FED;
}

static bool is_answer(uint64_t word)
{
	uint32_t state = slot_state(word);

	return state == SLOT_HUNGRY || state == SLOT_PIECE || state == SLOT_DONE;
}

bool asked_follows(uint64_t known, uint64_t word)
{
	if (word == known)
		return true;
	if (slot_ticket(word) != slot_ticket(known) || !slot_drone(word))
		return false;
	if (slot_state(known) == SLOT_QUEUED)
		return slot_state(word) == SLOT_TAKEN || is_answer(word);
	return is_awaited(known) && slot_drone(word) == slot_drone(known) && is_answer(word);
}

bool asked_look(struct artery *a, uint32_t slot, uint64_t *word)
{
	uint64_t known = a->vessel->asked[slot].word;

	*word = known;
	if (!is_awaited(known))
		return true;
	*word = atomic_load_explicit(&a->synapse->slot[slot].word, memory_order_acquire);
	return asked_follows(known, *word);
}

bool asked_has_asker(struct artery *a, uint32_t slot)
{
	uint32_t i = a->vessel->asked[slot].asker;

	return i < a->vessel->high && conn_at(a, i)->fd >= 0 && conn_at(a, i)->slot == slot;
}

bool asked_is_with(struct artery *a, uint32_t slot, uint32_t drone)
{
	uint64_t known = a->vessel->asked[slot].word, word;

	if (slot_state(known) == SLOT_FREE)
		return false;
	if (slot_state(known) != SLOT_QUEUED)
		return slot_drone(known) == drone;
	return asked_look(a, slot, &word) && slot_state(word) != SLOT_QUEUED && slot_drone(word) == drone;
}

uint64_t asked_worked_ms(const struct artery *a, uint32_t slot)
{
	uint64_t queued = a->vessel->asked[slot].queued_ms, latest = queued + a->t->germ->dna.queue_ms + LATE_MS;
	uint64_t taken = *(const volatile uint64_t *)&a->synapse->slot[slot].taken_ms;
	uint64_t since = taken >= queued && taken <= a->now_ms && taken <= latest ? taken : queued;

	return a->now_ms > since ? a->now_ms - since : 0;
}

bool asked_drone_lives(const struct artery *a, uint32_t id)
{
	const volatile struct cell *c = &a->t->cells[cell_slot_of_id(id) % CELL_SLOTS_MAX];

	return c->id == id && c->state == CELL_LIVING && c->class == CLASS_DRONE;
}

/* Longer than any drone may work on it. One that the drone itself says it holds is a matter of votes. */
static bool is_forgotten(const struct artery *a, uint32_t slot, uint64_t word)
{
	const struct asked *r = &a->vessel->asked[slot];
	uint64_t allowed = (uint64_t)a->t->germ->dna.queue_ms + a->t->longest_ms + LATE_MS;

	return a->now_ms - r->queued_ms > allowed && !evidence_look(a->t, slot_drone(word), REASON_DEADLINE);
}

/* Its client is gone: as soon as no drone is at work on it, it is free. */
static void audit_orphan(struct artery *a, uint32_t slot)
{
	const struct asked *r = &a->vessel->asked[slot];
	uint64_t word;

	if (!is_awaited(r->word)) {
		/* Kept for voters, who go by the slot's own word. */
		if (atomic_load(&a->synapse->slot[slot].word) != r->word)
			atomic_store(&a->synapse->slot[slot].word, r->word);
		return;
	}
	if (!asked_look(a, slot, &word) || is_forgotten(a, slot, word))
		slot_release(a, slot);
	else if (is_answer(word))
		slot_discard(a, slot, word);
	else if (slot_state(word) != SLOT_QUEUED && !asked_drone_lives(a, slot_drone(word)))
		blood_requeue(a, slot_drone(word));
}

/* Where one was spoiled, others may be that nobody asks for; those come to light while it is looked for them. */
static void audit_found(struct artery *a)
{
	if (a->now_ms >= a->tell_ms) {
		a->tell_ms = a->now_ms + TELL_MS;
		tissue_log(a->t, "a drone has written over requests of others: they are repeated where that is safe, or refused");
	}
	a->audit_until = a->now_ms + TELL_MS;
}

/* Nobody has it, and no drone must find a request there. */
static void audit_free(struct artery *a, uint32_t slot)
{
	uint64_t known = a->vessel->asked[slot].word;

	if (atomic_load_explicit(&a->synapse->slot[slot].word, memory_order_relaxed) == known)
		return;
	audit_found(a);
	atomic_store(&a->synapse->slot[slot].word, known);
}

/* Drones leave what is said to be of a DNA that they do not live by. */
static void audit_generation(struct artery *a, uint32_t slot)
{
	uint32_t known = conn_at(a, a->vessel->asked[slot].asker)->generation;
	volatile uint32_t *said = &a->synapse->slot[slot].generation;

	if (*said == known)
		return;
	audit_found(a);
	*said = known;
}

/* Whether it waits to be taken. */
static bool audit_asked(struct artery *a, uint32_t slot)
{
	uint64_t word;

	/* What is sent, or waits for the client, is blood's own. */
	if (!is_awaited(a->vessel->asked[slot].word))
		return false;
	if (!asked_look(a, slot, &word)) {
		audit_found(a);
		slot_spoiled(a, slot);
		return false;
	}
	if (slot_state(word) == SLOT_QUEUED) {
		audit_generation(a, slot);
		return true;
	}
	if (is_answer(word))
		slot_look(a, slot);
	else if (!asked_drone_lives(a, slot_drone(word)))
		blood_requeue(a, slot_drone(word));
	return false;
}

/* Forgotten by the queue, or by drones whose bells were taken away. */
static void audit_queue(struct artery *a, const uint32_t *waiting, uint32_t n)
{
	bool old = false, lost = !synapse_waiting(a->synapse);

	for (uint32_t k = 0; k < n; k++) {
		old |= a->now_ms - a->vessel->asked[waiting[k]].queued_ms >= AUDIT_MS;
		if (lost)
			synapse_enlist(a->synapse, waiting[k]);
	}
	if (old)
		blood_wake_drones(a);
}

/* What drones share on their way to blood: one that fills it up stops the others, or mutes them. */
static void audit_ways(struct artery *a)
{
	bell_quiet(plan_vessel_bell(a->t->plan, a->v));
	for (uint32_t n = 0; n < GIFTS_AT_ONCE && gift_note(a); n++)
		;
}

bool asked_audit_wanted(const struct artery *a)
{
	return a->slots_left < SYNAPSE_SLOTS || a->now_ms < a->audit_until;
}

void asked_audit(struct artery *a)
{
	uint32_t waiting[SYNAPSE_SLOTS], n = 0;

	a->audit_ms = a->now_ms + AUDIT_MS;
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++) {
		if (slot_state(a->vessel->asked[s].word) == SLOT_FREE)
			audit_free(a, s);
		else if (!asked_has_asker(a, s))
			audit_orphan(a, s);
		else if (audit_asked(a, s))
			waiting[n++] = s;
	}
	audit_queue(a, waiting, n);
	audit_ways(a);
}
