/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blood's list of free slots: what drones write into the slots they share must not spoil it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "cells/blood.h"

static struct artery *begin(void)
{
	struct artery *a = calloc(1, sizeof(*a));

	cr_assert(a);
	a->synapse = calloc(1, sizeof(*a->synapse));
	a->vessel = calloc(1, sizeof(*a->vessel));
	cr_assert(a->synapse && a->vessel);
	for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++)
		a->vessel->gift[i] = -1;
	slots_init(a);
	return a;
}

static void end(struct artery *a)
{
	free(a->vessel);
	free(a->synapse);
	free(a);
}

/* A slot that nobody has looks answered to a client that is gone: blood frees what is free already. */
Test(slots, what_is_free_is_not_freed_again)
{
	struct artery *a = begin();

	cr_assert_eq(a->slots_left, SYNAPSE_SLOTS);
	for (uint32_t i = 0; i < 8; i++) {
		struct slot *s = &a->synapse->slot[i];

		atomic_store(&s->gone, 1);
		atomic_store(&s->word, slot_word(1, 0, SLOT_DONE));
		slot_look(a, i);
		cr_expect_eq(slot_state(atomic_load(&s->word)), SLOT_FREE);
	}
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS, "%u slots are free", a->slots_left);
	cr_expect_eq(a->ticket, 0, "what stands behind the list is written over");
	end(a);
}

/* A drone dies, or answers, and its slot names a connection that there is not. */
Test(slots, a_connection_that_is_none)
{
	struct artery *a = begin();
	struct slot *s = &a->synapse->slot[5];
	uint32_t drone = 7 << 8 | 3;

	s->conn = 0x7fffffff;
	atomic_store(&s->word, slot_word(1, drone, SLOT_TAKEN));
	blood_requeue(a, drone);
	cr_expect_eq(slot_drone(atomic_load(&s->word)), drone);
	atomic_store(&s->word, slot_word(1, drone, SLOT_DONE));
	slot_look(a, 5);
	cr_expect_eq(slot_state(atomic_load(&s->word)), SLOT_DONE);
	end(a);
}
