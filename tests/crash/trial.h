/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The organism of a trial, and the witness: a second client, connected through all deaths, that must lose nothing either. */
#ifndef CELLWS_TESTS_CRASH_TRIAL_H
#define CELLWS_TESTS_CRASH_TRIAL_H

#include "client.h"
#include "lab.h"
#include "lab_family.h"
#include "tracer.h"

#define CLIENT_PAUSE_US 500u /* between segments */

struct trial {
	struct lab *lab;
	struct lab_family family;
	struct lab_conn witness;
	unsigned runs; /* number of the next one */
	uint64_t drawn;
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

/* The next number drawn; the first follows from CRASH_SEED. */
uint64_t trial_random(struct trial *t);

/* CRASH_POINTS and the like: a number from the environment. */
unsigned trial_setting(const char *name, unsigned otherwise);

#endif
