/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Other hosts as this one knows them, and whom to call: the mother; without her the grandmother, or the eldest sister by number. */
#include "cells/gamete.h"
#include "cells/signal.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BACK_LEAST_MS 100u
#define BACK_MOST_MS  5000u
#define AT_ONCE_MS    20u   /* after a link that worked is gone */
#define ORPHAN_MS     2000u /* without a mother, before another host is asked */

void family_put(struct gamete_cell *g, int row)
{
	struct host_call call = { .index = (uint32_t)row, .family = g->family, .minority = g->minority, .host = g->row[row] };

	lymph_run(FD_HOST, &call, sizeof(call));
}

static bool is_near(uint32_t relation)
{
	return relation == RELATION_MOTHER || relation == RELATION_DAUGHTER;
}

/* What the gamete before has left. */
void family_load(struct gamete_cell *g)
{
	for (uint32_t i = 0; i < HOSTS_MAX; i++) {
		struct host *h = &g->row[i];

		g->calling[i] = (struct calling){ .at_ms = g->now_ms, .lost_ms = g->now_ms };
		if (bpf_map_lookup_elem(FD_HOSTS, &i, h) || h->relation >= RELATION_COUNT)
			*h = (struct host){ 0 };
		if (!h->relation)
			continue;
		h->state = is_near(h->relation) ? HOST_LOST : HOST_KNOWN;
		family_put(g, (int)i);
	}
}

struct link *family_link(struct gamete_cell *g, int row)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].row == row)
			return &g->link[i];
	return NULL;
}

/* Where who has called can be called itself, as far as one can see from here. */
static void address_of(const struct link *l, uint16_t port, char to[HOST_ADDRESS])
{
	struct sockaddr_storage from = { 0 };
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&from;
	char host[INET6_ADDRSTRLEN] = "";
	socklen_t n = sizeof(from);

	memset(to, 0, HOST_ADDRESS);
	if (getpeername(l->fd, (struct sockaddr *)&from, &n))
		return;
	if (from.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
	snprintf(to, HOST_ADDRESS, from.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
}

static uint32_t mirrored(uint32_t relation)
{
	static const uint32_t of[RELATION_COUNT] = {
		[RELATION_MOTHER] = RELATION_DAUGHTER,
		[RELATION_DAUGHTER] = RELATION_MOTHER,
		[RELATION_SISTER] = RELATION_SISTER,
		[RELATION_GRANDMOTHER] = RELATION_GRANDDAUGHTER,
		[RELATION_GRANDDAUGHTER] = RELATION_GRANDMOTHER,
	};

	return relation < RELATION_COUNT ? of[relation] : RELATION_NONE;
}

/* An empty row; else that of whom nothing was heard for longest. */
static int make_room(struct gamete_cell *g)
{
	int oldest = -1;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		const struct host *h = &g->row[i];

		if (!h->relation)
			return i;
		if (h->relation != RELATION_MOTHER && h->relation != RELATION_EXPELLED && !family_link(g, i) && (oldest < 0 || h->heard_ns < g->row[oldest].heard_ns))
			oldest = i;
	}
	return oldest;
}

int family_find(struct gamete_cell *g, const struct link *l, const struct record_hello *hello)
{
	char address[HOST_ADDRESS];
	int row = -1;

	address_of(l, hello->port, address);
	for (int i = 0; i < (int)HOSTS_MAX && row < 0; i++)
		if (g->row[i].relation && g->row[i].id == hello->id)
			row = i;
	for (int i = 0; i < (int)HOSTS_MAX && row < 0; i++)
		if (g->row[i].relation && g->row[i].relation != RELATION_EXPELLED && !strcmp(g->row[i].address, address) && !family_link(g, i))
			row = i;
	if (row < 0) {
		row = make_room(g);
		if (row < 0 || !mirrored(hello->relation))
			return -1;
		g->row[row] = (struct host){ .id = hello->id, .relation = mirrored(hello->relation) };
		g->calling[row] = (struct calling){ .at_ms = g->now_ms };
	}
	/* Who has lost its mother for good calls the one that it has chosen. */
	if (hello->relation == RELATION_MOTHER && g->row[row].relation != RELATION_MOTHER)
		g->row[row].relation = RELATION_DAUGHTER;
	memcpy(g->row[row].address, address, HOST_ADDRESS);
	return row;
}

/* What the mother says of grandmother and sisters takes the place of what she said before. */
void family_hear(struct gamete_cell *g, const struct record_kin *kin, int n)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		uint32_t relation = g->row[i].relation;

		if ((relation != RELATION_SISTER && relation != RELATION_GRANDMOTHER) || family_link(g, i))
			continue;
		g->row[i] = (struct host){ 0 };
		family_put(g, i);
	}
	for (int k = 0; k < n; k++) {
		int row = 0;

		if (kin[k].id == g->self || (kin[k].relation != RELATION_SISTER && kin[k].relation != RELATION_GRANDMOTHER))
			continue;
		while (row < (int)HOSTS_MAX && !(g->row[row].relation && g->row[row].id == kin[k].id))
			row++;
		row = row < (int)HOSTS_MAX ? row : make_room(g);
		if (row < 0 || g->row[row].relation)
			continue;
		g->row[row] = (struct host){ .id = kin[k].id, .relation = kin[k].relation };
		memcpy(g->row[row].address, kin[k].address, HOST_ADDRESS);
		g->calling[row] = (struct calling){ .at_ms = g->now_ms };
		family_put(g, row);
	}
}

