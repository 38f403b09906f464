/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a blood cell makes of a DNA, and taking on another one while connections go on. */
#include "cells/blood.h"
#include "cells/mutation.h"

static uint32_t shortest_timeout(const struct dna *d)
{
	const uint32_t all[] = { d->head_ms, d->body_ms, d->idle_ms, d->send_ms, d->queue_ms };
	uint32_t least = all[0];

	for (unsigned i = 1; i < sizeof(all) / sizeof(*all); i++)
		least = all[i] < least ? all[i] : least;
	for (uint32_t i = 0; i < d->route_count; i++)
		least = d->route[i].deadline_ms < least ? d->route[i].deadline_ms : least;
	return least;
}

/* Counts of what a source did begin anew with the limits they are held against. */
void blood_express(struct artery *a)
{
	const struct dna *dna = &a->t->germ->dna;
	uint32_t quarter = shortest_timeout(dna) / 4;

	a->limits = (struct http_limits){ .line = dna->line_bytes, .head = dna->head_bytes };
	a->sweep_every = quarter < SWEEP_MS_MAX ? quarter : SWEEP_MS_MAX;
	a->counts = dna->connections_per_source != 0;
	if (a->rate)
		rate_free(a->rate);
	a->rate = dna->requests_per_second ? rate_new(dna->requests_per_second) : NULL;
	screen_free(a->screen);
	a->screen = screen_new(dna);
}

/* Requests that are with a drone stay there; those that wait find their route anew when they are given to one. */
void blood_mutate(struct artery *a)
{
	const struct germ *old = mutation_look(a->t);

	if (!old)
		return;
	mutation_forget(old);
	blood_express(a);
	screen_count(a);
	reply_forget(a);
}
