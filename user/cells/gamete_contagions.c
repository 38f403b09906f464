/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that have killed drones, to and from other hosts: each link is told the log in order, from its oldest entry on. */
#include "cells/gamete.h"
#include "secret/secret.h"

#include <bpf/bpf.h>
#include <string.h>

#define ROOM   4352u /* so much is kept for what is smaller, and for one of these */
#define SCHEME "cellws-fingerprints"

void contagions_open(struct gamete_cell *g)
{
	g->scheme = secret_short(SCHEME, sizeof(SCHEME), g->t->germ->fingerprint_key);
}

static void tell(struct gamete_cell *g, struct link *l, const struct contagion *c)
{
	struct record_contagion r = { .scheme = g->scheme, .fingerprint = c->what.fingerprint, .host = c->what.host,
		.deaths = c->deaths, .route = c->route, .cause = c->cause & UINT16_MAX };
	uint8_t bytes[RECORD_CONTAGION_BYTES];

	memcpy(r.detail, c->detail, ANTIGEN_DETAIL);
	record_contagion_write(&r, bytes);
	link_say(g, l, STREAM_CONTAGION, bytes, sizeof(bytes));
}

/* Not back to who told it, nor to where it happened. */
static bool is_for(const struct link *l, const struct contagion *c)
{
	return c->from != l->peer && c->what.host != l->peer;
}

static bool last_number(uint64_t *to)
{
	struct link_state state;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(FD_LINK_STATE, &zero, &state))
		return false;
	*to = state.contagions;
	return true;
}

void contagions_go_on(struct gamete_cell *g, struct link *l)
{
	uint64_t last;

	if (!last_number(&last))
		return;
	if (last - l->contagions > CONTAGIONS_MAX)
		l->contagions = last - CONTAGIONS_MAX;
	while (l->contagions < last && l->step != LINK_NONE && link_room(l) >= ROOM) {
		uint64_t number = l->contagions + 1;
		uint32_t at = (uint32_t)(number % CONTAGIONS_MAX);
		struct contagion c;

		/* One that is being written just now is told with the next heartbeat. */
		if (bpf_map_lookup_elem(FD_CONTAGIONS, &at, &c) || c.number < number)
			return;
		l->contagions = number;
		if (c.number == number && is_for(l, &c))
			tell(g, l, &c);
	}
}

void contagions_tell(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted)
			contagions_go_on(g, &g->link[i]);
}

void contagions_hear(struct gamete_cell *g, struct link *l, const struct record_contagion *r)
{
	struct infect_call call = { .what = { .fingerprint = r->fingerprint, .host = r->host }, .from = l->peer, .deaths = r->deaths,
		.route = r->route, .cause = r->cause };

	if (r->scheme != g->scheme && !l->estranged) {
		l->estranged = true;
		tissue_log(g->t, "%s knows requests by another secret, since a change of the key: what has killed there is not known here",
			g->row[l->row].address);
	}
	if (r->scheme != g->scheme || r->host == g->self)
		return;
	memcpy(call.detail, r->detail, ANTIGEN_DETAIL);
	if (lymph_run(FD_INFECT, &call, sizeof(call)) || call.answer != GLAND_OK)
		return;
	tissue_log(g->t, "a request has killed a drone on host %016llx, %s says%s: %s", (unsigned long long)r->host, g->row[l->row].address,
		call.total >= PATHOGEN_DEADLY ? "; it is refused from now on" : "", r->detail);
	contagions_tell(g);
}
