/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Moving slots through the synapse: queue, take, answer, and the doorbells. */
#include "tissue/synapse.h"

#include <unistd.h>

_Static_assert((__builtin_offsetof(struct synapse, data)) % 4096 == 0, "slot data begins on a page");

void synapse_enlist(struct synapse *s, uint32_t slot)
{
	uint32_t tail = atomic_load_explicit(&s->tail, memory_order_relaxed);

	/* Who sees this entry sees as well how far tail had come: synapse_take tells from that what is written over. */
	atomic_store_explicit(&s->order[tail % SYNAPSE_ORDER], slot, memory_order_release);
	atomic_store_explicit(&s->tail, tail + 1, memory_order_release);
}

void synapse_queue(struct synapse *s, uint32_t slot, uint32_t ticket)
{
	atomic_store_explicit(&s->slot[slot].word, slot_word(ticket, 0, SLOT_QUEUED), memory_order_release);
	synapse_enlist(s, slot);
}

enum claim {
	CLAIM_LOST, /* it does not wait */
	CLAIM_MINE,
	CLAIM_BEYOND, /* it waits, for somebody of a newer DNA */
};

/* The generation belongs to the ticket: were it another request's by now, the word would not be the same. */
static enum claim synapse_claim(struct synapse *s, uint32_t slot, uint32_t id, uint32_t newest)
{
	uint64_t word = atomic_load_explicit(&s->slot[slot].word, memory_order_acquire);

	if (slot_state(word) != SLOT_QUEUED)
		return CLAIM_LOST;
	if (*(const volatile uint32_t *)&s->slot[slot].generation > newest)
		return CLAIM_BEYOND;
	return atomic_compare_exchange_strong_explicit(&s->slot[slot].word, &word,
		       slot_word(slot_ticket(word), id, SLOT_TAKEN), memory_order_acq_rel, memory_order_relaxed) ?
		       CLAIM_MINE :
		       CLAIM_LOST;
}

/*
 * More was queued than order holds, most of it taken back since: any slot that waits is taken. When none does, whatever
 * was queued before tail is over.
 */
static int synapse_take_any(struct synapse *s, uint32_t id, uint32_t newest)
{
	uint32_t head = atomic_load_explicit(&s->head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&s->tail, memory_order_acquire);
	bool beyond = false;

	for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++) {
		uint32_t slot = (tail + i) % SYNAPSE_SLOTS;
		enum claim claim = synapse_claim(s, slot, id, newest);

		if (claim == CLAIM_MINE)
			return (int)slot;
		beyond |= claim == CLAIM_BEYOND;
	}
	if (!beyond)
		atomic_compare_exchange_strong(&s->head, &head, tail);
	return -1;
}

int synapse_take(struct synapse *s, uint32_t id, uint32_t newest)
{
	uint32_t at = atomic_load_explicit(&s->head, memory_order_acquire);

	for (; at != atomic_load_explicit(&s->tail, memory_order_acquire); at++) {
		uint32_t slot = atomic_load_explicit(&s->order[at % SYNAPSE_ORDER], memory_order_acquire) % SYNAPSE_SLOTS;
		uint32_t seen = at;
		enum claim claim;

		/* Looked at behind the entry, which may have been written over while it was read. */
		if (atomic_load_explicit(&s->tail, memory_order_acquire) - at >= SYNAPSE_ORDER)
			return synapse_take_any(s, id, newest);
		claim = synapse_claim(s, slot, id, newest);
		if (claim == CLAIM_BEYOND)
			return -1;
		atomic_compare_exchange_strong(&s->head, &seen, at + 1);
		if (claim == CLAIM_MINE)
			return (int)slot;
	}
	return -1;
}

bool synapse_waiting(struct synapse *s)
{
	return atomic_load_explicit(&s->head, memory_order_seq_cst) != atomic_load_explicit(&s->tail, memory_order_seq_cst);
}

bool synapse_answer(struct synapse *s, uint32_t slot, uint32_t id, uint32_t from, uint32_t to)
{
	uint64_t word = atomic_load_explicit(&s->slot[slot].word, memory_order_relaxed);

	if (slot_drone(word) != id || slot_state(word) != from)
		return false;
	if (!atomic_compare_exchange_strong_explicit(&s->slot[slot].word, &word, slot_word(slot_ticket(word), id, to),
		    memory_order_acq_rel, memory_order_relaxed))
		return false;
	atomic_fetch_or_explicit(&s->done[slot / 64], 1ULL << (slot % 64), memory_order_seq_cst);
	return true;
}

void bell_ring(_Atomic uint32_t *asleep, int fd)
{
	uint32_t one = 1;
	uint64_t ring = 1;

	if (atomic_load_explicit(asleep, memory_order_seq_cst) && atomic_compare_exchange_strong(asleep, &one, 0))
		(void)!write(fd, &ring, sizeof(ring));
}

void bell_quiet(int fd)
{
	uint64_t rung;

	(void)!read(fd, &rung, sizeof(rung));
}
