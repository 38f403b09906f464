/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals between hosts: what the family says goes to every link, what a link says into the family and to all other links. */
#include "cells/gamete.h"
#include "cells/signal.h"
#include "shared/receptor.h"

#define ROOM	 3072u /* so much is kept for heartbeats and relatives; bans keep more, and so let signals by */
#define BURST	 8u
#define SECOND	 1000u

static uint32_t period_ms(const struct gamete_cell *g)
{
	uint32_t rate = g->t->rules->secretions_per_s;

	return rate && rate < SECOND ? SECOND / rate : 1;
}

/* As the kernel counts what cells secrete: so many a second on the long run, some at once. */
static bool may_tell(const struct gamete_cell *g, const struct link *l)
{
	return link_room(l) >= ROOM && l->signals.used_ms <= g->now_ms + BURST * period_ms(g);
}

static void tell(struct gamete_cell *g, struct link *l, const struct record_signal *r)
{
	uint64_t from = l->signals.used_ms > g->now_ms ? l->signals.used_ms : g->now_ms;
	uint8_t bytes[RECORD_SIGNAL_BYTES];

	l->signals.used_ms = from + period_ms(g);
	record_signal_write(r, bytes);
	link_say(g, l, STREAM_SIGNAL, bytes, sizeof(bytes));
}

/* What waits already has faded meanwhile; both together are one signal, as loud as a receptor would make of them. */
static void wait(struct gamete_cell *g, struct link *l, const struct record_signal *r)
{
	unsigned at = (unsigned)r->kind * CLASS_COUNT + r->class;
	struct record_signal *last = &l->signals.waiting[at].last;
	uint64_t now = clock_boot_ns();
	uint32_t level = receptor_now(last->strength_q16, l->signals.waiting[at].at_ns, now, g->t->rules->half_life_ms);

	l->signals.n += !last->kind;
	*last = *r;
	last->strength_q16 = receptor_take(level, r->strength_q16);
	l->signals.waiting[at].at_ns = now;
}

static void tell_or_wait(struct gamete_cell *g, struct link *l, const struct record_signal *r)
{
	if (!l->signals.n && may_tell(g, l))
		tell(g, l, r);
	else
		wait(g, l, r);
}

void signals_go_on(struct gamete_cell *g, struct link *l)
{
	uint64_t now = clock_boot_ns();

	for (unsigned at = 0; at < SIGNALS_WAITING && l->signals.n && link_is_open(l) && may_tell(g, l); at++) {
		struct record_signal r = l->signals.waiting[at].last;

		if (!r.kind)
			continue;
		l->signals.waiting[at].last.kind = 0;
		l->signals.waiting[at].last.strength_q16 = 0;
		l->signals.n--;
		r.strength_q16 = receptor_now(r.strength_q16, l->signals.waiting[at].at_ns, now, g->t->rules->half_life_ms);
		if (r.strength_q16)
			tell(g, l, &r);
	}
}

uint64_t signals_next_ms(const struct gamete_cell *g, const struct link *l)
{
	uint64_t burst = (uint64_t)BURST * period_ms(g);

	/* Room comes with an event of its own. */
	if (!l->signals.n || link_room(l) < ROOM)
		return UINT64_MAX;
	return l->signals.used_ms > burst ? l->signals.used_ms - burst : 0;
}

static void tell_all_but(struct gamete_cell *g, const struct link *from, const struct record_signal *r)
{
	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l != from && l->step != LINK_NONE && l->greeted && l->peer != r->host)
			tell_or_wait(g, l, r);
	}
}

static void hear_relative(void *ctx, const struct message *m)
{
	struct gamete_cell *g = ctx;
	struct record_signal r = { .host = g->self, .molecule = m->molecule, .kind = (uint16_t)m->code, .class = (uint16_t)m->class,
		.strength_q16 = m->strength_q16, .hops = m->hops };

	signal_hear(g->t, m);
	/* What came from another host was told on by whoever brought it. */
	if (m->kind == MSG_HORMONE && signal_crosses(m->code) && !(m->molecule & MOLECULE_CARRIED))
		tell_all_but(g, NULL, &r);
	if (m->kind == MSG_CONTAGION)
		contagions_tell(g);
}

void signals_drain(struct gamete_cell *g)
{
	inbox_drain(g->t, hear_relative, g);
}

void signals_hear(struct gamete_cell *g, struct link *l, const struct record_signal *r)
{
	struct carry_call call = { .what = { .host = r->host, .molecule = r->molecule }, .kind = r->kind, .class = r->class,
		.strength_q16 = r->strength_q16, .hops = r->hops };
	struct record_signal on = *r;

	/* Its own word, come back by another way. */
	if (r->host == g->self || lymph_run(FD_CARRY, &call, sizeof(call)) || call.answer != GLAND_OK)
		return;
	on.strength_q16 = call.strength_q16;
	on.hops = call.hops;
	tell_all_but(g, l, &on);
}
