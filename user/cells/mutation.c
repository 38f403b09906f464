/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking on a DNA that is in force, and making room for those who do. Trusts no descriptor: the kernel's map says which germ it is. */
#include "cells/mutation.h"
#include "cells/cell.h"
#include "cells/mutation_install.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

static void live_by(struct tissue *t, const struct germ *g, int fd)
{
	t->germ = g;
	t->plan = &g->plan;
	t->generation = g->generation;
	t->germ_file = germ_file_of(fd);
	for (uint32_t i = 0; i < g->dna.route_count; i++)
		if (g->dna.route[i].deadline_ms > t->longest_ms)
			t->longest_ms = g->dna.route[i].deadline_ms;
}

void mutation_begin(struct tissue *t)
{
	const struct germ *g = germ_map(FD_GERM);
	int fd = FD_GERM;

	/* A copy that came from another host goes on with the number it had there. */
	if (!g) {
		fd = FD_GERM_EVEN;
		g = germ_map(fd);
	}
	cw_assert(g && plan_germ(&g->plan) == fd);
	live_by(t, g, fd);
}

const struct germ *mutation_map(const struct tissue *t, int fd, uint32_t generation)
{
	const volatile struct mutation *row = &t->mutations[generation % MUTATION_ROWS];
	int seals = fcntl(fd, F_GET_SEALS);
	const struct germ *g = seals >= 0 && (seals & GERM_SEALS) == GERM_SEALS ? germ_map(fd) : NULL;
	uint8_t wanted[32], found[32];

	if (!g)
		return NULL;
	memcpy(wanted, (const void *)(uintptr_t)row->germ, sizeof(wanted));
	mutation_digest(g, found);
	if (row->generation == generation && g->generation == generation && !memcmp(wanted, found, sizeof(found)))
		return g;
	mutation_forget(g);
	return NULL;
}

void mutation_forget(const struct germ *old)
{
	munmap((void *)(uintptr_t)old, old->bytes);
}

static const struct germ *take_on(struct tissue *t)
{
	uint32_t generation = t->organism->generation;
	const struct plan there = { .bank = generation % BANKS };
	const struct germ *old = t->germ, *g = mutation_map(t, plan_germ(&there), generation);

	/* Another may have come into force while this one was looked at; or somebody has put a file of his own there. */
	if (!g) {
		if (t->organism->generation == generation)
			tissue_log(t, "the DNA of generation %u does not stand where it should; going on with %u", generation, t->generation);
		return NULL;
	}
	live_by(t, g, plan_germ(&there));
	tissue_sign(t);
	t->vitals[t->slot].dna = t->generation;
	return old;
}

const struct germ *mutation_look(struct tissue *t)
{
	if (t->organism->generation != t->generation)
		return take_on(t);
	if (t->mutations[(t->generation + 1) % MUTATION_ROWS].state == MUTATION_STAGED && mutation_install(t))
		return take_on(t);
	return NULL;
}

void mutation_follow(struct tissue *t)
{
	const struct germ *old = mutation_look(t);

	if (old)
		mutation_forget(old);
}

bool mutation_holds(const struct tissue *t)
{
	return germ_file_is(&t->germ_file, plan_germ(t->plan));
}

bool mutation_is_over(const struct tissue *t)
{
	return t->organism->generation != t->generation;
}

bool mutation_is_past(const struct tissue *t, uint32_t slot)
{
	const volatile struct cell *c = &t->cells[slot % CELL_SLOTS_MAX];

	return c->dna && c->dna != t->organism->generation;
}

void mutation_leave(const struct tissue *t)
{
	struct gland_call call = { 0 };

	if (!mutation_is_over(t) || cell_leaving)
		return;
	/* Somebody else may have been counted at the same moment: then again, in a moment. */
	if (gland_run(FD_LEAVE, &call) == 0 && call.answer == GLAND_STALE)
		return;
	cell_leaving = 1;
}

void mutation_vacancy(const struct tissue *t, struct census now[CLASS_COUNT])
{
	struct census *drones = &now[CLASS_DRONE];
	uint32_t of_old = 0, of_new = 0;

	for (uint32_t s = 0; s < t->plan->slots; s++) {
		const volatile struct cell *c = &t->cells[s];

		if (c->state != CELL_LIVING || c->class != CLASS_DRONE)
			continue;
		of_old += c->dna != t->organism->generation;
		of_new += c->dna == t->organism->generation && !c->leaving;
	}
	if (of_new < of_old && drones->living < drones->max && drones->living >= drones->min)
		drones->min = drones->living + 1;
}
