/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Slots move through the synapse in order, to one drone each, and bells ring only for sleepers. */
#include "tissue/synapse.h"

#include <criterion/criterion.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static struct synapse *synapse_fresh(void)
{
	void *p = mmap(NULL, SYNAPSE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	cr_assert_neq(p, MAP_FAILED);
	return p;
}

static uint32_t state_of(struct synapse *s, uint32_t slot)
{
	return slot_state(atomic_load(&s->slot[slot].word));
}

Test(synapse, a_word_keeps_ticket_drone_and_state)
{
	uint64_t w = slot_word(0x1abcdef, 0xfedcba98, SLOT_PIECE);

	cr_assert_eq(slot_ticket(w), 0xabcdef);
	cr_assert_eq(slot_drone(w), 0xfedcba98);
	cr_assert_eq(slot_state(w), SLOT_PIECE);
}

Test(synapse, slots_are_taken_in_the_order_they_were_queued)
{
	struct synapse *s = synapse_fresh();

	synapse_queue(s, 9, 1);
	synapse_queue(s, 3, 1);
	synapse_queue(s, 200, 1);
	cr_assert_eq(synapse_take(s, 77, 1), 9);
	cr_assert_eq(synapse_take(s, 78, 1), 3);
	cr_assert_eq(synapse_take(s, 77, 1), 200);
	cr_assert_eq(synapse_take(s, 77, 1), -1);
	cr_assert_eq(slot_drone(atomic_load(&s->slot[3].word)), 78);
	cr_assert(!synapse_waiting(s));
}

Test(synapse, an_answer_counts_only_from_the_drone_that_has_the_slot)
{
	struct synapse *s = synapse_fresh();

	synapse_queue(s, 5, 1);
	cr_assert_eq(synapse_take(s, 77, 1), 5);
	cr_assert(!synapse_answer(s, 5, 78, SLOT_TAKEN, SLOT_DONE));
	cr_assert(!synapse_answer(s, 5, 77, SLOT_MORE, SLOT_DONE));
	cr_assert_eq(state_of(s, 5), SLOT_TAKEN);
	cr_assert(synapse_answer(s, 5, 77, SLOT_TAKEN, SLOT_DONE));
	cr_assert_eq(state_of(s, 5), SLOT_DONE);
	cr_assert_eq(atomic_load(&s->done[0]), 1u << 5);
}

Test(synapse, a_slot_taken_back_is_passed_over)
{
	struct synapse *s = synapse_fresh();

	synapse_queue(s, 1, 1);
	synapse_queue(s, 2, 1);
	atomic_store(&s->slot[1].word, slot_word(1, 0, SLOT_FREE));
	cr_assert_eq(synapse_take(s, 77, 1), 2);
}

Test(synapse, the_order_goes_round)
{
	struct synapse *s = synapse_fresh();

	for (uint32_t i = 0; i < 5 * SYNAPSE_ORDER; i++) {
		synapse_queue(s, i % SYNAPSE_SLOTS, 1);
		cr_assert_eq(synapse_take(s, 77, 1), (int)(i % SYNAPSE_SLOTS));
		synapse_answer(s, i % SYNAPSE_SLOTS, 77, SLOT_TAKEN, SLOT_DONE);
	}
}

static void come_and_go(struct synapse *s, uint32_t slot, uint32_t times)
{
	while (times--) {
		synapse_queue(s, slot, 1);
		atomic_store(&s->slot[slot].word, slot_word(times, 0, SLOT_FREE));
	}
}

/* Whatever the number of clients that came and went behind it, what still waits is found. */
Test(synapse, an_order_written_over_forgets_nobody)
{
	static const uint32_t crowds[] = { SYNAPSE_ORDER - 2, SYNAPSE_ORDER - 1, SYNAPSE_ORDER, SYNAPSE_ORDER + 1, 3 * SYNAPSE_ORDER };

	for (unsigned i = 0; i < sizeof(crowds) / sizeof(*crowds); i++) {
		struct synapse *s = synapse_fresh();

		synapse_queue(s, 5, 1);
		come_and_go(s, 6, crowds[i]);
		synapse_queue(s, 7, 1);
		cr_assert_eq(synapse_take(s, 77, 1) + synapse_take(s, 77, 1), 5 + 7, "a crowd of %u", crowds[i]);
		cr_assert_eq(synapse_take(s, 77, 1), -1);
		cr_assert(!synapse_waiting(s));
	}
}

Test(synapse, a_bell_rings_once_and_only_for_a_sleeper)
{
	_Atomic uint32_t asleep = 0;
	int fd = eventfd(0, EFD_NONBLOCK);
	uint64_t rung = 0;

	bell_ring(&asleep, fd);
	cr_assert_eq(read(fd, &rung, sizeof(rung)), -1);
	atomic_store(&asleep, 1);
	bell_ring(&asleep, fd);
	bell_ring(&asleep, fd);
	cr_assert_eq(read(fd, &rung, sizeof(rung)), 8);
	cr_assert_eq(rung, 1);
	close(fd);
}
