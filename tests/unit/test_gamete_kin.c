/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom a host calls: its mother, without her the grandmother or a sister, and no ring comes about; how many the family are. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "cells/gamete_kin.h"

#define SELF   50u
#define LOST_S 100000u

static struct host row[HOSTS_MAX];
static struct calling calling[HOSTS_MAX];
static struct kin k;

/* Row 0 the mother, lost at LOST_S; 1 the grandmother, if there is one. */
static void begin(void)
{
	memset(row, 0, sizeof(row));
	memset(calling, 0, sizeof(calling));
	k = (struct kin){ .self = SELF, .now_ms = LOST_S, .row = row, .calling = calling };
	row[0] = (struct host){ .id = 1000, .relation = RELATION_MOTHER, .state = HOST_LINKED, .address = "192.0.2.1:1" };
	kin_lost(&k, 0, true, 7);
}

TestSuite(gamete_kin, .init = begin, .timeout = 20);

static void add(int at, uint64_t id, uint32_t relation)
{
	row[at] = (struct host){ .id = id, .relation = relation, .state = HOST_KNOWN };
	snprintf(row[at].address, HOST_ADDRESS, "192.0.2.%d:1", at + 1);
}

static int foster_after(uint32_t ms)
{
	k.now_ms = LOST_S + ms;
	return kin_call_foster(&k);
}

Test(gamete_kin, a_lost_mother_is_called_at_once_and_then_less_and_less)
{
	uint64_t before = 0;

	cr_expect_eq(kin_call_mother(&k), -1);
	cr_expect(kin_next_ms(&k) > LOST_S && kin_next_ms(&k) <= LOST_S + 20);
	for (int i = 0; i < 12; i++) {
		k.now_ms = calling[0].at_ms;
		cr_expect_eq(kin_call_mother(&k), 0);
		kin_lost(&k, 0, false, UINT32_MAX);
		cr_expect(calling[0].at_ms > k.now_ms && calling[0].at_ms - k.now_ms <= 5000);
		before = calling[0].at_ms - k.now_ms;
	}
	cr_expect_geq(before, 2500, "twelve calls, and after %u ms again", (unsigned)before);
}

Test(gamete_kin, the_grandmother_comes_before_sisters)
{
	add(1, 900, RELATION_GRANDMOTHER);
	add(2, 10, RELATION_SISTER);
	cr_expect_eq(foster_after(KIN_ORPHAN_MS - 1), -1);
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), 1);
	kin_lost(&k, 1, false, 0);
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), 2, "she does not answer");
	k.link[2] = KIN_CALLED;
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), -1, "one is enough");
	cr_expect_eq(kin_foster(&k), 2);
}

Test(gamete_kin, of_sisters_the_lowest_is_called_and_waits_itself)
{
	add(1, 70, RELATION_SISTER);
	add(2, 40, RELATION_SISTER);
	add(3, 30, RELATION_SISTER);
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), 3);
	k.self = 20;
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), -1);
	/* Nobody has come: the others have their mother. */
	k.link[0] = KIN_CALLED;
	cr_expect_eq(kin_next_ms(&k), LOST_S + KIN_ANY_MS, "it would sleep on");
	cr_expect_eq(foster_after(KIN_ANY_MS - 1), -1);
	cr_expect_eq(foster_after(KIN_ANY_MS), 3);
	k.link[1] = KIN_CALLS;
	cr_expect_eq(foster_after(KIN_ANY_MS), -1, "one has called: she is with them");
}

Test(gamete_kin, whom_a_lower_one_has_called_stays)
{
	add(1, 40, RELATION_SISTER);
	add(2, 30, RELATION_SISTER);
	k.link[1] = KIN_CALLS;
	cr_expect_eq(foster_after(KIN_ANY_MS), -1, "a ring: 50 calls 30, which may have called 40");
	k.link[1] = KIN_FREE;
	cr_expect_eq(foster_after(KIN_ANY_MS), 2);
}

