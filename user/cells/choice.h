/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cell's own decisions: to become, to divide, to leave. The rules are in fate.h; here a living cell applies them to itself. */
#ifndef CELLWS_CELLS_CHOICE_H
#define CELLWS_CELLS_CHOICE_H

#include "cells/fate.h"
#include "tissue/tissue.h"

/* A newborn, or one that has just become something: its refractory time begins. */
void choice_begin(void);

/* What a stem does, from the census and from what it has heard; seen is filled in. *look_ms: when to ask again, -1 never. */
struct fate choice_of_stem(const struct tissue *t, int *look_ms);

/* Whether cells of a class have died of themselves again and again, so that one more had better wait. */
bool choice_sees_sickness(const struct tissue *t, int class);

/*
 * What a drone or blood cell that is at no request does. FATE_LEAVE only after the kernel has agreed: the cell is counted
 * no more. FATE_DIVIDE is for the caller to carry out. *look_ms as above.
 */
enum fate_act choice_of_grown(const struct tissue *t, int *look_ms);

#endif
