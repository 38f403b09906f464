/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Evidence, looked at by every voter for itself. */
#include "cells/evidence.h"
#include "tissue/key.h"

#include <string.h>

bool evidence_overdue(const struct proof *p, uint32_t id, uint32_t answer_ms, uint64_t now_ns)
{
	return p->target == id && p->asked_ns && !p->answered_ns && now_ns > p->asked_ns &&
	       now_ns - p->asked_ns > (uint64_t)answer_ms * 1000000;
}

bool evidence_wrong(const struct proof *p, const struct cell *c, const uint8_t *key)
{
	const uint64_t nonce[2] = { p->nonce[0], p->nonce[1] };

	return p->target == c->id && p->asked_ns && p->answered_ns && !key_mac_is(p->mac, key, nonce, c->slot, c->pid, c->born_ns);
}

bool evidence_fat(const struct pulse *p, uint32_t id, uint32_t limit)
{
	return limit && p->id == id && p->rss_pages > limit;
}

#define CLOCK_STEP_MS 10u /* the coarse clock may step between two looks */

enum held evidence_held(const struct chart *c, uint32_t id, const struct dna *dna, uint64_t now_ms, uint64_t *worked_ms)
{
	uint64_t since;
	uint32_t route;

	*worked_ms = 0;
	if (!chart_work(c, id, &since, &route) || since > now_ms + CLOCK_STEP_MS || route >= dna->route_count)
		return HELD_NOTHING;
	*worked_ms = now_ms > since ? now_ms - since : 0;
	return *worked_ms < dna->route[route].deadline_ms ? HELD_IN_TIME : HELD_TOO_LONG;
}

static uint32_t longest_deadline(const struct dna *dna)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < dna->route_count; i++)
		most = dna->route[i].deadline_ms > most ? dna->route[i].deadline_ms : most;
	return most;
}

bool evidence_excused(const struct chart *c, uint32_t id, const struct dna *dna, uint64_t now_ms, uint64_t asked_ms, uint32_t answer_ms)
{
	uint64_t worked;

	return evidence_held(c, id, dna, now_ms, &worked) == HELD_IN_TIME &&
	       asked_ms <= worked + answer_ms + longest_deadline(dna);
}

enum answer_fault evidence_fault(const struct synapse *s, const struct chart *c, uint32_t vessel, uint32_t id)
{
	enum answer_fault fault = ANSWER_SOUND;

	for (uint32_t i = 0; i < SYNAPSE_SLOTS && !fault; i++) {
		uint64_t word = atomic_load_explicit(&s->slot[i].word, memory_order_acquire);
		struct chart_answer a;

		if (slot_drone(word) != id || (slot_state(word) != SLOT_DONE && slot_state(word) != SLOT_PIECE))
			continue;
		if (chart_look(c, vessel, i, word, &a))
			fault = answer_fault(&a.said, a.lines, a.seen);
	}
	return fault;
}

static bool look_malformed(const struct tissue *t, uint32_t slot, uint32_t id)
{
	for (uint32_t v = 0; v < t->plan->vessels; v++)
		if (evidence_fault(t->synapse[v], &t->charts[slot], v, id))
			return true;
	return false;
}

/* The question and its answer as they stood at one moment: a new question may be put meanwhile. */
static bool read_proof(const struct tissue *t, uint32_t slot, struct proof *p)
{
	const volatile struct proof *from = &t->proofs[slot];
	uint64_t asked = from->asked_ns, answered = from->answered_ns;

	/* The same question before and after, or parts of two were read. */
	atomic_thread_fence(memory_order_acquire);
	*p = *from;
	atomic_thread_fence(memory_order_acquire);
	return from->asked_ns == asked && p->asked_ns == asked && from->answered_ns == answered && p->answered_ns == answered;
}

static bool is_of_one_dna(const struct tissue *t, const struct cell *c)
{
	return c->dna == t->generation && t->organism->generation == t->generation;
}

/*
 * A drone may live by another DNA than who judges it, whose deadlines are not the drone's: then only the longest is too
 * long. Who lives by one that is in force no more judges nobody by it.
 */
static enum held look_held(const struct tissue *t, const struct cell *c, uint64_t *worked)
{
	uint64_t since;
	uint32_t route;

	if (is_of_one_dna(t, c))
		return evidence_held(&t->charts[c->slot], c->id, &t->germ->dna, clock_ms(), worked);
	*worked = 0;
	if (!chart_work(&t->charts[c->slot], c->id, &since, &route))
		return HELD_NOTHING;
	*worked = clock_ms() > since ? clock_ms() - since : 0;
	return t->organism->generation != t->generation || *worked < t->longest_ms ? HELD_IN_TIME : HELD_TOO_LONG;
}

static bool look_excused(const struct tissue *t, const struct cell *c, uint64_t asked_ms)
{
	uint64_t worked;

	if (c->class == CLASS_DRONE && is_of_one_dna(t, c))
		return evidence_excused(&t->charts[c->slot], c->id, &t->germ->dna, clock_ms(), asked_ms, t->rules->answer_ms);
	return c->class == CLASS_DRONE && look_held(t, c, &worked) == HELD_IN_TIME &&
	       asked_ms <= worked + t->rules->answer_ms + t->longest_ms;
}

bool evidence_look(const struct tissue *t, uint32_t target, uint32_t reason)
{
	uint32_t slot = cell_slot_of_id(target);
	uint64_t now = clock_boot_ns(), worked;
	struct cell c;
	struct proof p;
	struct pulse pulse;

	if (slot >= t->plan->slots)
		return false;
	c = t->cells[slot];
	pulse = t->pulses[slot];
	if (c.id != target || c.state != CELL_LIVING)
		return false;
	switch (reason) {
	case REASON_DEADLINE:
		return c.class == CLASS_DRONE && look_held(t, &c, &worked) == HELD_TOO_LONG;
	case REASON_MALFORMED:
		return c.class == CLASS_DRONE && look_malformed(t, slot, target);
	case REASON_SILENT:
		return read_proof(t, slot, &p) && evidence_overdue(&p, target, t->rules->answer_ms, now) &&
		       !look_excused(t, &c, (now - p.asked_ns) / 1000000);
	case REASON_PROOF:
		return t->key && read_proof(t, slot, &p) && evidence_wrong(&p, &c, t->key);
	case REASON_MEMORY:
		return evidence_fat(&pulse, target, t->rules->memory_pages);
	default:
		return false;
	}
}
