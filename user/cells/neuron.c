/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The neuron: hears of every death; bears stems when no stem is left to do it. Never reads client bytes, opens no file. */
#include "cells/cell.h"
#include "tissue/synapse.h"

#include <errno.h>
#include <signal.h>

#define NEURON_RETRY_MS 100

static void neuron_hear(void *ctx, const struct message *m)
{
	const struct tissue *t = ctx;

	switch (m->kind) {
	case MSG_DEATH:
		if (m->code & 0x7f)
			tissue_log(t, "%s %u was killed by signal %u%s", class_name((int)m->class), m->slot, m->code & 0x7f,
				(m->code & 0x7f) == SIGSYS ? " (a system call that is not allowed)" : "");
		else if (m->code)
			tissue_log(t, "%s %u exited with code %u", class_name((int)m->class), m->slot, m->code >> 8);
		break;
	case MSG_TUMOUR:
		/* The kernel has killed it where it can. */
		if (!t->organism->can_kill)
			kill((pid_t)m->code, SIGKILL);
		tissue_log(t, "process %u was born without licence by %s %u and is killed", m->code,
			class_name((int)m->class), m->slot);
		break;
	default:
		break;
	}
}

/* Whether a drone really holds a request longer than its route allows. */
static bool neuron_sees_stuck(const struct tissue *t, uint32_t drone, const char **route)
{
	for (uint32_t v = 0; v < t->plan->vessels; v++)
		for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++) {
			const struct slot *s = &t->synapse[v]->slot[i];
			uint64_t word = atomic_load(&s->word);
			const struct dna_route *r = &t->germ->dna.route[s->route % DNA_ROUTES_MAX];

			if (slot_drone(word) != drone || slot_state(word) != SLOT_TAKEN)
				continue;
			if (slot_worked_ms(s, clock_ms()) >= r->deadline_ms) {
				*route = r->prefix;
				return true;
			}
		}
	return false;
}

static void neuron_end(const struct tissue *t, uint32_t slot, uint32_t drone)
{
	struct gland_call call = { .slot = slot, .id = drone };
	const volatile struct cell *c = &t->cells[slot];

	if (gland_run(FD_END, &call) == 0 && call.answer == GLAND_OK)
		return;
	/* Only kernels that cannot signal from a program leave us kill(2). */
	if (!t->organism->can_kill && c->id == drone && c->state == CELL_LIVING && c->class == CLASS_DRONE)
		kill((pid_t)c->pid, SIGKILL);
}

static void neuron_look_after_drones(const struct tissue *t)
{
	for (uint32_t s = 0; s < t->plan->slots; s++) {
		uint32_t drone = atomic_load(&t->commons->stuck[s]) ? atomic_exchange(&t->commons->stuck[s], 0) : 0;
		const char *route;

		if (!drone || cell_slot_of_id(drone) != s || !neuron_sees_stuck(t, drone, &route))
			continue;
		tissue_log(t, "drone %u has not answered route %s in time and is ended", s, route);
		neuron_end(t, s, drone);
	}
}

/* Returns 1 in a daughter, 0 when the pool lives, -errno when it could not be refilled. */
static int neuron_keep_pool(struct tissue *t)
{
	int born = 0;

	while (t->census[CLASS_STEM].living == 0 && !t->organism->dying) {
		born = cell_divide(t, CLASS_STEM, 0);
		if (born == 1 || (born < 0 && born != -EAGAIN))
			break;
	}
	return born == -EAGAIN ? 0 : born;
}

int neuron_live(struct tissue *t)
{
	int nest = plan_nest(t->plan, t->slot);
	struct epoll_event e;

	while (!cell_leaving) {
		int born = neuron_keep_pool(t);

		if (born == 1)
			return CLASS_STEM;
		if (cell_wait(nest, &e, 1, born < 0 ? NEURON_RETRY_MS : -1) <= 0)
			continue;
		inbox_drain(t, neuron_hear, t);
		bell_quiet(plan_bell(t->plan, t->slot));
		neuron_look_after_drones(t);
	}
	return CLASS_NONE;
}