static uint32_t between(uint32_t least, uint32_t most)
{
	return least + signal_random() % (most - least + 1);
}

void family_lost(struct gamete_cell *g, int row, bool was_linked)
{
	struct calling *c = &g->calling[row];
	struct host *h = &g->row[row];

	/* A newer link that was refused says nothing about the one there is. */
	if (family_link(g, row) && h->state == HOST_LINKED)
		return;
	h->state = is_near(h->relation) ? HOST_LOST : HOST_KNOWN;
	h->rtt_us = 0;
	if (was_linked) {
		c->lost_ms = g->now_ms;
		c->back_ms = 0;
		c->at_ms = g->now_ms + between(1, AT_ONCE_MS);
	} else {
		c->back_ms = !c->back_ms ? BACK_LEAST_MS : 2 * c->back_ms < BACK_MOST_MS ? 2 * c->back_ms : BACK_MOST_MS;
		c->at_ms = g->now_ms + between(c->back_ms / 2, c->back_ms);
		c->tries++;
	}
	family_put(g, row);
}

void family_linked(struct gamete_cell *g, struct link *l)
{
	struct host *h = &g->row[l->row];

	h->state = HOST_LINKED;
	h->heard_ns = clock_boot_ns();
	g->calling[l->row].back_ms = g->calling[l->row].tries = 0;
	tissue_log(g->t, "linked to %s", h->address);
	talk_beat(g, l);
	talk_family(g);
}

static int find_mother(const struct gamete_cell *g)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (g->row[i].relation == RELATION_MOTHER)
			return i;
	return -1;
}

/* Sisters call those with lower numbers only, so that no two call each other and no ring comes about. */
static bool may_foster(const struct gamete_cell *g, const struct host *h)
{
	return h->relation == RELATION_GRANDMOTHER || (h->relation == RELATION_SISTER && h->id < g->self);
}

/* The next to be asked: grandmother first, then by number; of those whose time has come. */
static int find_foster(const struct gamete_cell *g, uint64_t *next_ms)
{
	int best = -1;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		const struct host *h = &g->row[i], *b = best >= 0 ? &g->row[best] : NULL;

		if (!may_foster(g, h))
			continue;
		if (g->calling[i].at_ms > g->now_ms) {
			if (g->calling[i].at_ms < *next_ms)
				*next_ms = g->calling[i].at_ms;
			continue;
		}
		if (!b || (h->relation == RELATION_GRANDMOTHER && b->relation != RELATION_GRANDMOTHER) ||
			(h->relation == b->relation && h->id < b->id))
			best = i;
	}
	return best;
}

