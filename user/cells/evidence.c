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

enum held evidence_held(const struct synapse *s, uint32_t id, const struct dna *dna, uint64_t now_ms)
{
	enum held held = HELD_NOTHING;

	for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++) {
		const struct slot *slot = &s->slot[i];
		uint64_t word = atomic_load_explicit(&slot->word, memory_order_acquire);

		if (slot_state(word) != SLOT_TAKEN || slot_drone(word) != id)
			continue;
		if (slot_worked_ms(slot, now_ms) >= dna->route[slot->route % DNA_ROUTES_MAX].deadline_ms)
			return HELD_TOO_LONG;
		held = HELD_IN_TIME;
	}
	return held;
}

static enum held look_held(const struct tissue *t, uint32_t id)
{
	enum held most = HELD_NOTHING;

	for (uint32_t v = 0; v < t->plan->vessels; v++) {
		enum held held = evidence_held(t->synapse[v], id, &t->germ->dna, clock_ms());

		most = held > most ? held : most;
	}
	return most;
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

bool evidence_look(const struct tissue *t, uint32_t target, uint32_t reason)
{
	uint32_t slot = cell_slot_of_id(target);
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
		return c.class == CLASS_DRONE && look_held(t, target) == HELD_TOO_LONG;
	case REASON_SILENT:
		/* A drone answers between requests; while one is in time, so is its silence. */
		return read_proof(t, slot, &p) && evidence_overdue(&p, target, t->rules->answer_ms, clock_boot_ns()) &&
		       (c.class != CLASS_DRONE || look_held(t, target) != HELD_IN_TIME);
	case REASON_PROOF:
		return t->key && read_proof(t, slot, &p) && evidence_wrong(&p, &c, t->key);
	case REASON_MEMORY:
		return evidence_fat(&pulse, target, t->rules->memory_pages);
	default:
		return false;
	}
}
