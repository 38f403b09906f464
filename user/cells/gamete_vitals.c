/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How this host is doing, told to each link every few seconds; and what others say of themselves. */
#include "cells/gamete.h"

#include <bpf/bpf.h>
#include <string.h>
#include <sys/sysinfo.h>

#define FRESH_NS 5000000000ULL /* an older pulse says that its cell has nothing to do */
#define AT_ONCE	 512u	       /* bans that are counted in one go */
#define LOAD_ONE (1u << SI_LOAD_SHIFT)

/* All classes, as the kernel counts them. */
static void count_cells(const struct gamete_cell *g, struct host_vitals *v)
{
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class++)
		v->cells[class] = (uint16_t)(g->t->census[class].living < CELL_SLOTS_MAX ? g->t->census[class].living : CELL_SLOTS_MAX);
}

static void take_pulses(const struct gamete_cell *g, struct host_vitals *v)
{
	uint64_t now = clock_boot_ns(), busy = 0;
	uint32_t drones = 0;

	for (uint32_t slot = 0; slot < g->t->plan->slots; slot++) {
		const volatile struct pulse *p = &g->t->pulses[slot];
		const volatile struct cell *c = &g->t->cells[slot];
		bool fresh = p->id == c->id && now - p->beat_ns < FRESH_NS;

		if (c->state != CELL_LIVING)
			continue;
		/* The neuron says it whenever it changes. */
		if (c->class == CLASS_NEURON && p->id == c->id)
			v->wait_us = p->wait_us;
		if (c->class != CLASS_DRONE)
			continue;
		drones++;
		busy += fresh ? p->busy_permille : 0;
	}
	busy = drones ? busy / drones : 0;
	v->busy_permille = busy < 1000 ? (uint32_t)busy : 1000;
}

/* Some at a time; how many there are is known after each round. */
static void count_bans(struct gamete_cell *g)
{
	uint64_t now = clock_boot_ns();

	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct source next;
		struct tiding t;

		if (bpf_map_get_next_key(FD_SHARED, g->counting ? &g->counted : NULL, &next)) {
			g->bans = g->bans_so_far;
			g->bans_so_far = 0;
			g->counting = false;
			return;
		}
		g->counted = next;
		g->counting = true;
		if (!bpf_map_lookup_elem(FD_SHARED, &next, &t) && !t.lifted && (!t.expires_ns || t.expires_ns > now))
			g->bans_so_far++;
	}
}

static uint32_t load_percent(void)
{
	struct sysinfo host;

	if (sysinfo(&host))
		return 0;
	return (uint32_t)((uint64_t)host.loads[0] * 100 / LOAD_ONE);
}

static void look(struct gamete_cell *g, struct host_vitals *v)
{
	*v = (struct host_vitals){ .bans = g->bans, .generation = g->t->organism->generation,
		.key_generation = self_pair()->credential.generation, .load_percent = load_percent() };
	count_cells(g, v);
	take_pulses(g, v);
}

void vitals_tell(struct gamete_cell *g, struct link *l)
{
	uint8_t bytes[RECORD_VITALS_BYTES];
	struct host_vitals v;

	if (g->now_ms < l->vitals_ms)
		return;
	l->vitals_ms = g->now_ms + LINK_VITALS_MS;
	count_bans(g);
	look(g, &v);
	record_vitals_write(&v, bytes);
	link_say(g, l, STREAM_VITALS, bytes, sizeof(bytes));
}

void vitals_hear(struct gamete_cell *g, struct link *l, const struct host_vitals *v)
{
	g->row[l->row].vitals = *v;
	g->row[l->row].vitals.at_ns = clock_boot_ns();
	family_put(g, l->row);
}