Test(gamete_kin, who_came_back_as_another_is_no_sister_of_itself)
{
	struct record_kin kin[HOSTS_MAX];

	add(1, 40, RELATION_DAUGHTER);
	add(2, 41, RELATION_DAUGHTER);
	row[1].state = HOST_LOST;
	row[2].state = HOST_LINKED;
	cr_expect_eq(kin_tell(&k, 41, kin), 2, "a mother, a sister");
	memcpy(row[1].address, row[2].address, HOST_ADDRESS);
	cr_expect_eq(kin_tell(&k, 41, kin), 1);
	cr_expect_eq(kin[0].relation, RELATION_GRANDMOTHER);
}

Test(gamete_kin, what_the_mother_says_replaces_what_she_said)
{
	const struct record_kin kin[] = { { .id = 5, .relation = RELATION_SISTER, .address = "192.0.2.9:1" },
		{ .id = SELF, .relation = RELATION_SISTER, .address = "192.0.2.10:1" },
		{ .id = 6, .relation = RELATION_DAUGHTER, .address = "192.0.2.11:1" } };

	add(1, 900, RELATION_GRANDMOTHER);
	add(2, 30, RELATION_SISTER);
	k.link[2] = KIN_CALLED;
	cr_expect_eq(kin_hear(&k, kin, 3), 1u << 1);
	cr_expect(row[1].id == 5 && row[2].id == 30 && !row[3].relation, "who is linked stays; oneself and a daughter are not believed");
}

Test(gamete_kin, half_of_a_family_or_less_is_a_minority)
{
	struct kin_count c = { 0 };

	kin_count(&c, 9, 1000);
	cr_expect_eq(c.family, 0);
	kin_count(&c, 9, 1000 + KIN_STEADY_MS);
	cr_expect(c.family == 9 && !c.minority);
	kin_count(&c, 5, 7000);
	cr_expect(c.family == 9 && !c.minority);
	kin_count(&c, 4, 7000);
	cr_expect(c.family == 9 && c.minority);
	kin_count(&c, 4, 1000 + KIN_STEADY_MS + KIN_FAMILY_MS + 1);
	cr_expect(c.family == 4 && !c.minority, "who was away for so long is counted still");
}

Test(gamete_kin, who_is_counted_twice_for_a_moment_is_not_believed)
{
	struct kin_count c = { .family = 9, .family_ms = 1000 };

	for (uint64_t at = 2000; at < 2000 + KIN_STEADY_MS; at += 500)
		kin_count(&c, 18, at);
	kin_count(&c, 9, 2000 + KIN_STEADY_MS);
	cr_expect(c.family == 9 && !c.minority);
	kin_count(&c, 18, 9000);
	kin_count(&c, 11, 10000);
	kin_count(&c, 18, 9000 + KIN_STEADY_MS);
	cr_expect_eq(c.family, 11, "the least of the time");
}

Test(gamete_kin, a_family_that_comes_together_is_known_as_soon_as_each_was_there_long_enough)
{
	struct kin_count c = { 0 };

	kin_count(&c, 2, 1000);
	kin_count(&c, 3, 2000);
	kin_count(&c, 3, 1000 + KIN_STEADY_MS);
	cr_expect_eq(c.family, 2);
	kin_count(&c, 3, 2000 + KIN_STEADY_MS);
	cr_expect_eq(c.family, 3);
	/* The third was away for a moment: its time begins anew. */
	c = (struct kin_count){ 0 };
	kin_count(&c, 2, 1000);
	kin_count(&c, 3, 2000);
	kin_count(&c, 2, 3000);
	kin_count(&c, 3, 4000);
	kin_count(&c, 3, 2000 + KIN_STEADY_MS);
	cr_expect_eq(c.family, 2);
	kin_count(&c, 3, 4000 + KIN_STEADY_MS);
	cr_expect_eq(c.family, 3);
}

