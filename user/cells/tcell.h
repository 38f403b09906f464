/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a T cell: the posts it can have. */
#ifndef CELLWS_CELLS_TCELL_H
#define CELLWS_CELLS_TCELL_H

#include "shared/antigen.h"
#include "tissue/ring.h"
#include "tissue/tissue.h"

/* The life of a T cell on its post; returns when it is over. */
void judge_live(struct tissue *t, enum post post); /* the judge or its helper */
void scribe_live(struct tissue *t);

/* Nobody can bring evidence any more, and nobody can be grown from a T cell. */
bool tcell_is_alone(const struct tissue *t);

#endif
