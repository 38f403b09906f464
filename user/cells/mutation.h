/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How cells come to live by a new DNA: those of the shared table bring it into force and take it on, the others make room. */
#ifndef CELLWS_CELLS_MUTATION_H
#define CELLWS_CELLS_MUTATION_H

#include "tissue/mutation.h"
#include "tissue/tissue.h"

/* The egg's first: maps the germ it was laid with. A bug when it cannot. */
void mutation_begin(struct tissue *t);

/*
 * For a cell of the shared table, each time it wakes; as cheap as two looks at memory when nothing is new. Brings a DNA
 * that is wanted into force, if no other cell is at it; takes on one that is in force. Then the germ it lived by until now,
 * for mutation_forget(); else NULL.
 */
const struct germ *mutation_look(struct tissue *t);
void mutation_forget(const struct germ *old);

/* The same for a cell that keeps nothing of a DNA beside the germ. */
void mutation_follow(struct tissue *t);

/* In a table of its own: whether the descriptors in it are still those of the DNA it lives by. */
bool mutation_holds(const struct tissue *t);

/* Whether another DNA is in force than that of this cell, which has left the shared table and cannot take it on. */
bool mutation_is_over(const struct tissue *t);

/* Whether the cell in that slot lives by an older DNA than the one in force, for good. */
bool mutation_is_past(const struct tissue *t, uint32_t slot);

/* A drone, before it takes a request: when its DNA is over it is counted no more, and leaves once what it has in hand is done. */
void mutation_leave(const struct tissue *t);

/*
 * As many drones as live by an older DNA are wanted of the new one, below the class maximum, even though the old ones are
 * still there: makes the class vacant in the census that a stem decides by.
 */
void mutation_vacancy(const struct tissue *t, struct census now[CLASS_COUNT]);

#endif
