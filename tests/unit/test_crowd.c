/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections by source: the table against plain counting, while sources come and go. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "immune/crowd.h"

#define SOURCES 300u
#define ROOM	1000u

Test(unit_crowd, against_plain_counting)
{
	static uint32_t right[SOURCES];
	struct crowd *c = malloc(crowd_bytes(ROOM));
	uint32_t all = 0;

	crowd_init(c, ROOM);
	srand(3);
	for (int i = 0; i < 200000; i++) {
		uint32_t s = (uint32_t)rand() % SOURCES;
		/* Rising and falling, so that the table is full and empty in turn. */
		int enter = rand() % 100 < (i / 10000 % 2 ? 30 : 70);

		if (enter && all < ROOM) {
			crowd_enter(c, s * 0x100000000ULL);
			right[s]++;
			all++;
		} else if (!enter && right[s]) {
			crowd_leave(c, s * 0x100000000ULL);
			right[s]--;
			all--;
		}
		cr_assert_eq(crowd_count(c, s * 0x100000000ULL), right[s]);
	}
	for (uint32_t s = 0; s < SOURCES; s++)
		cr_assert_eq(crowd_count(c, s * 0x100000000ULL), right[s]);
	free(c);
}

Test(unit_crowd, full_to_the_last)
{
	struct crowd *c = malloc(crowd_bytes(ROOM));

	crowd_init(c, ROOM);
	for (uint64_t s = 0; s < ROOM; s++)
		crowd_enter(c, s);
	crowd_leave(c, ROOM + 5);
	for (uint64_t s = 0; s < ROOM; s++)
		cr_assert_eq(crowd_count(c, s), 1);
	for (uint64_t s = 0; s < ROOM; s++)
		crowd_leave(c, s);
	for (uint64_t s = 0; s < ROOM; s++)
		cr_assert_eq(crowd_count(c, s), 0);
	crowd_leave(c, 1);
	cr_expect_eq(crowd_count(c, 1), 0);
	free(c);
}
