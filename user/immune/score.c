/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A 4-way associative table of scores in thousandths; the least gives way, so that a crowd does not wash out the worst. */
#include "immune/score.h"

#include <stdlib.h>

#define SCORE_SETS 4096u
#define SCORE_WAYS 4u
#define SCORE_MOST 1000000000ull /* thousandths */

struct score {
	struct source source;
	uint64_t at_ms;
	uint64_t thousandths; /* at at_ms; 0: empty */
};

struct score_table {
	uint32_t half_life_ms;
	struct score score[SCORE_SETS][SCORE_WAYS];
};

struct score_table *score_new(uint32_t half_life_ms)
{
	struct score_table *t = calloc(1, sizeof(*t));

	if (t)
		t->half_life_ms = half_life_ms;
	return t;
}

void score_free(struct score_table *t)
{
	free(t);
}

/* Halved once for each half-life; in between along a straight line, which is never 7 % off. */
static uint64_t score_left(const struct score_table *t, const struct score *s, uint64_t now_ms)
{
	uint64_t gone = now_ms > s->at_ms ? now_ms - s->at_ms : 0, whole = gone / t->half_life_ms, left;

	if (whole >= 32)
		return 0;
	left = s->thousandths >> whole;
	return left - left / 2 * (gone % t->half_life_ms) / t->half_life_ms;
}

static const struct score *set_of(const struct score_table *t, const struct source *s)
{
	uint64_t mixed = (s->key ^ (uint64_t)s->family << 56) * 0x9e3779b97f4a7c15ULL;

	return t->score[(mixed >> 40) % SCORE_SETS];
}

static const struct score *score_find(const struct score_table *t, const struct source *s)
{
	const struct score *set = set_of(t, s);

	for (unsigned i = 0; i < SCORE_WAYS; i++)
		if (set[i].thousandths && set[i].source.key == s->key && set[i].source.family == s->family &&
			set[i].source.via == s->via)
			return &set[i];
	return NULL;
}

uint32_t score_now(const struct score_table *t, const struct source *s, uint64_t now_ms)
{
	const struct score *found = score_find(t, s);

	return found ? (uint32_t)(score_left(t, found, now_ms) / 1000) : 0;
}

uint32_t score_add(struct score_table *t, const struct source *s, uint32_t weight, uint64_t now_ms)
{
	struct score *to = (struct score *)(uintptr_t)score_find(t, s), *set = (struct score *)(uintptr_t)set_of(t, s);
	uint64_t left = to ? score_left(t, to, now_ms) : 0;

	for (unsigned i = 0; !to && i < SCORE_WAYS; i++)
		if (!set[i].thousandths)
			to = &set[i];
	if (!to) {
		to = set;
		for (unsigned i = 1; i < SCORE_WAYS; i++)
			if (score_left(t, &set[i], now_ms) < score_left(t, to, now_ms))
				to = &set[i];
	}
	left += weight * 1000ULL;
	*to = (struct score){ .source = *s, .at_ms = now_ms, .thousandths = left < SCORE_MOST ? left : SCORE_MOST };
	return (uint32_t)(to->thousandths / 1000);
}

void score_clear(struct score_table *t, const struct source *s)
{
	struct score *found = (struct score *)(uintptr_t)score_find(t, s);

	if (found)
		found->thousandths = 0;
}
