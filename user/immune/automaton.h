/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many fixed texts looked for at once, whatever their case: an Aho-Corasick automaton in one flat table; pure but for its memory. */
#ifndef CELLWS_IMMUNE_AUTOMATON_H
#define CELLWS_IMMUNE_AUTOMATON_H

#include <stddef.h>
#include <stdint.h>
#include "shared/signature.h"

#define AUTOMATON_STATES 16384u /* one for each byte of all patterns, at most, and one */

/* A table as it was built. Its form is told in shared/signature.h. */
struct automaton_table {
	struct signature_head head;
	uint16_t *cell;
	uint32_t cells; /* a multiple of those in struct signature_cells */
};

/* A table wherever it lies: built here, or mapped from the kernel's maps. */
struct automaton {
	const struct signature_head *head;
	const uint16_t *cell;
};

/*
 * Patterns of n bytes each, none empty. Where several end at once the longest is told. 0, -EINVAL (an empty pattern), -E2BIG
 * (more than AUTOMATON_STATES bytes in all) or -ENOMEM.
 */
int automaton_build(struct automaton_table *t, const char *const *patterns, const size_t *n, size_t count);
void automaton_done(struct automaton_table *t);

static inline struct automaton automaton_of(const struct automaton_table *t)
{
	return (struct automaton){ .head = &t->head, .cell = t->cell };
}

/* Goes on from *state (0 at the beginning) over text. The first pattern found, or -1; *state is then where the next call goes on. */
int automaton_scan(const struct automaton *a, uint32_t *state, const char *text, size_t n);

#endif
