/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is borne out against a drone is its own word; what slots say only tells where to look. */
#include "cells/evidence.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

#define ME    0x701u
#define OTHER 0x502u
#define NOW   1000000u
#define ANSWER_MS 300u

static struct dna dna;
static struct chart *chart;
static struct synapse *synapse;

static void *fresh(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	cr_assert_neq(p, MAP_FAILED);
	return p;
}

static void evidence_open(void)
{
	dna.route_count = 2;
	dna.route[0].deadline_ms = 700;
	dna.route[1].deadline_ms = 5000;
	chart = fresh(sizeof(*chart));
	synapse = fresh(SYNAPSE_BYTES);
	chart_begin(chart, ME);
}

TestSuite(evidence, .init = evidence_open);

static enum held held(uint32_t route, uint64_t since)
{
	uint64_t worked;

	chart_busy(chart, route, since);
	return evidence_held(chart, ME, &dna, NOW, &worked);
}

Test(evidence, a_deadline_is_that_of_the_route)
{
	uint64_t worked;

	cr_expect_eq(held(0, NOW), HELD_IN_TIME);
	cr_expect_eq(held(0, NOW - 699), HELD_IN_TIME);
	cr_expect_eq(held(0, NOW - 700), HELD_TOO_LONG);
	cr_expect_eq(held(1, NOW - 700), HELD_IN_TIME);
	cr_expect_eq(held(1, NOW - 5000), HELD_TOO_LONG);
	cr_expect_eq(evidence_held(chart, ME, &dna, NOW, &worked), HELD_TOO_LONG);
	cr_expect_eq(worked, 5000);
	cr_expect_eq(evidence_held(chart, OTHER, &dna, NOW, &worked), HELD_NOTHING, "another drone's chart");
	chart_idle(chart);
	cr_expect_eq(evidence_held(chart, ME, &dna, NOW, &worked), HELD_NOTHING);
}

Test(evidence, what_cannot_be_is_nothing)
{
	cr_expect_eq(held(2, NOW - 1), HELD_NOTHING, "there is no such route");
	cr_expect_eq(held(0, NOW + 1000), HELD_NOTHING, "work from the future");
	cr_expect_eq(held(0, NOW + 4), HELD_IN_TIME, "the clock has stepped between two looks");
}

static bool excused(uint32_t route, uint64_t since, uint64_t asked_ms)
{
	chart_busy(chart, route, since);
	return evidence_excused(chart, ME, &dna, NOW, asked_ms, ANSWER_MS);
}

Test(evidence, silence_is_lawful_while_it_works_in_time)
{
	cr_expect(excused(0, NOW - 500, 400));
	cr_expect(!excused(0, NOW - 700, 400), "past its deadline");
	chart_idle(chart);
	cr_expect(!evidence_excused(chart, ME, &dna, NOW, 400, ANSWER_MS), "idle");
	cr_expect(!evidence_excused(chart, OTHER, &dna, NOW, 400, ANSWER_MS));
}

/* One that always says that it has just begun gains the longest deadline, and no more. */
Test(evidence, a_lie_is_worth_the_longest_deadline)
{
	cr_expect(excused(1, NOW, ANSWER_MS + 5000));
	cr_expect(!excused(1, NOW, ANSWER_MS + 5001));
}

static const char good[] = "X-Y: z\r\n\r\n", bad[] = "X Y: z\r\n\r\n";

static void answer(uint32_t slot, uint32_t id, uint32_t ticket, const char *lines)
{
	struct answer_said w = { .kind = ANSWER_BYTES, .status = 200, .head_len = (uint32_t)strlen(lines) };

	chart_vouch(chart, 0, slot, slot_word(ticket, id, 0), &w, lines);
}

static void claim(uint32_t slot, uint32_t id, uint32_t ticket, uint32_t state)
{
	atomic_store(&synapse->slot[slot].word, slot_word(ticket, id, state));
}

Test(evidence, a_malformed_answer_counts_by_its_own_word)
{
	answer(9, ME, 4, bad);
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_SOUND, "no slot shows it");
	claim(9, ME, 4, SLOT_DONE);
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_FAULT_LINES);
	claim(9, ME, 4, SLOT_PIECE);
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_FAULT_LINES);
	claim(9, ME, 4, SLOT_TAKEN);
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_SOUND, "not answered yet");
	claim(9, ME, 5, SLOT_DONE);
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_SOUND, "of another request");
}

/* Whatever stands in slots under its name: a drone that vouches for nothing malformed is not convicted. */
Test(evidence, slots_alone_convict_nobody)
{
	for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++) {
		claim(i, ME, 4, SLOT_DONE);
		synapse->slot[i].kind = 99;
		synapse->slot[i].taken_ms = 1;
	}
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_SOUND);
	answer(9, ME, 4, good);
	answer(10, OTHER, 4, bad);
	cr_expect_eq(evidence_fault(synapse, chart, 0, ME), ANSWER_SOUND);
}