/* A link to, or on the way to, one who takes the mother's place. */
static struct link *foster_link(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l->step != LINK_NONE && !l->called && l->row >= 0 && g->row[l->row].relation != RELATION_MOTHER)
			return l;
	}
	return NULL;
}

/* For good: her own mother, else the eldest sister by number; who is that herself has none, and the others come to her. */
static void choose_mother(struct gamete_cell *g)
{
	int best = -1;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		const struct host *h = &g->row[i];

		if (!may_foster(g, h))
			continue;
		if (best < 0 || h->relation == RELATION_GRANDMOTHER ||
			(g->row[best].relation == RELATION_SISTER && h->id < g->row[best].id))
			best = i;
	}
	if (best < 0)
		return;
	g->row[best].relation = RELATION_MOTHER;
	g->calling[best] = (struct calling){ .at_ms = g->now_ms, .lost_ms = g->now_ms };
	family_put(g, best);
}

/* An empty row, or that of who was expelled longest ago, if there are many. */
static int expelled_row(struct gamete_cell *g)
{
	int oldest = -1;
	unsigned n = 0;

	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (g->row[i].relation == RELATION_EXPELLED) {
			n++;
			if (oldest < 0 || g->row[i].heard_ns < g->row[oldest].heard_ns)
				oldest = i;
		}
	return n < HOSTS_EXPELLED ? make_room(g) : oldest;
}

int family_expel(struct gamete_cell *g, uint64_t id)
{
	int row = -1;
	bool mother;

	for (int i = 0; i < (int)HOSTS_MAX && row < 0; i++)
		if (g->row[i].relation && g->row[i].id == id)
			row = i;
	mother = row >= 0 && g->row[row].relation == RELATION_MOTHER;
	if (row < 0) {
		row = expelled_row(g);
		if (row < 0)
			return -1;
		g->row[row] = (struct host){ .id = id, .address = "-" };
	}
	g->row[row].relation = RELATION_EXPELLED;
	g->row[row].state = HOST_KNOWN;
	g->row[row].heard_ns = clock_boot_ns();
	g->family -= g->family > 1;
	family_put(g, row);
	if (mother)
		choose_mother(g);
	return row;
}

static bool is_orphan(const struct gamete_cell *g, int mother)
{
	return g->row[mother].state != HOST_LINKED && g->now_ms - g->calling[mother].lost_ms >= ORPHAN_MS;
}

void family_tick(struct gamete_cell *g)
{
	int mother = find_mother(g), foster;
	uint64_t none = UINT64_MAX;
	struct link *l;

	if (mother < 0 || g->outcast)
		return;
	if (!family_link(g, mother) && g->now_ms >= g->calling[mother].at_ms)
		link_call(g, mother);
	l = foster_link(g);
	if (g->row[mother].state == HOST_LINKED && l)
		link_close(g, l, "the mother is back");
	if (l || !is_orphan(g, mother))
		return;
	foster = find_foster(g, &none);
	if (foster >= 0 && !family_link(g, foster))
		link_call(g, foster);
}

uint64_t family_next_ms(const struct gamete_cell *g)
{
	int mother = find_mother(g);
	uint64_t next = UINT64_MAX;

	if (mother < 0 || g->outcast || g->row[mother].state == HOST_LINKED)
		return next;
	if (!family_link((struct gamete_cell *)(uintptr_t)g, mother))
		next = g->calling[mother].at_ms;
	if (!is_orphan(g, mother))
		return g->calling[mother].lost_ms + ORPHAN_MS < next ? g->calling[mother].lost_ms + ORPHAN_MS : next;
	if (!foster_link((struct gamete_cell *)(uintptr_t)g)) {
		int foster = find_foster(g, &next);

		if (foster >= 0 && !family_link((struct gamete_cell *)(uintptr_t)g, foster))
			return g->now_ms;
	}
	return next;
}
