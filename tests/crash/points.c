/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The order in which points are tried, and what is printed of them. */
#include "points.h"
#include "sweep.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct exchange reference(struct trial *t, const struct scenario *s)
{
	struct exchange x;

	trial_prepare(t, &x, s, NULL);
	client_run(&x);
	return x;
}

static struct sweep *sweep_new(struct trial *t, const struct scenario *s, enum cell_class class, const struct exchange *wanted)
{
	struct sweep *w = calloc(1, sizeof(*w));

	cr_assert_not_null(w);
	t->tried = t->failed = 0;
	w->t = t;
	w->s = s;
	w->class = class;
	w->wanted = wanted;
	return w;
}

void points_try(struct trial *t, const struct scenario *s, enum cell_class class, unsigned instructions)
{
	struct exchange wanted = reference(t, s);
	struct sweep *w = sweep_new(t, s, class, &wanted);
	double began = lab_now();
	unsigned at_stops;

	if (sweep_count(w) && sweep_walk(w)) {
		sweep_stops(w, 0, 1);
		at_stops = t->tried;
		sweep_draw(w, instructions);
		fprintf(stderr, "  %-36s %s: %4u points (%u system call stops, %u of %u instructions, %u missed), %u failures, %.1f s\n",
			s->name, class == CLASS_BLOOD ? "blood" : "drone", t->tried, at_stops, t->tried - at_stops, w->path.n,
			w->missed, t->failed, lab_now() - began);
	}
	client_free(&wanted);
	free(w);
}

#define DRAWS 16 /* instructions tried as the place of the first death */

/*
 * The walk is slow and meets what is done once in 100 ms, as a run at full speed may not: an instruction at which blood
 * never dies there is drawn again.
 */
static void draw_death(struct sweep *w, const struct sweep *first, unsigned from, unsigned to, unsigned stride)
{
	unsigned before = w->t->tried;

	for (int n = 0; n < DRAWS && w->t->tried == before && !w->t->failed; n++) {
		w->death = path_point(&first->path, from + (unsigned)(trial_random(w->t) % (to - from)));
		sweep_stops(w, (unsigned)(trial_random(w->t) % stride), stride);
	}
}

void points_try_adopter(struct trial *t, const struct scenario *s, unsigned deaths, unsigned stride, unsigned instructions)
{
	struct exchange wanted = reference(t, s);
	struct sweep *first = sweep_new(t, s, CLASS_BLOOD, &wanted), *w = sweep_new(t, s, CLASS_STEM, &wanted);
	double began = lab_now();
	bool ok = sweep_count(first) && sweep_walk(first);

	w->twice = true;
	for (unsigned i = 0; i < deaths && ok; i++) {
		unsigned from = first->path.n * i / deaths, to = first->path.n * (i + 1) / deaths;

		draw_death(w, first, from, to, stride);
		if (!i)
			ok = sweep_walk(w);
		if (ok)
			sweep_draw(w, instructions);
	}
	fprintf(stderr, "  %-36s blood and its adopter: %4u points (%u deaths of blood, %u instructions of adoption), %u failures, %.1f s\n",
		s->name, t->tried, deaths, w->path.n, t->failed, lab_now() - began);
	client_free(&wanted);
	free(first);
	free(w);
}