Test(gamete_kin, who_is_expelled_keeps_no_place_of_a_relative)
{
	add(1, 900, RELATION_GRANDMOTHER);
	add(2, 30, RELATION_SISTER);
	row[2].state = HOST_LINKED;
	cr_expect_eq(kin_expel(&k, 30, 77), 2);
	cr_expect(row[2].relation == RELATION_EXPELLED && row[2].state == HOST_KNOWN && row[2].heard_ns == 77);
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), 1);
	kin_lost(&k, 1, false, 0);
	cr_expect_eq(foster_after(KIN_ORPHAN_MS), -1, "it is called still");
	/* Nobody here knew it. */
	cr_expect_eq(kin_expel(&k, 31, 78), 3);
	cr_expect(row[3].id == 31 && row[3].relation == RELATION_EXPELLED && !strcmp(row[3].address, "-"));
}

Test(gamete_kin, the_expelled_longest_ago_makes_room)
{
	for (unsigned i = 0; i < HOSTS_EXPELLED; i++)
		cr_expect_eq(kin_expel(&k, 100 + i, 1000 + i), (int)i + 1);
	row[4].heard_ns = 5;
	cr_expect_eq(kin_expel(&k, 500, 2000), 4);
	cr_expect(row[4].id == 500 && row[0].relation == RELATION_MOTHER);
	/* And whose row is needed for somebody who lives: not theirs. */
	for (unsigned i = HOSTS_EXPELLED + 1; i < HOSTS_MAX; i++) {
		add((int)i, 600 + i, RELATION_SISTER);
		k.link[i] = KIN_CALLS;
	}
	cr_expect_eq(kin_room(&k), -1, "an expelled host's is not free");
	/* When all are taken by who is linked, there is none for one more. */
	for (unsigned i = 1; i <= HOSTS_EXPELLED; i++)
		if (i != 4) {
			row[i].relation = RELATION_DAUGHTER;
			k.link[i] = KIN_CALLS;
		}
	cr_expect_eq(kin_expel(&k, 501, 3000), -1);
}

Test(gamete_kin, who_is_expelled_does_not_come_back_by_its_address)
{
	const struct record_hello hello = { .id = 31, .port = 1, .relation = RELATION_MOTHER };

	add(1, 30, RELATION_DAUGHTER);
	kin_expel(&k, 30, 1);
	cr_expect_eq(kin_find(&k, &hello, row[1].address), 2, "another host at that address has a row of its own");
	cr_expect(row[1].relation == RELATION_EXPELLED && row[2].relation == RELATION_DAUGHTER);
}

Test(gamete_kin, without_a_mother_for_good_the_grandmother_is_next)
{
	add(1, 10, RELATION_SISTER);
	add(2, 900, RELATION_GRANDMOTHER);
	kin_expel(&k, 1000, 1);
	cr_expect_eq(kin_mother(&k), -1);
	k.now_ms = LOST_S + 5;
	cr_expect_eq(kin_choose_mother(&k), 2);
	cr_expect(kin_mother(&k) == 2 && kin_call_mother(&k) == 2, "she is called at once");
	cr_expect_eq(kin_next_ms(&k), k.now_ms);
}

Test(gamete_kin, else_the_lowest_sister_is_everybody_s_mother)
{
	add(1, 40, RELATION_SISTER);
	add(2, 30, RELATION_SISTER);
	add(3, 20, RELATION_DAUGHTER);
	kin_expel(&k, 1000, 1);
	cr_expect_eq(kin_choose_mother(&k), 2);
	/* The lowest waits: it has no mother any more, and those who come are its daughters. */
	begin();
	add(1, 60, RELATION_SISTER);
	kin_expel(&k, 1000, 1);
	cr_expect_eq(kin_choose_mother(&k), -1);
	cr_expect(kin_mother(&k) == -1 && kin_next_ms(&k) == UINT64_MAX);
	cr_expect_eq(kin_find(&k, &(struct record_hello){ .id = 60, .port = 1, .relation = RELATION_MOTHER }, row[1].address), 1);
	cr_expect_eq(row[1].relation, RELATION_DAUGHTER);
}
