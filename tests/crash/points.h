/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All points of one scenario, on one organism: for a cell that is killed, and for the cell that takes its place. */
#ifndef CELLWS_TESTS_CRASH_POINTS_H
#define CELLWS_TESTS_CRASH_POINTS_H

#include "trial.h"

/* Kills a class of cell at every stop of a system call and at so many instructions. */
void points_try(struct trial *t, const struct scenario *s, enum cell_class class, unsigned instructions);

/*
 * Kills blood at so many places, and each time its adopter too, on the way to where the client is served again: at every
 * stride-th stop, another one each time, and at some instructions. There must be one stem only.
 */
void points_try_adopter(struct trial *t, const struct scenario *s, unsigned deaths, unsigned stride, unsigned instructions);

#endif
