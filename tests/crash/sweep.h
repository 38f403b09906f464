/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One scenario lived again and again, with one death, or two, in each life. */
#ifndef CELLWS_TESTS_CRASH_SWEEP_H
#define CELLWS_TESTS_CRASH_SWEEP_H

#include "trial.h"

struct sweep {
	struct trial *t;
	const struct scenario *s;
	const struct exchange *wanted;
	enum cell_class class; /* who is killed */
	/* With a first death: blood is killed there, then the stem that takes its place. */
	bool twice;
	struct point death;
	unsigned stops;  /* of an undisturbed run */
	unsigned missed; /* instructions that did not come again */
	struct path path;
};

/* Undisturbed runs, to know how many stops there are, and every instruction. False when that cannot be found out. */
bool sweep_count(struct sweep *w);
bool sweep_walk(struct sweep *w);

/* One life. False when it was over before the point was reached. */
bool sweep_try(struct sweep *w, struct point p);
/* Every stride-th stop from one on, to the end. */
void sweep_stops(struct sweep *w, unsigned from, unsigned stride);
/* n instructions of the path, one out of each of n stretches of the same length, so that nothing long is left out. */
void sweep_draw(struct sweep *w, unsigned n);

#endif
