/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each host makes of the DNA it was told of: the last word of each goes to all links, once, and to who looks at the map. */
#include "cells/gamete.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

#define ROOM 4400u /* so much is kept for what is smaller, and for one of these */

static struct {
	struct uptake v;
	uint64_t number; /* the order in which they came; 0: none here */
	uint64_t from;	 /* id of the host that told it; 0: this one */
} words[UPTAKES_MAX];
static uint64_t last;

/* What the gamete before has left. */
void uptakes_open(void)
{
	for (uint32_t i = 0; i < UPTAKES_MAX; i++)
		if (!bpf_map_lookup_elem(FD_UPTAKES, &i, &words[i].v) && words[i].v.host)
			words[i].number = ++last;
}

/* Its own, a free one, or that of whom nothing was heard for longest. */
static uint32_t place_of(uint64_t host)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < UPTAKES_MAX; i++) {
		if (words[i].number && words[i].v.host == host)
			return i;
		if (words[i].number < words[best].number)
			best = i;
	}
	return best;
}

static bool put(const struct uptake *v, uint64_t from)
{
	struct uptake_call call = { .index = place_of(v->host), .what = *v };

	if (words[call.index].number && words[call.index].v.host == v->host && words[call.index].v.stamp >= v->stamp)
		return false;
	words[call.index].v = *v;
	words[call.index].from = from;
	words[call.index].number = ++last;
	lymph_run(FD_UPTAKE, &call, sizeof(call));
	return true;
}

/* `hosts` shows by which DNA a relative lives. */
static void note_row(struct gamete_cell *g, const struct uptake *v)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		struct host *h = &g->row[i];

		if (!h->relation || h->id != v->host)
			continue;
		h->generation = v->now;
		for (unsigned j = 0; j < sizeof(v->dna); j++)
			snprintf(h->dna_sha256 + 2 * j, 3, "%02x", v->dna[j]);
		family_put(g, i);
	}
}

static void tell_all(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted)
			uptakes_go_on(g, &g->link[i]);
}

void uptakes_sum(const struct gamete_cell *g, uint8_t dna[32])
{
	spread_dna(g->t->organism->dna_sha256, dna);
}

void uptakes_say(struct gamete_cell *g, const struct spread *s, const char *why)
{
	struct uptake v = { .host = g->self, .stamp = clock_wall_ns(), .which = spread_which(s), .generation = s->generation,
		.state = why ? UPTAKE_REFUSED : UPTAKE_FORCE, .now = g->t->organism->generation };

	for (unsigned i = 0; why && i < UPTAKE_WHY - 1 && why[i]; i++)
		v.why[i] = (char)(why[i] < ' ' || why[i] > '~' ? '?' : why[i]);
	uptakes_sum(g, v.dna);
	if (why)
		tissue_log(g->t, "the DNA of generation %u from host %016llx is refused here: %s; the old one goes on", s->generation,
			(unsigned long long)s->origin, v.why);
	else
		tissue_log(g->t, "the DNA of generation %u from host %016llx is in force here", s->generation,
			(unsigned long long)s->origin);
	put(&v, 0);
	tell_all(g);
}

bool uptakes_has(const struct gamete_cell *g, const struct spread *s)
{
	uint32_t at = place_of(g->self);

	return words[at].number && words[at].v.host == g->self && words[at].v.which == spread_which(s);
}

void uptakes_hear(struct gamete_cell *g, struct link *l, const struct uptake *v)
{
	if (v->host == g->self || !put(v, l->peer))
		return;
	note_row(g, v);
	if (v->state == UPTAKE_REFUSED)
		tissue_log(g->t, "host %016llx refuses the DNA of generation %u: %s", (unsigned long long)v->host, v->generation, v->why);
	tell_all(g);
}

static uint32_t next_after(uint64_t number)
{
	uint32_t best = UPTAKES_MAX;

	for (uint32_t i = 0; i < UPTAKES_MAX; i++)
		if (words[i].number > number && (best == UPTAKES_MAX || words[i].number < words[best].number))
			best = i;
	return best;
}

void uptakes_go_on(struct gamete_cell *g, struct link *l)
{
	uint8_t bytes[SPREAD_UPTAKE_BYTES];
	uint32_t at;

	while (l->step != LINK_NONE && l->spread.uptakes < last && link_room(l) >= ROOM) {
		at = next_after(l->spread.uptakes);
		if (at == UPTAKES_MAX)
			return;
		l->spread.uptakes = words[at].number;
		if (words[at].from == l->peer || words[at].v.host == l->peer)
			continue;
		spread_uptake_write(&words[at].v, bytes);
		link_say(g, l, STREAM_UPTAKE, bytes, sizeof(bytes));
	}
}
