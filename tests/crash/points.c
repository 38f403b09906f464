/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All points of one scenario and one class: every system call's entry and exit, then instructions drawn over the whole path. */
#include "points.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIVE_UP      20u /* failures after which a scenario is not tried on */
#define COUNTING_US  60000u /* between segments while every instruction is stepped over */

struct sweep {
	struct trial *t;
	const struct scenario *s;
	enum cell_class class;
	const struct exchange *wanted;
	unsigned stops;  /* of an undisturbed run */
	unsigned missed; /* instructions that did not come again */
	struct path path;
};

static const char *class_of(enum cell_class class)
{
	return class == CLASS_BLOOD ? "blood" : "drone";
}

static bool seize(struct sweep *w, struct tracer *tr, struct exchange *x)
{
	if (!tracer_seize(tr, lab_family_pid(&w->t->family, w->class), &x->done)) {
		trial_fail(w->t, w->s->name, "before the run", "the cell is gone");
		return false;
	}
	return true;
}

/* The client has ended or ends soon; then what it saw is compared. */
static void judge(struct sweep *w, struct exchange *x, const char *where)
{
	const char *difference;

	client_join(x);
	difference = client_difference(w->wanted, x);
	if (difference)
		trial_fail(w->t, w->s->name, where, difference);
	client_free(x);
}

/* One life with one death. False when the connection's life was over before the point was reached. */
static bool try_point(struct sweep *w, struct point p)
{
	char *where = w->t->last;
	struct exchange x;
	struct tracer tr;
	enum traced rc;

	if (!trial_settle(w->t, w->s->name))
		return true;
	trial_prepare(w->t, &x, w->s, w->wanted);
	if (!seize(w, &tr, &x))
		return true;
	client_start(&x);
	rc = tracer_run(&tr, p);
	snprintf(where, sizeof(w->t->last), "%s killed %s, time %u", class_of(w->class), tracer_where(&tr, p), p.times);
	if (rc == TRACED_AT_POINT) {
		tracer_kill(&tr);
		w->t->tried++;
	} else if (rc == TRACED_GONE) {
		trial_fail(w->t, w->s->name, where, "the cell ended by itself");
	} else {
		atomic_store(&x.heard, true);
		tracer_let_go(&tr);
	}
	judge(w, &x, where);
	return rc == TRACED_AT_POINT;
}

/* An undisturbed run under the tracer, to know how many stops there are. */
static bool count_stops(struct sweep *w)
{
	struct exchange x;
	struct tracer tr;

	if (!trial_settle(w->t, w->s->name))
		return false;
	trial_prepare(w->t, &x, w->s, w->wanted);
	if (!seize(w, &tr, &x))
		return false;
	client_start(&x);
	while (tracer_next(&tr) == TRACED_AT_POINT)
		w->stops = tr.stop;
	atomic_store(&x.heard, true);
	tracer_let_go(&tr);
	judge(w, &x, "traced, and not killed");
	return true;
}

static bool walk_path(struct sweep *w)
{
	bool walked;

	struct exchange x;
	struct tracer tr;

	if (!trial_settle(w->t, w->s->name))
		return false;
	trial_prepare(w->t, &x, w->s, w->wanted);
	x.pause_us = COUNTING_US;
	if (!seize(w, &tr, &x))
		return false;
	client_start(&x);
	walked = tracer_walk(&tr, &w->path);
	atomic_store(&x.heard, true);
	tracer_let_go(&tr);
	judge(w, &x, "stepped through, and not killed");
	return walked;
}

static void every_stop(struct sweep *w)
{
	for (unsigned k = 0; w->t->failed < GIVE_UP; k++)
		if (!try_point(w, (struct point){ .stop = k }) && k >= w->stops)
			break;
}

/* Where the instruction does not come there, because events fell together otherwise, it is taken where it comes first. */
static void try_instruction(struct sweep *w, unsigned n)
{
	struct point p = path_point(&w->path, n);

	if (!try_point(w, p) && !try_point(w, (struct point){ .stop = 1, .rip = p.rip, .times = 1 }))
		w->missed++;
}

/* One out of each of n stretches of the same length, so that nothing long is left out. */
static void drawn_instructions(struct sweep *w, unsigned n)
{
	uint64_t x = 0x9e3779b97f4a7c15ULL * (w->t->seed + 1);

	for (unsigned i = 0; i < n && w->t->failed < GIVE_UP; i++) {
		uint64_t from = (uint64_t)w->path.n * i / n, to = (uint64_t)w->path.n * (i + 1) / n;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		try_instruction(w, (unsigned)(from + (to > from ? x % (to - from) : 0)));
	}
}

static struct exchange reference(struct trial *t, const struct scenario *s)
{
	struct exchange x;

	trial_prepare(t, &x, s, NULL);
	client_run(&x);
	return x;
}

void points_try(struct trial *t, const struct scenario *s, enum cell_class class, unsigned instructions)
{
	struct sweep *w = calloc(1, sizeof(*w));
	double began = lab_now();
	struct exchange wanted;
	unsigned at_stops;

	cr_assert_not_null(w);
	t->tried = t->failed = 0;
	wanted = reference(t, s);
	*w = (struct sweep){ .t = t, .s = s, .class = class, .wanted = &wanted };
	if (count_stops(w) && walk_path(w)) {
		every_stop(w);
		at_stops = t->tried;
		drawn_instructions(w, instructions);
		fprintf(stderr, "  %-36s %s: %4u points (%u system call stops, %u of %u instructions, %u missed), %u failures, %.1f s\n",
			s->name, class_of(class), t->tried, at_stops, t->tried - at_stops, w->path.n, w->missed, t->failed, lab_now() - began);
	}
	client_free(&wanted);
	free(w);
}
