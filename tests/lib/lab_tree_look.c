/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family of nine hosts as their pinned maps and the kernels' tables of connections show it. */
#include "lab_tree.h"
#include "immune/incident.h"
#include "shared/antigen.h"
#include "tissue/tissue.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAN_S 86400u

int tree_map(const struct tree *t, int host, const char *leaf)
{
	char path[192];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/cellws/lab/%s", t->lab->bpffs, t->host[host], leaf);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	return fd;
}

static struct link_state link_state_of(const struct tree *t, int host)
{
	int fd = tree_map(t, host, "link_state");
	struct link_state state;
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(fd, &zero, &state), 0);
	close(fd);
	return state;
}

uint64_t tree_id(const struct tree *t, int host)
{
	return link_state_of(t, host).self;
}

bool tree_minority(const struct tree *t, int host)
{
	return link_state_of(t, host).minority != 0;
}

unsigned tree_family(const struct tree *t, int host)
{
	return link_state_of(t, host).family;
}

/* Every bit a host; one that is linked twice, or to nobody who is there, makes it 0. */
static unsigned linked_to(const struct tree *t, int host, const uint64_t *id, unsigned *mothers)
{
	int fd = tree_map(t, host, "hosts");
	unsigned found = 0;
	struct host h;
	bool ok = true;

	for (uint32_t row = 0; row < HOSTS_MAX; row++) {
		int other = 0;

		if (bpf_map_lookup_elem(fd, &row, &h))
			continue;
		*mothers += h.relation == RELATION_MOTHER;
		if (!h.relation || h.state != HOST_LINKED)
			continue;
		while (other < TREE_HOSTS && (!(t->alive >> other & 1) || id[other] != h.id))
			other++;
		ok = ok && other < TREE_HOSTS && other != host && !(found >> other & 1);
		found |= other < TREE_HOSTS ? 1u << other : 0;
	}
	close(fd);
	return ok ? found : 0;
}

/* TCP connections that stand on the port of links, seen from the host; both ends count. */
static unsigned connections(const struct tree *t, int host)
{
	lab_sh(t->lab, "nsenter --net=/run/netns/%s -- ss -Htn state established '( sport = :%d or dport = :%d )' | wc -l", t->host[host],
		TREE_PORT, TREE_PORT);
	return (unsigned)atoi(t->lab->out);
}

struct picture {
	uint64_t id[TREE_HOSTS];
	unsigned links[TREE_HOSTS];
};

/* False when a host has two mothers, or a link that only one side knows of. */
static bool look(const struct tree *t, struct picture *p)
{
	for (int i = 0; i < TREE_HOSTS; i++)
		p->id[i] = t->alive >> i & 1 ? tree_id(t, i) : 0;
	for (int i = 0; i < TREE_HOSTS; i++) {
		unsigned mothers = 0;

		p->links[i] = t->alive >> i & 1 ? linked_to(t, i, p->id, &mothers) : 0;
		if (mothers > 1)
			return false;
	}
	for (int i = 0; i < TREE_HOSTS; i++)
		for (int j = 0; j < TREE_HOSTS; j++)
			if ((p->links[i] >> j & 1) != (p->links[j] >> i & 1))
				return false;
	return true;
}

unsigned tree_links(const struct tree *t, int host)
{
	struct picture p;

	look(t, &p);
	return p.links[host];
}

static unsigned reached(const struct picture *p, unsigned from)
{
	unsigned all = from, before;

	do {
		before = all;
		for (int i = 0; i < TREE_HOSTS; i++)
			all |= all >> i & 1 ? p->links[i] : 0;
	} while (all != before);
	return all;
}

bool tree_is_one(const struct tree *t, unsigned hosts)
{
	unsigned ends = 0, wanted = 2 * ((unsigned)__builtin_popcount(hosts) - 1);
	struct picture p;

	if (!look(t, &p) || reached(&p, hosts & -hosts) != hosts)
		return false;
	for (int i = 0; i < TREE_HOSTS; i++)
		ends += hosts >> i & 1 ? (unsigned)__builtin_popcount(p.links[i]) : 0;
	if (ends != wanted)
		return false;
	for (int i = 0; i < TREE_HOSTS; i++)
		wanted -= hosts >> i & 1 ? connections(t, i) : 0;
	return wanted == 0;
}

