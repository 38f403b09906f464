/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blood's list of free slots: what drones write into the slots they share must not spoil it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "cells/blood.h"

/* A slot that nobody has looks answered to a client that is gone: blood frees what is free already. */
Test(slots, what_is_free_is_not_freed_again)
{
	struct artery *a = calloc(1, sizeof(*a));

	a->synapse = calloc(1, sizeof(*a->synapse));
	a->vessel = calloc(1, sizeof(*a->vessel));
	cr_assert(a->synapse && a->vessel);
	for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++)
		a->vessel->gift[i] = -1;
	slots_init(a);
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
	free(a->vessel);
	free(a->synapse);
	free(a);
}
