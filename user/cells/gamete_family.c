/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Other hosts as this one knows them: kept in the kernel's map, called when it is time; gamete_kin.c decides. */
#include "cells/gamete.h"
#include "cells/signal.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void family_put(struct gamete_cell *g, int row)
{
	struct host_call call = { .index = (uint32_t)row, .family = g->count.family, .minority = g->count.minority,
		.host = g->row[row] };

	lymph_run(FD_HOST, &call, sizeof(call));
}

static struct kin kin_of(struct gamete_cell *g)
{
	struct kin k = { .self = g->self, .now_ms = g->now_ms, .row = g->row, .calling = g->calling };

	for (unsigned i = 0; i < LINKS; i++) {
		const struct link *l = &g->link[i];

		if (l->step != LINK_NONE && l->row >= 0)
			k.link[l->row] = l->called ? KIN_CALLS : KIN_CALLED;
	}
	return k;
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
		h->state = h->relation == RELATION_MOTHER || h->relation == RELATION_DAUGHTER ? HOST_LOST : HOST_KNOWN;
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

int family_find(struct gamete_cell *g, const struct link *l, const struct record_hello *hello)
{
	char address[HOST_ADDRESS];
	struct kin k = kin_of(g);

	address_of(l, hello->port, address);
	return kin_find(&k, hello, address);
}

void family_hear(struct gamete_cell *g, const struct record_kin *kin, int n)
{
	struct kin k = kin_of(g);
	uint32_t changed = kin_hear(&k, kin, n);

	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (changed >> i & 1)
			family_put(g, i);
}

unsigned family_tell(struct gamete_cell *g, uint64_t id, struct record_kin kin[HOSTS_MAX])
{
	struct kin k = kin_of(g);

	return kin_tell(&k, id, kin);
}

void family_lost(struct gamete_cell *g, int row, bool was_linked)
{
	struct kin k = kin_of(g);

	/* A newer link that was refused says nothing about the one there is. */
	if (k.link[row] && g->row[row].state == HOST_LINKED)
		return;
	kin_lost(&k, row, was_linked, signal_random());
	family_put(g, row);
}

/* Before anything is said to the mother: through the one who took her place, all would be counted twice. */
static void leave_foster(struct gamete_cell *g)
{
	struct kin k = kin_of(g);
	int foster = kin_foster(&k);

	if (foster >= 0)
		link_close(g, family_link(g, foster), "the mother is back");
}

void family_linked(struct gamete_cell *g, struct link *l)
{
	struct host *h = &g->row[l->row];

	h->state = HOST_LINKED;
	h->heard_ns = clock_boot_ns();
	g->calling[l->row].back_ms = g->calling[l->row].tries = 0;
	tissue_log(g->t, "linked to %s", h->address);
	if (h->relation == RELATION_MOTHER)
		leave_foster(g);
	talk_beat(g, l);
	talk_family(g);
}

int family_expel(struct gamete_cell *g, uint64_t id)
{
	struct kin k = kin_of(g);
	int mother = kin_mother(&k), row = kin_expel(&k, id, clock_boot_ns()), chosen;

	if (row < 0)
		return -1;
	g->count.family -= g->count.family > 1;
	family_put(g, row);
	chosen = row == mother ? kin_choose_mother(&k) : -1;
	if (chosen >= 0)
		family_put(g, chosen);
	return row;
}

void family_tick(struct gamete_cell *g)
{
	struct kin k = kin_of(g);
	int row = kin_call_mother(&k);

	if (g->outcast)
		return;
	if (row >= 0) {
		link_call(g, row);
		k = kin_of(g);
	}
	row = kin_call_foster(&k);
	if (row >= 0)
		link_call(g, row);
}

uint64_t family_next_ms(struct gamete_cell *g)
{
	struct kin k = kin_of(g);

	return g->outcast ? UINT64_MAX : kin_next_ms(&k);
}
