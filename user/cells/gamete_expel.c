/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hosts that are to be expelled: each host has a vote, signed; when most of the family say so, all cut the link and refuse it. */
#include "cells/gamete.h"

#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VOTES_MAX    512u  /* of all hosts on all hosts */
#define ROOM	     4400u /* so much is kept for what is smaller, and for one of these */
#define LOOK_MS	     500u
#define FEW	     3u	   /* of fewer hosts no majority is possible without the one it is about, or against it */
#define SAY_AGAIN_MS 60000u
#define ALONE_MS     (3u * KIN_STEADY_MS) /* who is expelled leaves links to others until they have counted, too */

static struct {
	struct record_vote v;
	uint64_t number; /* the order in which they came; 0: none here */
	uint64_t from;	 /* id of the host that told it; 0: this host's own */
} votes[VOTES_MAX];
static uint64_t last;
static uint32_t counted_of; /* hosts, when votes were last counted */
static uint64_t alone_ms;   /* when this host, expelled, ends its links itself */

static bool is_known(const uint8_t key[32])
{
	static const uint8_t none[32];

	return memcmp(key, none, sizeof(none)) != 0;
}

static int row_of(const struct gamete_cell *g, uint64_t id)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (g->row[i].relation && g->row[i].id == id)
			return i;
	return -1;
}

static bool is_expelled(const struct gamete_cell *g, uint64_t id, const uint8_t key[32])
{
	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		const struct host *h = &g->row[i];

		if (h->relation == RELATION_EXPELLED && (h->id == id || (is_known(h->key) && !memcmp(h->key, key, sizeof(h->key)))))
			return true;
	}
	return false;
}

bool expel_bars(struct gamete_cell *g, uint64_t id, const uint8_t key[32])
{
	if (!is_expelled(g, id, key))
		return false;
	if (!g->turned_away_ms || g->now_ms - g->turned_away_ms > SAY_AGAIN_MS)
		tissue_log(g->t, "host %016llx was expelled; it has called and is turned away", (unsigned long long)id);
	g->turned_away_ms = g->now_ms;
	return true;
}

/* A row of the file: the next `up` knows it too. */
static void write_down(const struct gamete_cell *g, const struct host *h)
{
	struct expelled e = { .id = h->id };
	uint8_t row[EXPELLED_BYTES];

	memcpy(e.key, h->key, sizeof(e.key));
	self_mark(&e, row);
	if (write(FD_EXPELLED, row, sizeof(row)) != (ssize_t)sizeof(row))
		tissue_log(g->t, "host %016llx was expelled, which could not be written down: the next `up` will not know it",
			(unsigned long long)h->id);
}

/* Its pair as who linked to it has seen it, or as votes name it. */
static void learn_key(struct gamete_cell *g, struct host *h, int row)
{
	for (unsigned i = 0; i < VOTES_MAX && !is_known(h->key); i++)
		if (votes[i].number && votes[i].v.target == h->id)
			memcpy(h->key, votes[i].v.target_key, sizeof(h->key));
	family_put(g, row);
}

static void cut(struct gamete_cell *g, uint64_t id, const uint8_t key[32])
{
	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l->step != LINK_NONE && l->met && (g->outcast || l->met == id || (is_known(key) && !memcmp(l->key, key, 32))))
			link_close(g, l, g->outcast ? "this host was expelled" : "it was expelled");
	}
}

static void vote(struct gamete_cell *g, uint64_t id, uint64_t stamp, uint32_t withdrawn);

static void expel(struct gamete_cell *g, uint64_t id, uint32_t count, uint32_t electorate)
{
	int row = row_of(g, id);
	bool met = row >= 0 && is_known(g->row[row].key);

	tissue_log(g->t, "host %016llx is expelled: %u of %u hosts want it%s", (unsigned long long)id, count, electorate,
		id == g->self ? "; this is that host, and it goes on alone" : "");
	if (id == g->self) {
		g->outcast = true;
		alone_ms = g->now_ms + ALONE_MS;
		return;
	}
	/* Who knows its key joins the majority: so everybody learns which key to refuse. */
	if (met)
		vote(g, id, 0, 0);
	row = family_expel(g, id);
	if (row < 0)
		return;
	learn_key(g, &g->row[row], row);
	write_down(g, &g->row[row]);
	cut(g, id, g->row[row].key);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/*
 * How many hosts there are is what the voters have said, the one in the middle, or what this host has seen, if that is more:
 * one that has just come knows few, and a single one that lies moves nothing.
 */
static void count(struct gamete_cell *g, uint64_t id)
{
	static uint32_t families[VOTES_MAX];
	uint32_t n = 0, electorate;
	int row = row_of(g, id);

	if ((row >= 0 && g->row[row].relation == RELATION_EXPELLED) || (id == g->self && g->outcast))
		return;
	for (unsigned i = 0; i < VOTES_MAX; i++) {
		const struct record_vote *v = &votes[i].v;

		if (votes[i].number && v->target == id && !v->withdrawn && !is_expelled(g, v->voter, v->voter_key))
			families[n++] = v->family;
	}
	qsort(families, n, sizeof(*families), by_number);
	electorate = n && families[n / 2] > g->count.family ? families[n / 2] : g->count.family;
	if (row >= 0) {
		g->row[row].votes = n;
		g->row[row].electorate = electorate;
		family_put(g, row);
	}
	if (electorate >= FEW && 2 * n > electorate)
		expel(g, id, n, electorate);
}

/* The place of that voter's word on that host, else a free one; VOTES_MAX: there is no room. */
static unsigned place_of(const struct record_vote *v)
{
	unsigned room = VOTES_MAX;

	for (unsigned i = 0; i < VOTES_MAX; i++) {
		if (!votes[i].number)
			room = i;
		else if (votes[i].v.target == v->target && !memcmp(votes[i].v.voter_key, v->voter_key, sizeof(v->voter_key)))
			return i;
	}
	return room;
}

/* True when it is new. */
static bool put(const struct record_vote *v, uint64_t from)
{
	unsigned at = place_of(v);

	if (at == VOTES_MAX || (votes[at].number && votes[at].v.stamp >= v->stamp))
		return false;
	votes[at].v = *v;
	votes[at].from = from;
	votes[at].number = ++last;
	return true;
}

static void tell_all(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted)
			expel_go_on(g, &g->link[i]);
}

