/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many fixed texts looked for at once, whatever their case: an Aho-Corasick automaton in one flat table; pure but for its memory. */
#ifndef CELLWS_IMMUNE_AUTOMATON_H
#define CELLWS_IMMUNE_AUTOMATON_H

#include <stddef.h>
#include <stdint.h>

#define AUTOMATON_STATES 16384u /* one for each byte of all patterns, at most, and one */

/* ASCII letters match in either case. The state after a byte is next[state * classes + class_of[byte]]. */
struct automaton {
	uint32_t states;
	uint32_t classes;       /* of bytes that no pattern tells apart */
	uint8_t class_of[256];
	uint16_t *next;
	uint16_t *found;        /* by state: pattern that ends here, + 1; 0 for none */
};

/*
 * Patterns of n bytes each, none empty. Where several end at once the longest is told. 0, -EINVAL (an empty pattern), -E2BIG
 * (more than AUTOMATON_STATES bytes in all) or -ENOMEM.
 */
int automaton_build(struct automaton *a, const char *const *patterns, const size_t *n, size_t count);
void automaton_done(struct automaton *a);

/* Goes on from *state (0 at the beginning) over text. The first pattern found, or -1; *state is then where the next call goes on. */
int automaton_scan(const struct automaton *a, uint32_t *state, const char *text, size_t n);

#endif
