/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What linked hosts say: who they are, heartbeats with the round trip, their relatives, bans. */
#include "cells/gamete.h"
#include "link/wire.h"

#include <errno.h>
#include <string.h>

static struct link *link_of_peer(struct gamete_cell *g, uint64_t id)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted && g->link[i].peer == id)
			return &g->link[i];
	return NULL;
}

/* Which host this is, before anything else. */
static void introduce(struct gamete_cell *g, struct link *l)
{
	uint8_t bytes[RECORD_HOST_BYTES];
	struct record_host host;

	self_introduce(g, link_script(g, l), l, &host);
	record_host_write(&host, bytes);
	link_say(g, l, STREAM_HOST, bytes, sizeof(bytes));
}

/* Who calls speaks first, who was called when it knows to whom. */
void talk_hello(struct gamete_cell *g, struct link *l)
{
	const struct host *h = l->row >= 0 ? &g->row[l->row] : NULL;
	struct record_hello hello = { .id = g->self, .have = h ? h->have : 0, .generation = g->t->organism->generation,
		.port = g->t->germ->dna.link.port, .relation = l->called || !h ? 0 : (uint16_t)h->relation };
	uint8_t bytes[RECORD_HELLO_BYTES];

	memcpy(hello.dna_sha256, (const char *)(uintptr_t)g->t->organism->dna_sha256, HOST_DNA - 1);
	record_hello_write(&hello, bytes);
	introduce(g, l);
	if (l->step != LINK_NONE)
		link_say(g, l, STREAM_HELLO, bytes, sizeof(bytes));
}

/* All that can be reached, but through except. */
static uint32_t reach(const struct gamete_cell *g, const struct link *except)
{
	uint32_t all = 1;

	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted && &g->link[i] != except)
			all += g->link[i].reach;
	return all;
}

void talk_beat(struct gamete_cell *g, struct link *l)
{
	uint64_t now = clock_boot_ns();
	struct record_beat beat = { .sent_ns = now, .echo_ns = l->theirs_ns, .held_ns = l->theirs_ns ? now - l->theirs_at_ns : 0,
		.reach = reach(g, l) };
	uint8_t bytes[RECORD_BEAT_BYTES];

	kin_count(&g->count, reach(g, NULL), g->now_ms);
	l->beat_ms = g->now_ms + LINK_BEAT_MS;
	record_beat_write(&beat, bytes);
	link_say(g, l, STREAM_BEAT, bytes, sizeof(bytes));
	if (l->step != LINK_NONE)
		contagions_go_on(g, l);
	if (l->step != LINK_NONE)
		vitals_tell(g, l);
	if (l->step != LINK_NONE)
		expel_go_on(g, l);
	if (l->step != LINK_NONE)
		spread_go_on(g, l);
}

/* The relatives of a daughter: her grandmother and her sisters. */
static void tell_family(struct gamete_cell *g, struct link *l)
{
	struct record_kin kin[HOSTS_MAX];
	uint8_t bytes[RECORD_FAMILY_BYTES];
	unsigned n = family_tell(g, l->peer, kin);

	link_say(g, l, STREAM_FAMILY, bytes, record_family_write(kin, n, bytes));
}

void talk_family(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l->step != LINK_NONE && l->greeted && l->row >= 0 && g->row[l->row].relation == RELATION_DAUGHTER)
			tell_family(g, l);
	}
}

/* The host at this address is another than it was: what that one had told says nothing. */
static int meet_anew(struct gamete_cell *g, const struct link *l, uint64_t id)
{
	struct host *h = &g->row[l->row];
	bool misled = !l->called && h->have;

	h->id = id;
	h->have = 0;
	family_put(g, l->row);
	/* It has been told of numbers that were not its own: the next call begins at none. */
	return misled ? -ESTALE : 0;
}

static int hear_hello(struct gamete_cell *g, struct link *l, const struct record_hello *hello)
{
	struct host *h;

	if (l->greeted || hello->id == g->self || hello->id != l->met)
		return -EPROTO;
	if (link_of_peer(g, hello->id))
		return -EALREADY; /* one link for each host: the newer one goes */
	if (l->called)
		l->row = family_find(g, l, hello);
	if (l->row < 0)
		return -ENOSPC;
	h = &g->row[l->row];
	/* A number belongs to one pair; a host that is laid anew has another number. */
	if (h->id == hello->id && h->heard_ns && memcmp(h->key, l->key, sizeof(h->key)))
		return -EACCES;
	if (h->id != hello->id && meet_anew(g, l, hello->id))
		return -ESTALE;
	memcpy(h->key, l->key, sizeof(h->key));
	h->generation = hello->generation;
	memcpy(h->dna_sha256, hello->dna_sha256, HOST_DNA);
	l->peer = hello->id;
	if (l->called)
		talk_hello(g, l);
	if (l->step == LINK_NONE)
		return 0;
	l->greeted = true;
	l->heard_ms = l->beat_ms = g->now_ms;
	l->reach = 1;
	bans_begin(l, hello->have);
	family_linked(g, l);
	if (l->older && l->step != LINK_NONE)
		self_tell(g, l);
	talk_go_on(g, l);
	return 0;
}

