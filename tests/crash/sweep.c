/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Living a scenario once for each point: seize, start the client, run to the point, kill, compare. */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>

#define GIVE_UP     20u    /* failures after which a scenario is not tried on */
#define BEGINNINGS  3      /* the first of two deaths may miss its point */
#define WALK_S      30.0   /* patience of a client while every instruction is stepped over */
#define WALK_US     60000u /* between its segments */

static pid_t victim(const struct sweep *w)
{
	const struct lab_family *f = &w->t->family;

	return w->class == CLASS_BLOOD ? lab_family_next_blood(f) : lab_family_pid(f, w->class);
}

static bool gone(struct sweep *w, struct exchange *x)
{
	trial_fail(w->t, w->s->name, "before the run", "the cell is gone");
	client_free(x);
	return false;
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

/* The first of two deaths; the stem is held meanwhile. */
static bool die_once(struct sweep *w, struct tracer *stem, struct exchange *x)
{
	struct tracer blood;
	enum traced rc;

	if (!tracer_seize(&blood, lab_family_next_blood(&w->t->family), &x->done)) {
		tracer_let_go(stem);
		return gone(w, x);
	}
	client_start(x);
	rc = tracer_run(&blood, w->death);
	if (rc == TRACED_AT_POINT) {
		tracer_kill(&blood);
		return true;
	}
	atomic_store(&x->heard, true);
	if (rc == TRACED_OVER)
		tracer_let_go(&blood);
	tracer_let_go(stem);
	judge(w, x, "traced, and not killed");
	return false;
}

/* Up to stop 0 of the cell that is to die, with the client on its way. */
static bool begin(struct sweep *w, struct tracer *tr, struct exchange *x, bool walk)
{
	if (!trial_settle(w->t, w->s->name))
		return false;
	trial_prepare(w->t, x, w->s, w->wanted);
	if (walk) {
		x->pause_us = WALK_US;
		x->patience_s = WALK_S;
	}
	if (!tracer_seize(tr, victim(w), &x->done))
		return gone(w, x);
	if (w->twice)
		return die_once(w, tr, x);
	client_start(x);
	return true;
}

static void end_alive(struct tracer *tr, struct exchange *x)
{
	atomic_store(&x->heard, true);
	tracer_let_go(tr);
}

bool sweep_try(struct sweep *w, struct point p)
{
	static const char *const names[CLASS_COUNT] = { [CLASS_BLOOD] = "blood", [CLASS_DRONE] = "drone", [CLASS_STEM] = "adopter" };
	struct exchange x;
	struct tracer tr;
	enum traced rc;

	for (int n = 0; !begin(w, &tr, &x, false); n++)
		if (n == BEGINNINGS)
			return false;
	rc = tracer_run(&tr, p);
	snprintf(w->t->last, sizeof(w->t->last), "%s killed %s, time %u", names[w->class], tracer_where(&tr, p), p.times);
	if (rc == TRACED_AT_POINT) {
		tracer_kill(&tr);
		w->t->tried++;
	} else if (rc == TRACED_GONE) {
		trial_fail(w->t, w->s->name, w->t->last, "the cell ended by itself");
	} else {
		end_alive(&tr, &x);
	}
	judge(w, &x, w->t->last);
	return rc == TRACED_AT_POINT;
}

bool sweep_count(struct sweep *w)
{
	struct exchange x;
	struct tracer tr;

	if (!begin(w, &tr, &x, false))
		return false;
	while (tracer_next(&tr) == TRACED_AT_POINT)
		w->stops = tr.stop;
	end_alive(&tr, &x);
	judge(w, &x, "traced, and not killed");
	return true;
}

bool sweep_walk(struct sweep *w)
{
	struct exchange x;
	struct tracer tr;
	bool walked;

	for (int n = 0; !begin(w, &tr, &x, true); n++)
		if (n == BEGINNINGS)
			return false;
	walked = tracer_walk(&tr, &w->path);
	/* In the middle of a step it cannot be let go. */
	atomic_store(&x.heard, true);
	tracer_kill(&tr);
	judge(w, &x, "stepped through, and not killed");
	return walked;
}

void sweep_stops(struct sweep *w, unsigned from, unsigned stride)
{
	for (unsigned k = from; w->t->failed < GIVE_UP; k += stride)
		if (!sweep_try(w, (struct point){ .stop = k }) && k >= w->stops)
			break;
}

/* Where the instruction does not come there, because events fell together otherwise, it is taken where it comes first. */
static void try_instruction(struct sweep *w, unsigned n)
{
	struct point p = path_point(&w->path, n);

	if (!sweep_try(w, p) && !sweep_try(w, (struct point){ .stop = 1, .rip = p.rip, .times = 1 }))
		w->missed++;
}

void sweep_draw(struct sweep *w, unsigned n)
{
	for (unsigned i = 0; i < n && w->t->failed < GIVE_UP; i++) {
		uint64_t from = (uint64_t)w->path.n * i / n, to = (uint64_t)w->path.n * (i + 1) / n;

		try_instruction(w, (unsigned)(from + (to > from ? trial_random(w->t) % (to - from) : 0)));
	}
}
