/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys that follow each other: only who has one learns the next; forged, altered and foreign ones lead nowhere. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/succession.h"

#define NOW_S	1000u
#define UNTIL_S 2000u

static struct heir first, second, third;
static uint8_t records[4 * SUCCESSION_BYTES];

static struct heir after(const struct heir *h)
{
	struct heir next = *h;

	cr_assert_eq(identity_rotate(&next.identity, UNTIL_S), 0);
	next.cell[0]++;
	return next;
}

static void open_keys(void)
{
	cr_assert_eq(identity_make(&first.identity), 0);
	second = after(&first);
	third = after(&second);
}

TestSuite(succession, .init = open_keys, .timeout = 20);

static void put(unsigned at, const struct heir *h, const struct heir *opener)
{
	cr_assert_eq(succession_write(h, &opener->identity, records + at * SUCCESSION_BYTES), 0);
}

static bool is(const struct identity *a, const struct heir *b)
{
	return !memcmp(a->seed, b->identity.seed, sizeof(a->seed)) && a->credential.generation == b->identity.credential.generation;
}

Test(succession, it_leads_from_key_to_key_and_back)
{
	struct heir now = first;
	struct identity before = { 0 };

	put(0, &first, &second);
	put(1, &second, &first);
	put(2, &second, &third);
	put(3, &third, &second);
	cr_expect(succession_walk(&now, &before, records, 4));
	cr_expect(is(&now.identity, &third) && now.cell[0] == third.cell[0] && is(&before, &second));
	/* Who begins with the last learns the one before. */
	now = third;
	before = (struct identity){ 0 };
	cr_expect_not(succession_walk(&now, &before, records, 4));
	cr_expect(is(&now.identity, &third) && is(&before, &second));
}

Test(succession, who_has_none_of_them_learns_none)
{
	struct heir now, stranger;
	struct identity before = { 0 };

	cr_assert_eq(identity_make(&stranger.identity), 0);
	put(0, &second, &first);
	now = stranger;
	cr_expect_not(succession_walk(&now, &before, records, 1));
	cr_expect(is(&now.identity, &stranger) && !before.credential.generation);
	/* One who knows the public key alone cannot write one either. */
	stranger.identity.credential = first.identity.credential;
	put(0, &third, &stranger);
	now = first;
	cr_expect_not(succession_walk(&now, &before, records, 1));
}

Test(succession, an_altered_record_is_none)
{
	struct heir h;

	put(0, &second, &first);
	cr_assert(succession_read(&h, &first.identity, records) && is(&h.identity, &second));
	for (unsigned i = 0; i < SUCCESSION_BYTES; i++) {
		records[i] ^= 1;
		cr_expect_not(succession_read(&h, &first.identity, records), "byte %u", i);
		records[i] ^= 1;
	}
}

Test(succession, of_two_made_at_once_all_take_the_same)
{
	struct heir rival = after(&first), low, high, now;
	struct identity before = { 0 };
	bool less = memcmp(rival.identity.credential.public, second.identity.credential.public, 32) < 0;

	low = less ? rival : second;
	high = less ? second : rival;
	cr_expect_eq(succession_judge(&low, &high.identity, &first.identity, NOW_S), 0);
	cr_expect_eq(succession_judge(&high, &low.identity, &first.identity, NOW_S), -EACCES);
	put(0, &high, &first);
	put(1, &first, &low);
	put(2, &low, &high);
	now = first;
	cr_expect(succession_walk(&now, &before, records, 3));
	cr_expect(is(&now.identity, &low) && is(&before, &first));
}

Test(succession, only_the_next_one_that_is_vouched_for_is_taken)
{
	struct heir forged = second;

	cr_expect_eq(succession_judge(&second, &first.identity, &(struct identity){ 0 }, NOW_S), 0);
	cr_expect_eq(succession_judge(&second, &first.identity, &(struct identity){ 0 }, UNTIL_S), -EACCES, "too late");
	cr_expect_eq(succession_judge(&third, &first.identity, &(struct identity){ 0 }, NOW_S), -EACCES, "one is left out");
	cr_expect_eq(succession_judge(&first, &second.identity, &first.identity, NOW_S), -EACCES, "back");
	cr_expect_eq(succession_judge(&second, &second.identity, &first.identity, NOW_S), -EACCES, "the same");
	forged.identity.credential.certificate[0] ^= 1;
	cr_expect_eq(succession_judge(&forged, &first.identity, &(struct identity){ 0 }, NOW_S), -EACCES, "not vouched for");
}

Test(succession, what_hosts_tell_comes_back_as_it_went)
{
	uint8_t bytes[HEIR_BYTES], again[HEIR_BYTES];
	struct heir back;

	heir_write(&second, bytes);
	cr_expect(!memcmp(bytes, second.cell, 32) && !memcmp(bytes + 32, second.identity.seed, 32) && bytes[96] == 2);
	cr_assert(heir_read(&back, bytes));
	heir_write(&back, again);
	cr_expect_arr_eq(bytes, again, sizeof(bytes));
	bytes[32] ^= 1;
	cr_expect_not(heir_read(&back, bytes), "a seed of another key");
	bytes[32] ^= 1;
	memset(bytes + 96, 0, 4);
	cr_expect_not(heir_read(&back, bytes), "no generation");
}
