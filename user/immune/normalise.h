/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an attack looks like once the ways of writing it are taken off, and the search for it in every form; pure. */
#ifndef CELLWS_IMMUNE_NORMALISE_H
#define CELLWS_IMMUNE_NORMALISE_H

#include <stddef.h>
#include "immune/automaton.h"

/* Percent triplets become bytes, '+' a blank; what is no triplet stays. to may be from, and needs n bytes. Returns bytes. */
size_t normalise_decode(const char *from, size_t n, char *to);

/* Takes "/./", "//" and "/X/../" out, in place. Returns bytes. */
size_t normalise_dots(char *text, size_t n);

/*
 * Looks for the automaton's patterns in text as it is, decoded once, decoded twice, and that without dot segments. scratch:
 * room for n bytes. The pattern, or -1.
 */
int normalise_find(const struct automaton *a, const char *text, size_t n, char *scratch);

#endif