static void log_vote(const struct gamete_cell *g, const struct record_vote *v)
{
	tissue_log(g->t, "host %016llx %s host %016llx to be expelled", (unsigned long long)v->voter,
		v->withdrawn ? "no longer wants" : "wants", (unsigned long long)v->target);
}

static void take(struct gamete_cell *g, const struct record_vote *v, uint64_t from)
{
	int row = row_of(g, v->target);

	if (!put(v, from))
		return;
	log_vote(g, v);
	tell_all(g);
	if (row >= 0 && g->row[row].relation == RELATION_EXPELLED && !is_known(g->row[row].key) && is_known(v->target_key)) {
		learn_key(g, &g->row[row], row);
		write_down(g, &g->row[row]);
	}
	count(g, v->target);
}

/* This host's own. stamp 0: now, unless it has said the same before. */
static void vote(struct gamete_cell *g, uint64_t id, uint64_t stamp, uint32_t withdrawn)
{
	struct record_vote v = { .target = id, .stamp = stamp, .family = g->count.family ? g->count.family : 1, .withdrawn = withdrawn };
	int row = row_of(g, id);
	unsigned at;

	memcpy(v.voter_key, g->key, sizeof(v.voter_key));
	at = place_of(&v);
	if (at < VOTES_MAX && votes[at].number && (stamp ? votes[at].v.stamp >= stamp : !votes[at].v.withdrawn))
		return;
	if (!stamp)
		v.stamp = clock_wall_ns();
	if (v.family > RECORD_FAMILY_MOST)
		v.family = RECORD_FAMILY_MOST;
	if (row >= 0)
		memcpy(v.target_key, g->row[row].key, sizeof(v.target_key));
	self_vote(g, &v);
	if (!put(&v, 0))
		return;
	log_vote(g, &v);
	tell_all(g);
}

/* More hosts than were known when votes came may make a majority possible. */
static void recount(struct gamete_cell *g)
{
	if (counted_of == g->count.family)
		return;
	counted_of = g->count.family;
	for (unsigned i = 0; i < VOTES_MAX; i++)
		if (votes[i].number)
			count(g, votes[i].v.target);
}

void expel_look(struct gamete_cell *g)
{
	uint64_t id, before;
	struct wish w;

	if (g->now_ms - g->looked_ms < LOOK_MS)
		return;
	g->looked_ms = g->now_ms;
	if (g->outcast && g->now_ms >= alone_ms)
		cut(g, g->self, g->key);
	recount(g);
	for (bool first = true; !bpf_map_get_next_key(FD_WISHES, first ? NULL : &before, &id); before = id, first = false) {
		if (bpf_map_lookup_elem(FD_WISHES, &id, &w) || !id || id == g->self || !w.stamp)
			continue;
		vote(g, id, w.stamp, w.withdrawn != 0);
		count(g, id);
	}
}

void expel_hear(struct gamete_cell *g, struct link *l, const struct record_vote *v)
{
	if (self_believes(v) && !is_expelled(g, v->voter, v->voter_key))
		take(g, v, l->peer);
}

static unsigned next_after(uint64_t number)
{
	unsigned best = VOTES_MAX;

	for (unsigned i = 0; i < VOTES_MAX; i++)
		if (votes[i].number > number && (best == VOTES_MAX || votes[i].number < votes[best].number))
			best = i;
	return best;
}

void expel_go_on(struct gamete_cell *g, struct link *l)
{
	uint8_t bytes[RECORD_VOTE_BYTES];
	unsigned at;

	while (l->step != LINK_NONE && l->votes < last && link_room(l) >= ROOM) {
		at = next_after(l->votes);
		if (at == VOTES_MAX)
			return;
		l->votes = votes[at].number;
		if (votes[at].from == l->peer)
			continue;
		record_vote_write(&votes[at].v, bytes);
		link_say(g, l, STREAM_VOTE, bytes, sizeof(bytes));
	}
}
