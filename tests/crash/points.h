/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Trying the points of a scenario one after the other on one organism. */
#ifndef CELLWS_TESTS_CRASH_POINTS_H
#define CELLWS_TESTS_CRASH_POINTS_H

#include "client.h"
#include "lab.h"
#include "lab_family.h"
#include "tracer.h"

/* An organism under trial, with a client that stays connected through all deaths. */
struct trial {
	struct lab *lab;
	struct lab_family family;
	struct lab_conn witness;
	unsigned runs; /* number of the next one */
	unsigned seed;
	unsigned tried, failed;
	char last[400]; /* the death that came last */
};

/* Lays the egg; cells: numbers of cells as in the DNA. */
void trial_open(struct trial *t, struct lab *l, const char *cells);
void trial_close(struct trial *t);

/* Waits until the family is whole and has answered the witness. False, counted and printed, when it does not. */
bool trial_settle(struct trial *t, const char *when);
void trial_fail(struct trial *t, const char *scenario, const char *where, const char *what);

/* Memory for a run; warm: asks once before. */
void trial_prepare(struct trial *t, struct exchange *x, const struct scenario *s, const struct exchange *wanted);

/* Kills a class of cell at every stop of a system call and at so many instructions. */
void points_try(struct trial *t, const struct scenario *s, enum cell_class class, unsigned instructions);

/* CRASH_POINTS and the like: a number from the environment. */
unsigned points_setting(const char *name, unsigned otherwise);

#endif
