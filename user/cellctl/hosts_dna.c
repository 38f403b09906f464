/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which hosts refuse the DNA that all were to live by, and why: as each has said, for `cellctl hosts` on all of them. */
#include "cellctl/hosts_dna.h"
#include "cellctl/pins.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <unistd.h>

void refusals_read(const struct invocation *in, const char *name, struct refusals *to)
{
	int fd = pin_map(in, name, "uptakes", true);
	struct link_state state;
	struct uptake u;

	*to = (struct refusals){ .self = pin_link_state(in, name, &state) ? 0 : state.self };
	for (__u32 i = 0; fd >= 0 && i < UPTAKES_MAX; i++) {
		if (bpf_map_lookup_elem(fd, &i, &u) || !u.host)
			continue;
		if (u.generation > to->newest)
			to->newest = u.generation;
		if (u.state == UPTAKE_REFUSED)
			to->row[to->n++] = u;
	}
	if (fd >= 0)
		close(fd);
}

/* What was said of an older one is over. */
static const struct uptake *find(const struct refusals *r, uint64_t id)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->row[i].host == id && r->row[i].generation == r->newest)
			return &r->row[i];
	return NULL;
}

json_t *refusals_json(const struct refusals *r, uint64_t id)
{
	const struct uptake *u = find(r, id);

	return u ? json_pack("{s:I, s:s}", "generation", (json_int_t)u->generation, "why", u->why) : json_null();
}

void refusals_print(const struct refusals *r, uint64_t id)
{
	const struct uptake *u = find(r, id);

	if (u)
		printf("%16s DNA generation %u refused: %s\n", "", u->generation, u->why);
}

static bool is_listed(const struct host *rows, int n, uint64_t id)
{
	for (int i = 0; i < n; i++)
		if (rows[i].id == id)
			return true;
	return false;
}

void refusals_add(const struct refusals *r, const struct host *rows, int n, json_t *all)
{
	for (unsigned i = 0; i < r->n; i++) {
		uint64_t host = r->row[i].host;
		char id[17];

		if (is_listed(rows, n, host) || !find(r, host))
			continue;
		snprintf(id, sizeof(id), "%016llx", (unsigned long long)host);
		json_array_append_new(all, json_pack("{s:s, s:n, s:s, s:n, s:n, s:o}", "id", id, "address", "relation",
			host == r->self ? "self" : "none", "state", "rtt_us", "dna_refused", refusals_json(r, host)));
	}
}

void refusals_print_others(const struct refusals *r, const struct host *rows, int n)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct uptake *u = &r->row[i];

		if (!is_listed(rows, n, u->host) && find(r, u->host))
			printf("%016llx %s: DNA generation %u refused: %s\n", (unsigned long long)u->host,
				u->host == r->self ? "(this host)" : "(a host further away)", u->generation, u->why);
	}
}