static bool is_grown(const struct tree *t)
{
	struct picture p;

	if (!look(t, &p))
		return false;
	for (int i = 1; i < TREE_HOSTS; i++)
		if (!(p.links[i] >> tree_mother[i] & 1))
			return false;
	return tree_is_one(t, TREE_ALL);
}

struct tree_wish {
	const struct tree *t;
	unsigned hosts;
};

static bool is_one(void *arg)
{
	const struct tree_wish *w = arg;

	return w->hosts ? tree_is_one(w->t, w->hosts) : is_grown(w->t);
}

static void print(const struct tree *t)
{
	for (int i = 0; i < TREE_HOSTS; i++) {
		if (!(t->alive >> i & 1))
			continue;
		fprintf(stderr, "host %d (%016llx), %u connections:\n", i, (unsigned long long)tree_id(t, i), connections(t, i));
		tree_ctl(t, i, "hosts");
		fputs(t->lab->out, stderr);
	}
}

static double expect(const struct tree *t, unsigned hosts, double seconds)
{
	struct tree_wish w = { t, hosts };
	double since = lab_now();

	if (lab_wait(seconds, is_one, &w))
		return lab_now() - since;
	print(t);
	cr_assert_fail("%s within %.0f s", hosts ? "not one tree" : "not the tree that was grown", seconds);
	return seconds;
}

double tree_expect_one(const struct tree *t, unsigned hosts, double seconds)
{
	return expect(t, hosts, seconds);
}

double tree_expect_grown(const struct tree *t, double seconds)
{
	return expect(t, 0, seconds);
}

static void ban_one(int bans, int record, uint32_t address)
{
	struct antibody ban = { .since_ns = clock_boot_ns(), .reason = ANTIBODY_BY_HAND, .bits = 32 };
	struct record_call what = { .source = { .key = address, .family = 4 }, .act = INCIDENT_BY_HAND, .ttl_s = BAN_S };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &what, .ctx_size_in = sizeof(what));

	ban.expires_ns = ban.since_ns + BAN_S * 1000000000ull;
	cr_assert_eq(bpf_map_update_elem(bans, &address, &ban, BPF_ANY), 0);
	cr_assert_eq(bpf_prog_test_run_opts(record, &run), 0);
}

void tree_ban(const struct tree *t, int host, unsigned first, unsigned n)
{
	int bans = tree_map(t, host, "antibody_v4"), record = tree_map(t, host, "prog_gland_record");

	for (unsigned i = first; i < first + n; i++)
		ban_one(bans, record, htonl((100u << 24 | 64u << 16) + i));
	close(bans);
	close(record);
}

static unsigned count(const struct tree *t, int host, const char *leaf)
{
	struct prefix_v6 key; /* the largest */
	int fd = tree_map(t, host, leaf);
	unsigned n = 0;

	for (void *at = NULL; !bpf_map_get_next_key(fd, at, &key); at = &key)
		n++;
	close(fd);
	return n;
}

unsigned tree_banned(const struct tree *t, int host)
{
	return count(t, host, "antibody_v4");
}

unsigned tree_prefixes(const struct tree *t, int host)
{
	return count(t, host, "prefix_v4");
}

static bool holds_all(int all, int some)
{
	uint32_t address, next;
	struct antibody ban;
	void *at = NULL;

	while (!bpf_map_get_next_key(some, at, &next)) {
		address = next;
		at = &address;
		if (bpf_map_lookup_elem(all, &address, &ban))
			return false;
	}
	return true;
}

bool tree_bans_agree(const struct tree *t, unsigned hosts)
{
	int first = __builtin_ctz(hosts), one = tree_map(t, first, "antibody_v4");
	unsigned n = tree_banned(t, first);
	bool agree = true;

	for (int i = first + 1; i < TREE_HOSTS && agree; i++) {
		int other = hosts >> i & 1 ? tree_map(t, i, "antibody_v4") : -1;

		if (other < 0)
			continue;
		agree = tree_banned(t, i) == n && holds_all(other, one);
		close(other);
	}
	close(one);
	return agree;
}