static void hear_beat(struct gamete_cell *g, struct link *l, const struct record_beat *beat)
{
	uint64_t now = clock_boot_ns();
	struct host *h = &g->row[l->row];

	l->theirs_ns = beat->sent_ns;
	l->theirs_at_ns = now;
	l->reach = beat->reach;
	h->heard_ns = now;
	if (beat->echo_ns && now - beat->echo_ns > beat->held_ns && now - beat->echo_ns - beat->held_ns < 60000000000ULL)
		h->rtt_us = (uint32_t)((now - beat->echo_ns - beat->held_ns) / 1000);
	family_put(g, l->row);
}

static void hear_upto(struct gamete_cell *g, const struct link *l, uint64_t number)
{
	if (number > g->row[l->row].have)
		g->row[l->row].have = number;
}

static int take_host(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_host host;
	int error = record_host_read(&host, bytes);

	(void)n;
	if (!error && (l->met || l->greeted))
		error = -EPROTO;
	/* The other side says it of itself. */
	if (!error)
		error = self_meet(&host, link_script(g, l), !l->called);
	if (error)
		return error;
	if (g->outcast || expel_bars(g, host.id, host.key))
		return -EACCES;
	l->met = host.id;
	memcpy(l->key, host.key, sizeof(l->key));
	return 0;
}

static int take_hello(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_hello hello;
	int error = record_hello_read(&hello, bytes);

	(void)n;
	return error ? error : hear_hello(g, l, &hello);
}

static int take_beat(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_beat beat;
	int error = record_beat_read(&beat, bytes);

	(void)n;
	if (!error)
		hear_beat(g, l, &beat);
	return error;
}

static int take_family(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_kin kin[HOSTS_MAX];
	int count = record_family_read(kin, bytes, n);

	if (count >= 0 && g->row[l->row].relation == RELATION_MOTHER)
		family_hear(g, kin, count);
	return count < 0 ? count : 0;
}

static int take_ban(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_ban ban;
	int error = record_ban_read(&ban, bytes);

	(void)n;
	if (!error)
		bans_hear(g, l, &ban);
	return error;
}

static int take_upto(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	(void)n;
	hear_upto(g, l, wire_get64(bytes));
	return 0;
}

static int take_signal(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_signal signal;
	int error = record_signal_read(&signal, bytes);

	(void)n;
	if (!error)
		signals_hear(g, l, &signal);
	return error;
}

static int take_contagion(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_contagion contagion;
	int error = record_contagion_read(&contagion, bytes);

	(void)n;
	if (!error)
		contagions_hear(g, l, &contagion);
	return error;
}

static int take_vitals(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct host_vitals vitals;
	int error = record_vitals_read(&vitals, bytes);

	(void)n;
	if (!error)
		vitals_hear(g, l, &vitals);
	return error;
}

static int take_vote(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct record_vote vote;
	int error = record_vote_read(&vote, bytes);

	(void)n;
	if (!error)
		expel_hear(g, l, &vote);
	return error;
}

static int take_successor(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	(void)n;
	self_hear(g, l, bytes);
	return 0;
}

static int take_dna(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct spread s;
	int error = spread_read(&s, bytes);

	(void)n;
	if (!error)
		spread_hear(g, l, &s);
	return error;
}

static int take_ask(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct spread_ask ask;
	int error = spread_ask_read(&ask, bytes);

	(void)n;
	if (!error)
		spread_asked(g, l, &ask);
	return error;
}

static int take_piece(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct spread_piece piece;
	int error = spread_piece_read(&piece, bytes, n);

	if (!error)
		spread_piece(g, l, &piece);
	return error;
}

static int take_uptake(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	struct uptake uptake;
	int error = spread_uptake_read(&uptake, bytes);

	(void)n;
	if (!error)
		uptakes_hear(g, l, &uptake);
	return error;
}

/* By kind; what has no entry is not said on links. Lengths were judged with the frame. */
static int (*const takers[])(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n) = {
	[STREAM_HELLO] = take_hello,
	[STREAM_BEAT] = take_beat,
	[STREAM_FAMILY] = take_family,
	[STREAM_BAN] = take_ban,
	[STREAM_UPTO] = take_upto,
	[STREAM_SIGNAL] = take_signal,
	[STREAM_CONTAGION] = take_contagion,
	[STREAM_VITALS] = take_vitals,
	[STREAM_HOST] = take_host,
	[STREAM_VOTE] = take_vote,
	[STREAM_SUCCESSOR] = take_successor,
	[STREAM_DNA] = take_dna,
	[STREAM_DNA_ASK] = take_ask,
	[STREAM_DNA_PIECE] = take_piece,
	[STREAM_UPTAKE] = take_uptake,
};

int talk_hear(struct gamete_cell *g, struct link *l, enum stream_kind kind, const uint8_t *bytes, size_t n)
{
	if ((kind != STREAM_HOST && kind != STREAM_HELLO && !l->greeted) || kind >= sizeof(takers) / sizeof(*takers) || !takers[kind])
		return -EPROTO;
	return takers[kind](g, l, bytes, n);
}

void talk_go_on(struct gamete_cell *g, struct link *l)
{
	if (link_is_open(l) && l->greeted)
		bans_go_on(g, l);
	if (link_is_open(l) && l->greeted)
		signals_go_on(g, l);
	if (link_is_open(l) && l->greeted)
		contagions_go_on(g, l);
	if (link_is_open(l) && l->greeted)
		expel_go_on(g, l);
	if (link_is_open(l) && l->greeted)
		spread_go_on(g, l);
}
