/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Charts: read by all through a mapping that never can write, written by one; half-written answers are not believed. */
#include "tissue/chart.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct chart *charts;
static struct chart *own;
static int file;

static void charts_open(void)
{
	file = chart_memfd(3);
	cr_assert_geq(file, 0);
	charts = chart_map(file, 3);
	own = chart_own(file, 1);
	cr_assert(charts && own);
	chart_begin(own, 0x701);
}

TestSuite(chart, .init = charts_open);

Test(chart, the_mapping_of_all_stays_read_only)
{
	void *all = (void *)(uintptr_t)charts;

	cr_expect(mprotect(all, 3 * sizeof(struct chart), PROT_READ | PROT_WRITE) && errno == EACCES);
	cr_expect(ftruncate(file, 4096) && errno == EPERM, "the file can be cut");
	cr_expect(ftruncate(file, 4 * sizeof(struct chart)) && errno == EPERM, "the file can grow");
}

Test(chart, work_is_that_of_who_says_so)
{
	uint64_t since;
	uint32_t route;

	cr_expect(!chart_work(&charts[1], 0x701, &since, &route), "work before any");
	chart_busy(own, 63, 1ULL << 40 | 5);
	cr_expect(chart_work(&charts[1], 0x701, &since, &route));
	cr_expect_eq(since, 1ULL << 40 | 5);
	cr_expect_eq(route, 63);
	cr_expect(!chart_work(&charts[1], 0x801, &since, &route), "a successor's");
	cr_expect(!chart_work(&charts[0], 0x701, &since, &route));
	chart_idle(own);
	cr_expect(!chart_work(&charts[1], 0x701, &since, &route));
	chart_busy(own, 1, 7);
	chart_begin(own, 0x801);
	cr_expect(!chart_work(&charts[1], 0x801, &since, &route), "work of the former tenant");
}

static const struct answer_said said = { .kind = ANSWER_PULL, .status = 200, .head_len = 600, .body_len = 9, .length = 900 };

Test(chart, an_answer_is_what_was_vouched_for)
{
	char lines[600];
	struct chart_answer a;

	memset(lines, 'x', sizeof(lines));
	chart_vouch(own, 2, 255, slot_word(77, 0x701, 0), &said, lines);
	cr_expect(chart_look(&charts[1], 2, 255, slot_word(77, 0x701, SLOT_DONE), &a));
	cr_expect(!memcmp(&a.said, &said, sizeof(said)));
	cr_expect_eq(a.seen, CHART_LINES);
	cr_expect(!memcmp(a.lines, lines, CHART_LINES));
	chart_vouch_piece(own, 2, 255, ANSWER_BREAK, 0);
	cr_expect(chart_look(&charts[1], 2, 255, slot_word(77, 0x701, SLOT_DONE), &a));
	cr_expect(a.said.kind == ANSWER_BREAK && !a.said.body_len && a.said.status == 200);
}

Test(chart, another_answer_is_not_it)
{
	struct answer_said short_one = said;
	struct chart_answer a;

	short_one.head_len = 2;
	chart_vouch(own, 0, 3, slot_word(77, 0x701, 0), &short_one, "\r\n");
	cr_expect(chart_look(&charts[1], 0, 3, slot_word(77, 0x701, SLOT_PIECE), &a));
	cr_expect(!chart_look(&charts[1], 0, 3, slot_word(78, 0x701, SLOT_PIECE), &a), "another ticket");
	cr_expect(!chart_look(&charts[1], 0, 3, slot_word(77, 0x801, SLOT_PIECE), &a), "another drone");
	cr_expect(!chart_look(&charts[1], 0, 4, slot_word(77, 0x701, SLOT_PIECE), &a), "another slot");
	cr_expect(!chart_look(&charts[1], 1, 3, slot_word(77, 0x701, SLOT_PIECE), &a), "another vessel");
	cr_expect(!chart_look(&charts[1], 1, 3, 0, &a), "no word at all");
	/* It is being written: nothing counts. */
	atomic_store(&own->answer[0][3].word, 0);
	cr_expect(!chart_look(&charts[1], 0, 3, slot_word(77, 0x701, SLOT_PIECE), &a));
}

/* What the writer says of its own lines is not believed beyond the room for them. */
Test(chart, a_lie_about_the_room)
{
	struct answer_said short_one = said;
	struct chart_answer a;

	short_one.head_len = 2;
	chart_vouch(own, 0, 3, slot_word(1, 0x701, 0), &short_one, "\r\n");
	own->answer[0][3].seen = UINT32_MAX;
	cr_expect(chart_look(&charts[1], 0, 3, slot_word(1, 0x701, SLOT_DONE), &a));
	cr_expect_eq(a.seen, CHART_LINES);
}
