/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pure parts of the learning immune system: scores, fingerprints, length of bans. */
#include <criterion/criterion.h>
#include <string.h>
#include "immune/fingerprint.h"
#include "secret/secret.h"
#include "immune/score.h"

Test(unit_screen, scores_fade_and_add)
{
	struct source a = { .key = 1, .family = 4 }, b = { .key = 1, .family = 6 };
	struct score_table *t = score_new(1000);

	cr_expect_eq(score_add(t, &a, 100, 5000), 100);
	cr_expect_eq(score_now(t, &a, 6000), 50);
	cr_expect_eq(score_now(t, &a, 5500), 75);
	cr_expect_eq(score_add(t, &a, 10, 6000), 60);
	cr_expect_eq(score_now(t, &b, 6000), 0, "families are kept apart");
	cr_expect_eq(score_now(t, &a, 60000), 0);
	score_clear(t, &a);
	cr_expect_eq(score_now(t, &a, 6000), 0);
	/* A crowd does not wash out the worst. */
	score_add(t, &a, 100000, 6000);
	for (uint64_t i = 10; i < 200000; i++)
		score_add(t, &(struct source){ .key = i, .family = 4 }, 1, 6000);
	cr_expect_eq(score_now(t, &a, 6000), 100000);
	score_free(t);
}

Test(unit_screen, bans_double_up_to_the_most)
{
	cr_expect_eq(ban_seconds(10, 100, 1), 10);
	cr_expect_eq(ban_seconds(10, 100, 3), 40);
	cr_expect_eq(ban_seconds(10, 100, 5), 100);
	cr_expect_eq(ban_seconds(600, 86400, 4000000000u), 86400);
}

static uint64_t print(const char *path, const char *query)
{
	const uint64_t key[2] = { 1, 2 };
	struct fingerprint_of of = { .method = 1, .path = path, .path_n = strlen(path), .query = query, .query_n = strlen(query) };

	return fingerprint_make(&of, key);
}

Test(unit_screen, fingerprints_know_the_shape)
{
	const uint64_t key[2] = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL };
	const unsigned char bytes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

	cr_expect_eq(secret_short(bytes, sizeof(bytes), key), 0xa129ca6149be45e5ULL, "the paper's own example");
	cr_expect_eq(print("/item/17", "a=1&b=2"), print("/item/9", "b=x&a="));
	cr_expect_neq(print("/item/17", "a=1"), print("/item/17", "c=1"));
	cr_expect_neq(print("/item/17", ""), print("/items/17", ""));
}
