/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl hosts: the other hosts of the family and the links to them, as the gamete has written them down. */
#include "cellctl/hosts.h"
#include "cellctl/hosts_dna.h"
#include "cellctl/pins.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *relation_name(uint32_t relation)
{
	static const char *const names[RELATION_COUNT] = {
		[RELATION_NONE] = "none",
#define X(NAME, name) [RELATION_##NAME] = #name,
		RELATIONS(X)
#undef X
	};

	return names[relation < RELATION_COUNT ? relation : RELATION_NONE];
}

static const char *state_name(uint32_t state)
{
	static const char *const names[HOST_STATE_COUNT] = {
#define X(NAME, name) #name,
		HOST_STATES(X)
#undef X
	};

	return state < HOST_STATE_COUNT ? names[state] : "unknown";
}

int hosts_read(const struct invocation *in, const char *name, struct host rows[HOSTS_MAX])
{
	int fd = pin_map(in, name, "hosts", true), n = 0;
	struct host h;

	if (fd < 0)
		return fd;
	for (__u32 i = 0; i < HOSTS_MAX; i++)
		if (!bpf_map_lookup_elem(fd, &i, &h) && h.relation)
			rows[n++] = h;
	close(fd);
	return n;
}

/* As that host's own status says: only the egg sleeps. */
static const char *life_name(const struct host_vitals *v)
{
	return v->cells[CLASS_EGG] ? "dormant" : "awake";
}

/* NULL (in JSON) for one that has not said it yet. */
static json_t *vitals_json(const struct host_vitals *v)
{
	json_t *cells;

	if (!v->at_ns)
		return json_null();
	cells = json_object();
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class++)
		json_object_set_new(cells, class_name(class), json_integer(v->cells[class]));
	return json_pack("{s:f, s:s, s:o, s:f, s:f, s:I, s:I, s:I, s:f}", "ago_s", (double)(clock_boot_ns() - v->at_ns) / 1e9, "state",
		life_name(v), "cells", cells, "busy", v->busy_permille / 1e3, "queue_ms", v->wait_us / 1e3, "bans", (json_int_t)v->bans, "generation",
		(json_int_t)v->generation, "key_generation", (json_int_t)v->key_generation, "load", v->load_percent / 1e2);
}

static void vitals_print(const struct host_vitals *v)
{
	const char *between = "";

	if (!v->at_ns)
		return;
	printf("%16s %s: ", "", life_name(v));
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class++)
		if (v->cells[class]) {
			printf("%s%u %s", between, v->cells[class], class_name(class));
			between = ", ";
		}
	printf("; busy %.0f %%, queue %.1f ms, %u bans, load %.2f, key generation %u, %.0f s ago\n", v->busy_permille / 10.0,
		v->wait_us / 1e3, v->bans, v->load_percent / 1e2, v->key_generation, (double)(clock_boot_ns() - v->at_ns) / 1e9);
}

static json_t *host_json(const struct host *h, const struct refusals *refused)
{
	char id[17];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)h->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:s, s:o, s:o, s:I, s:I, s:o}", "id", id, "address", h->address, "relation",
		relation_name(h->relation), "state", state_name(h->state), "rtt_us",
		h->state == HOST_LINKED && h->rtt_us ? json_integer(h->rtt_us) : json_null(), "generation", (json_int_t)h->generation,
		"dna_sha256", h->dna_sha256, "heard_s_ago",
		h->heard_ns ? json_real((double)(clock_boot_ns() - h->heard_ns) / 1e9) : json_null(), "vitals", vitals_json(&h->vitals),
		"votes_to_expel", (json_int_t)h->votes, "electorate", (json_int_t)h->electorate, "dna_refused",
		refusals_json(refused, h->id));
}

json_t *hosts_json(const struct invocation *in, const char *name)
{
	static struct host rows[HOSTS_MAX];
	static struct refusals refused;
	json_t *all = json_array();
	int n = hosts_read(in, name, rows);

	refusals_read(in, name, &refused);
	for (int i = 0; i < n; i++)
		json_array_append_new(all, host_json(&rows[i], &refused));
	refusals_add(&refused, rows, n, all);
	return all;
}

void hosts_print(const struct invocation *in, const char *name)
{
	static struct host rows[HOSTS_MAX];
	static struct refusals refused;
	int n = hosts_read(in, name, rows);

	refusals_read(in, name, &refused);
	if (n > 0)
		printf("\n%-16s %-24s %-13s %-8s %10s  %s\n", "host", "address", "relation", "link", "round trip", "DNA");
	for (int i = 0; i < n; i++) {
		const struct host *h = &rows[i];
		char trip[24] = "-";

		if (h->state == HOST_LINKED && h->rtt_us)
			snprintf(trip, sizeof(trip), "%.3f ms", h->rtt_us / 1e3);
		printf("%016llx %-24s %-13s %-8s %10s  ", (unsigned long long)h->id, h->address, relation_name(h->relation),
			state_name(h->state), trip);
		printf(h->generation ? "%.12s (generation %u)\n" : "-\n", h->dna_sha256, h->generation);
		vitals_print(&h->vitals);
		refusals_print(&refused, h->id);
		if (h->votes)
			printf("%16s %u of %u hosts %s it expelled\n", "", h->votes, h->electorate, h->relation == RELATION_EXPELLED ? "wanted" : "want");
	}
	refusals_print_others(&refused, rows, n);
}

int verb_hosts(const struct invocation *in)
{
	static struct host rows[HOSTS_MAX];
	struct invocation mine = *in;
	bool withdraw = verb_flag(&mine, "--withdraw");
	char name[32];
	int code;

	if (mine.argc > 1 && !strcmp(mine.argv[1], "expel"))
		return hosts_expel(&mine, withdraw);
	if (mine.argc != 1 || withdraw)
		return verb_usage("hosts");
	code = verb_organism(in, name);
	if (code)
		return code;
	code = hosts_read(in, name, rows);
	if (code < 0)
		return verb_say(VERB_NOT_RUNNING, "%s is not running: its map hosts cannot be opened: %s", name, strerror(-code));
	if (in->json) {
		json_t *all = hosts_json(in, name);

		json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
		putchar('\n');
		json_decref(all);
	} else if (code) {
		hosts_print(in, name);
	} else {
		printf("%s knows no other host\n", name);
	}
	return VERB_DONE;
}
