/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The simulated world: its calendar, births and deaths, and what shape the links have. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

uint32_t world_random(struct world *w)
{
	/* xorshift64*, for the same lives on every machine */
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)(w->random * 2685821657736338717ull >> 32);
}

static void *room_for(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

void world_expect(struct world *w, uint32_t in_ms, const struct happening *e)
{
	struct day *d = &w->day[(w->now_ms + (in_ms ? in_ms : 1)) % DAYS];

	if (in_ms >= DAYS)
		abort();
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 16;
		d->event = realloc(d->event, d->room * sizeof(*d->event));
		if (!d->event)
			abort();
	}
	d->event[d->n++] = *e;
}

void world_sent(struct world *w, uint32_t host, uint32_t n)
{
	w->host[host].sent += n;
}

static uint64_t new_id(struct world *w)
{
	/* Any order of numbers, none twice. */
	return (uint64_t)world_random(w) << 32 | ++w->ids;
}

static void name(uint32_t host, char to[HOST_ADDRESS])
{
	memset(to, 0, HOST_ADDRESS);
	snprintf(to, HOST_ADDRESS, "%u:1", host);
}

static void fill_row(struct world *w, uint32_t host, int row, uint32_t other, uint32_t relation)
{
	struct host *h = &w->host[host].row[row];

	*h = (struct host){ .id = w->host[other].id, .relation = relation, .state = HOST_KNOWN };
	name(other, h->address);
}

static int free_row(const struct member *m)
{
	int row = 0;

	while (row < (int)HOSTS_MAX && m->row[row].relation)
		row++;
	return row;
}

/* Each hangs on one of those before it that has room, so branches are of every size. */
static void plant(struct world *w)
{
	uint32_t *daughters = room_for(w->n, sizeof(*daughters));

	for (uint32_t i = 0; i < w->n; i++) {
		w->host[i].id = new_id(w);
		w->host[i].mother = NOBODY;
		w->host[i].alive = true;
	}
	for (uint32_t i = 1; i < w->n; i++) {
		uint32_t mother;

		do
			mother = world_random(w) % i;
		while (daughters[mother] == DAUGHTERS);
		daughters[mother]++;
		w->host[i].mother = mother;
	}
	for (uint32_t i = w->n; i-- > 0;) {
		w->host[i].size++;
		if (i)
			w->host[w->host[i].mother].size += w->host[i].size;
	}
	free(daughters);
}

static void link_all(struct world *w)
{
	for (uint32_t i = 1; i < w->n; i++) {
		uint32_t mother = w->host[i].mother;
		int row = free_row(&w->host[mother]);

		fill_row(w, mother, row, i, RELATION_DAUGHTER);
		fill_row(w, i, 0, mother, RELATION_MOTHER);
		links_wire(w, i, mother, 0, row);
	}
	/* What a mother says to a new daughter. */
	for (uint32_t i = 1; i < w->n; i++) {
		struct kin mother = links_kin(w, w->host[i].mother), mine = links_kin(w, i);
		struct record_kin kin[HOSTS_MAX];

		kin_hear(&mine, kin, (int)kin_tell(&mother, w->host[i].id, kin));
	}
}

void world_init(struct world *w, uint32_t n, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->n = w->alive = n;
	w->now_ms = 1000;
	w->random = seed * 2 + 1;
	w->host = room_for(n, sizeof(*w->host));
	w->wire = room_for(8 * (size_t)n, sizeof(*w->wire));
	w->free = room_for(8 * (size_t)n, sizeof(*w->free));
	plant(w);
	link_all(w);
}

void world_done(struct world *w)
{
	for (uint32_t d = 0; d < DAYS; d++) {
		for (uint32_t i = 0; i < w->day[d].n; i++)
			free(w->day[d].event[i].kin);
		free(w->day[d].event);
	}
	free(w->host);
	free(w->wire);
	free(w->free);
}

void world_kill(struct world *w, uint32_t host, bool silent, uint32_t back_ms)
{
	struct member *m = &w->host[host];

	if (!m->alive)
		return;
	m->silent = silent;
	while (m->wires) {
		const struct wire *l = &w->wire[m->wire[0]];

		links_end(w, m->wire[0], l->end[1].host == host, !silent);
	}
	m->alive = false;
	w->alive--;
	world_expect(w, back_ms, &(struct happening){ .what = BIRTH, .host = host });
}

/* With the relatives that its mother, who bears it, tells; she must live for that. The first needs nobody. */
void world_birth(struct world *w, uint32_t host)
{
	struct member *m = &w->host[host];
	struct record_kin kin[HOSTS_MAX];
	const uint64_t before = m->id;
	struct kin hers, mine;
	unsigned n = 0;

	if (host && !w->host[m->mother].alive) {
		world_expect(w, 1000, &(struct happening){ .what = BIRTH, .host = host });
		return;
	}
	memset(m->row, 0, sizeof(m->row));
	memset(m->calling, 0, sizeof(m->calling));
	memset(m->word, 0, sizeof(m->word));
	m->count = (struct kin_count){ 0 };
	m->number = 0;
	m->id = new_id(w);
	m->alive = true;
	w->alive++;
	if (host) {
		hers = links_kin(w, m->mother);
		n = kin_tell(&hers, before, kin);
		fill_row(w, host, 0, m->mother, RELATION_MOTHER);
		m->calling[0] = (struct calling){ .at_ms = w->now_ms, .lost_ms = w->now_ms };
	}
	mine = links_kin(w, host);
	kin_hear(&mine, kin, (int)n);
	links_tick(w, host);
}

void world_step(struct world *w)
{
	struct day *d;

	w->now_ms++;
	d = &w->day[w->now_ms % DAYS];
	/* Nothing is added to this day while it is lived: all lies at least one ms ahead. */
	for (uint32_t i = 0; i < d->n; i++) {
		struct happening e = d->event[i];

		if (e.what == BIRTH)
			world_birth(w, e.host);
		else if (e.what == TICK && w->host[e.host].alive && w->host[e.host].tick_ms == w->now_ms)
			links_tick(w, e.host);
		else if (e.what != TICK)
			links_happen(w, &e);
		free(e.kin);
	}
	d->n = 0;
}

static uint32_t find(uint32_t *up, uint32_t i)
{
	while (up[i] != i)
		i = up[i] = up[up[i]];
	return i;
}

/* Greeted on both sides. */
struct shape world_shape(const struct world *w)
{
	uint32_t *up = room_for(w->n, sizeof(*up));
	struct shape s = { .components = w->alive };

	for (uint32_t i = 0; i < w->n; i++) {
		up[i] = i;
		s.minority += w->host[i].alive && w->host[i].count.minority;
	}
	for (uint32_t i = 0; i < w->wires; i++) {
		const struct wire *l = &w->wire[i];
		uint32_t a, b;

		if (!l->end[0].open || !l->end[1].open || !l->end[0].greeted || !l->end[1].greeted)
			continue;
		s.links++;
		a = find(up, l->end[0].host);
		b = find(up, l->end[1].host);
		s.components -= a != b;
		s.rings += a == b;
		up[a] = b;
	}
	free(up);
	return s;
}
