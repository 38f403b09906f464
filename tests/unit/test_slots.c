/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blood's list of free slots: what drones write into the slots they share must not spoil it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "cells/blood.h"

#define CONNECTIONS 4

#define DRONE	    (7u << 8 | 3)

static struct artery *begin(void)
{
	struct cell *cells = calloc(CELL_SLOTS_MAX, sizeof(*cells));
	struct plan *plan;
	struct artery *a = calloc(1, sizeof(*a));

	cr_assert(a);
	a->synapse = calloc(1, sizeof(*a->synapse));
	a->vessel = calloc(1, vessel_bytes(CONNECTIONS));
	a->t = calloc(1, sizeof(*a->t));
	cr_assert(a->synapse && a->vessel && a->t);
	vessel_init(a->vessel, CONNECTIONS);
	a->vessel->high = 1;
	a->t->germ = calloc(1, sizeof(*a->t->germ));
	plan = calloc(1, sizeof(*plan));
	cr_assert(a->t->germ && plan && cells);
	a->t->plan = plan;
	cells[cell_slot_of_id(DRONE)] = (struct cell){ .id = DRONE, .state = CELL_LIVING, .class = CLASS_DRONE };
	a->t->cells = cells;
	slots_init(a);
	return a;
}

static void end(struct artery *a)
{
	free((void *)a->t->cells);
	free((void *)a->t->plan);
	free((void *)a->t->germ);
	free(a->t);
	free(a->vessel);
	free(a->synapse);
	free(a);
}

/* A connection whose request was put into slot 0, the first that is given out, and has waited for a drone since. */
static struct slot *ask(struct artery *a)
{
	*conn_at(a, 0) = (struct conn){ .phase = CONN_ASKED, .slot = 0, .file = -1, .method = HTTP_POST };
	cr_assert_eq(a->slot_free[--a->slots_left], 0);
	a->slot_idle[0] &= ~1ULL;
	a->vessel->asked[0] = (struct asked){ .word = slot_word(9, 0, SLOT_QUEUED), .asker = 0 };
	synapse_queue(a->synapse, 0, 9);
	return &a->synapse->slot[0];
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
		slot_release(a, i);
		cr_expect_eq(slot_state(atomic_load(&s->word)), SLOT_FREE);
	}
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS, "%u slots are free", a->slots_left);
	cr_expect_eq(a->ticket, 0, "what stands behind the list is written over");
	end(a);
}

/* A drone dies, or answers, and says so of slots that nobody has asked it. */
Test(slots, an_answer_that_nobody_asked_for)
{
	struct artery *a = begin();
	struct slot *s = &a->synapse->slot[5];

	atomic_store(&s->word, slot_word(1, DRONE, SLOT_TAKEN));
	blood_requeue(a, DRONE);
	cr_expect_eq(slot_drone(atomic_load(&s->word)), DRONE);
	atomic_store(&s->word, slot_word(1, DRONE, SLOT_DONE));
	slot_look(a, 5);
	cr_expect_eq(slot_state(atomic_load(&s->word)), SLOT_DONE);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS);
	end(a);
}

/* What drones say of the client, and of the ticket, changes nothing of the connection. */
Test(slots, what_is_asked_stays_asked)
{
	const uint64_t words[] = { slot_word(8, DRONE, SLOT_DONE), slot_word(9, 0, SLOT_DONE), slot_word(9, DRONE, SLOT_TAKEN) };
	struct artery *a = begin();
	struct slot *s = ask(a);

	memset((char *)s + sizeof(s->word), 0xff, sizeof(*s) - sizeof(s->word));
	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		atomic_store(&s->word, words[i]);
		slot_look(a, 0);
	}
	cr_expect_eq(conn_at(a, 0)->slot, 0);
	cr_expect_eq(conn_at(a, 0)->phase, CONN_ASKED);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS - 1);
	end(a);
}

/* Its client goes: whatever a drone has made of the word, the slot is used again, under a ticket of blood's own. */
Test(slots, a_spoiled_slot_comes_back)
{
	const uint64_t words[] = {
		0, UINT64_MAX, slot_word(9, 0, SLOT_FREE), slot_word(7, DRONE, SLOT_TAKEN), slot_word(9, 0, SLOT_TAKEN),
		slot_word(9, DRONE, SLOT_MORE), slot_word(9, DRONE, SLOT_FED), slot_word(8, DRONE, SLOT_DONE),
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct artery *a = begin();

		atomic_store(&ask(a)->word, words[i]);
		slot_abandon(a, 0);
		cr_expect_eq(a->slots_left, SYNAPSE_SLOTS, "lost with word %lx", words[i]);
		cr_expect_eq(atomic_load(&a->synapse->slot[0].word), slot_word(10, 0, SLOT_FREE));
		end(a);
	}
}

