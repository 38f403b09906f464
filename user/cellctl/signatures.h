/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The automaton of a DNA's signatures on its way into the kernel's maps. */
#ifndef CELLWS_CELLCTL_SIGNATURES_H
#define CELLWS_CELLCTL_SIGNATURES_H

#include <stdbool.h>
#include "dna/dna.h"
#include "immune/automaton.h"

/* 0, or as automaton_build(); automaton_done() afterwards. */
int signatures_build(const struct dna *d, struct automaton_table *to);

/* Cells that each bank of an organism gets which is laid with this table: later DNAs may have longer ones. */
uint32_t signatures_room(const struct automaton_table *t);

/* Writes the table into a bank; it must not be the one that counts. 0 or -errno. */
int signatures_fill(int heads, int cells, const struct automaton_table *t, uint32_t bank, uint32_t room);

bool signatures_are_same(const struct dna *a, const struct dna *b);

#endif
