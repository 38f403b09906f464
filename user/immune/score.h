/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How much stands against each source: sums of weights that halve with time, in a table of fixed size; pure but for its memory. */
#ifndef CELLWS_IMMUNE_SCORE_H
#define CELLWS_IMMUNE_SCORE_H

#include <stdint.h>
#include "shared/antigen.h"

struct score_table;

/* half_life_ms > 0. NULL when out of memory. */
struct score_table *score_new(uint32_t half_life_ms);
void score_free(struct score_table *t);

/*
 * Adds weight to what is left of the source's score at now_ms, a clock that does not go back, and returns the sum, rounded
 * down. When there is no room the source with the least left gives way.
 */
uint32_t score_add(struct score_table *t, const struct source *s, uint32_t weight, uint64_t now_ms);

/* What is left of it, without adding. */
uint32_t score_now(const struct score_table *t, const struct source *s, uint64_t now_ms);

/* It has been paid for. */
void score_clear(struct score_table *t, const struct source *s);

#endif
