/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an attack looks like once the ways of writing it are taken off, and the search for it in every form; pure. */
#ifndef CELLWS_IMMUNE_NORMALISE_H
#define CELLWS_IMMUNE_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>
#include "immune/automaton.h"

/* Each takes n bytes and writes at most n to `to`, which may be from. Returns how many. */

/* Percent triplets become bytes; what is no triplet stays. blank: '+' becomes a blank. */
size_t normalise_decode(const char *from, size_t n, char *to, bool blank);

/* ASCII in more bytes of UTF-8 than it takes (C0 AE, E0 80 AE, ... to six bytes, for '.') becomes what it stands for. */
size_t normalise_overlong(const char *from, size_t n, char *to);

/* Takes "/./", "//" and "/X/../" out. */
size_t normalise_dots(const char *from, size_t n, char *to);

/*
 * Looks for the automaton's patterns in the forms of text: percent-decoded once and twice, each with overlong UTF-8 taken
 * off, with '+' as it is and as a blank, and the last form without dot segments. scratch: room for n bytes. The pattern, or -1.
 */
int normalise_find_forms(const struct automaton *a, const char *text, size_t n, char *scratch);

/* The same, and in text as it is. */
int normalise_find(const struct automaton *a, const char *text, size_t n, char *scratch);

#endif
