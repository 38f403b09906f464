/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans as state: each is told once as it comes; who missed something is told the newest word on each source that it lacks. */
#include "cells/gamete.h"
#include "immune/incident.h"
#include "link/wire.h"

#include <bpf/bpf.h>
#include <string.h>

#define RECORD_ROOM 256u  /* of a ban in a frame, with some to spare */
#define KEPT_ROOM   4096u /* for heartbeats and relatives, however much there is to tell */
#define AT_ONCE	    512u  /* entries that are looked at before others have their turn */
#define AGAIN	    64u   /* numbers may come out of order by so many */
#define LINES	    20u   /* in the log, in a second */
#define SECOND_MS   1000u

static void tell(struct gamete_cell *g, struct link *l, const struct tiding *t)
{
	uint64_t now = clock_boot_ns();
	struct record_ban r = { .source = t->source, .origin = t->origin, .stamp = t->stamp, .number = t->number,
		.lifted = t->lifted, .reason = t->reason };
	uint8_t bytes[RECORD_BAN_BYTES];

	/* What is over is no news. */
	if (!t->lifted && t->expires_ns && t->expires_ns <= now)
		return;
	if (!t->lifted && t->expires_ns)
		r.left_ms = (t->expires_ns - now) / 1000000 + 1;
	if (r.left_ms > RECORD_LEFT_MS)
		r.left_ms = RECORD_LEFT_MS;
	memcpy(r.detail, t->detail, TIDING_DETAIL);
	for (unsigned i = 0; i < TIDING_DETAIL - 1 && r.detail[i]; i++)
		if (r.detail[i] < ' ' || r.detail[i] > '~')
			r.detail[i] = '?';
	r.detail[TIDING_DETAIL - 1] = 0;
	record_ban_write(&r, bytes);
	link_say(g, l, STREAM_BAN, bytes, sizeof(bytes));
}

static bool has_room(const struct link *l)
{
	return link_room(l) >= RECORD_ROOM + KEPT_ROOM;
}

static void tell_all(void *ctx, const void *record)
{
	const struct tiding *t = record;
	struct gamete_cell *g = ctx;

	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l->step == LINK_NONE || !l->greeted || !tiding_is_for(t, l->peer))
			continue;
		/* One who cannot take it now is told what holds by then. */
		if (has_room(l) && !l->behind && !l->walking) {
			tell(g, l, t);
		} else if (!l->behind) {
			l->behind = true;
			if (!l->walking)
				l->upto = t->number - 1;
		}
	}
}

void bans_read(struct gamete_cell *g)
{
	struct link_state state;
	__u32 zero = 0;

	ring_read(&g->ring, sizeof(struct tiding), AT_ONCE, tell_all, g);
	ring_release(&g->ring);
	if (bpf_map_lookup_elem(FD_LINK_STATE, &zero, &state) || state.missed == g->missed)
		return;
	g->missed = state.missed;
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted) {
			g->link[i].upto = 0;
			g->link[i].behind = true;
			bans_go_on(g, &g->link[i]);
		}
}

void bans_begin(struct link *l, uint64_t have)
{
	l->upto = have > AGAIN ? have - AGAIN : 0;
	l->behind = true;
	l->walking = false;
}

static bool walk_begins(struct link *l)
{
	struct link_state state;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(FD_LINK_STATE, &zero, &state))
		return false;
	l->behind = false;
	l->walking = true;
	l->begun = false;
	l->over = l->upto;
	l->upto = state.number;
	return true;
}

/* The end of the table: all up to a number is told, and that is said. */
static void walk_ends(struct gamete_cell *g, struct link *l)
{
	uint8_t bytes[RECORD_UPTO_BYTES];

	l->walking = false;
	wire_put64(bytes, l->upto);
	link_say(g, l, STREAM_UPTO, bytes, sizeof(bytes));
}

static void walk(struct gamete_cell *g, struct link *l)
{
	while (l->step != LINK_NONE && has_room(l)) {
		struct source next;
		struct tiding t;

		if (bpf_map_get_next_key(FD_SHARED, l->begun ? &l->cursor : NULL, &next))
			return walk_ends(g, l);
		l->cursor = next;
		l->begun = true;
		if (!bpf_map_lookup_elem(FD_SHARED, &next, &t) && t.number > l->over && tiding_is_for(&t, l->peer))
			tell(g, l, &t);
	}
}

void bans_go_on(struct gamete_cell *g, struct link *l)
{
	if (l->walking || (l->behind && walk_begins(l)))
		walk(g, l);
	/* What came meanwhile. */
	if (l->step != LINK_NONE && !l->walking && l->behind && has_room(l) && walk_begins(l))
		walk(g, l);
}

static void log_learned(struct gamete_cell *g, const struct link *l, const struct record_ban *r)
{
	char name[ADDRESS_TEXT];
	struct address a;

	if (g->now_ms - g->said_ms >= SECOND_MS) {
		if (g->said > LINES)
			tissue_log(g->t, "%u more words about bans came in that second", g->said - LINES);
		g->said_ms = g->now_ms;
		g->said = 0;
	}
	if (g->said++ >= LINES || !incident_address(&r->source, &a))
		return;
	if (r->lifted)
		tissue_log(g->t, "%s is no longer banned: host %016llx has decided so, %s says", address_format(&a, name),
			(unsigned long long)r->origin, g->row[l->row].address);
	else
		tissue_log(g->t, "%s is banned for %llu s (0: until lifted): host %016llx has decided so, %s says%s%s (%s)",
			address_format(&a, name), (unsigned long long)(r->left_ms + 999) / 1000, (unsigned long long)r->origin,
			g->row[l->row].address, r->reason ? ": it " : "", r->reason ? antigen_text(r->reason) : "",
			r->reason ? r->detail : "by hand");
}

void bans_hear(struct gamete_cell *g, struct link *l, const struct record_ban *r)
{
	__u64 arguments[LEARN_ARGUMENTS] = {
		[LEARN_KEY] = r->source.key,
		[LEARN_FAMILY_BITS] = (__u64)r->source.family << 16 | r->source.bits,
		[LEARN_ORIGIN] = r->origin,
		[LEARN_STAMP] = r->stamp,
		[LEARN_FROM] = l->peer,
		[LEARN_LEFT_MS] = r->left_ms,
		[LEARN_KIND] = (__u64)r->lifted << 16 | r->reason,
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	if (r->origin == g->self)
		return;
	memcpy(&arguments[LEARN_DETAIL], r->detail, TIDING_DETAIL);
	if (bpf_prog_test_run_opts(FD_LEARN, &run))
		return;
	if (run.retval == GLAND_OK)
		log_learned(g, l, r);
	/* What a link brought up to here is not asked for again; before the table is whole, nothing is known of it. */
	if (g->row[l->row].have && r->number > g->row[l->row].have && run.retval != GLAND_RATE && run.retval != GLAND_FULL)
		g->row[l->row].have = r->number;
}