/* Taken when its client went, and spoiled then: the next audit finds it. */
Test(slots, a_spoiled_orphan_comes_back)
{
	struct artery *a = begin();
	struct slot *s = ask(a);

	atomic_store(&s->word, slot_word(9, DRONE, SLOT_TAKEN));
	slot_abandon(a, 0);
	cr_expect_eq(atomic_load(&s->gone), 1);
	atomic_store(&s->gone, 0);
	asked_audit(a);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS - 1, "a drone is at work on it");
	atomic_store(&s->word, slot_word(3, DRONE, SLOT_TAKEN));
	asked_audit(a);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS);
	end(a);
}

/* Nobody asked, and drones would work for nobody. */
Test(slots, what_is_free_stays_free)
{
	struct artery *a = begin();

	cr_expect(!asked_audit_wanted(a), "an idle cell would wake up for nothing");
	ask(a);
	atomic_store(&a->synapse->slot[200].word, slot_word(1, 0, SLOT_QUEUED));
	asked_audit(a);
	cr_expect_eq(atomic_load(&a->synapse->slot[200].word), 0);
	slot_abandon(a, 0);
	cr_expect(asked_audit_wanted(a), "more may come to light");
	end(a);
}

/* Named as taken by a drone that there is not. */
Test(slots, an_orphan_of_nobody_comes_back)
{
	struct artery *a = begin();
	struct slot *s = ask(a);

	atomic_store(&s->word, slot_word(9, DRONE, SLOT_TAKEN));
	slot_abandon(a, 0);
	atomic_store(&s->word, slot_word(9, DRONE + 1, SLOT_TAKEN));
	asked_audit(a);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS);
	end(a);
}

/* What is kept for voters stays until its time is over, and comes back then, whatever its drone makes of the word. */
Test(slots, an_exhibit_comes_back)
{
	struct artery *a = begin();
	struct slot *s = ask(a);
	uint64_t word = slot_word(9, DRONE, SLOT_DONE);

	a->vessel->asked[0].word = word;
	a->exhibit_next = 1;
	slot_abandon(a, 0);
	cr_assert_eq(a->exhibits, 1);
	atomic_store(&s->word, slot_word(1234, DRONE, SLOT_TAKEN));
	asked_audit(a);
	cr_expect_eq(atomic_load(&s->word), word, "voters cannot see it");
	slot_look(a, 0);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS - 1);
	atomic_store(&s->word, slot_word(1234, DRONE, SLOT_TAKEN));
	a->now_ms = a->exhibit[0].until;
	exhibits_sweep(a);
	cr_expect_eq(a->slots_left, SYNAPSE_SLOTS);
	end(a);
}

Test(slots, a_queue_that_was_wiped_out)
{
	struct artery *a = begin();

	ask(a);
	atomic_store(&a->synapse->head, 77);
	atomic_store(&a->synapse->tail, 77);
	cr_assert_eq(synapse_take(a->synapse, DRONE, 1), -1);
	asked_audit(a);
	cr_expect_eq(synapse_take(a->synapse, DRONE, 1), 0);
	end(a);
}

Test(slots, words_that_can_follow)
{
	uint64_t queued = slot_word(9, 0, SLOT_QUEUED), more = slot_word(9, DRONE, SLOT_MORE), fed = slot_word(9, DRONE, SLOT_FED);

	for (uint32_t state = SLOT_FREE; state <= SLOT_DONE; state++) {
		bool answered = state == SLOT_HUNGRY || state == SLOT_PIECE || state == SLOT_DONE;

		cr_expect_eq(asked_follows(queued, slot_word(9, DRONE, state)), answered || state == SLOT_TAKEN, "queued, then %u", state);
		cr_expect_eq(asked_follows(more, slot_word(9, DRONE, state)), answered || state == SLOT_MORE, "more, then %u", state);
		cr_expect_eq(asked_follows(fed, slot_word(9, DRONE, state)), answered || state == SLOT_FED, "fed, then %u", state);
		cr_expect(!asked_follows(queued, slot_word(8, DRONE, state)));
		cr_expect(!asked_follows(more, slot_word(9, DRONE + 1, state)));
		cr_expect_eq(asked_follows(queued, slot_word(9, 0, state)), state == SLOT_QUEUED);
	}
}
