/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gamete: keeps one link to each host of the family, tells them of bans and signals and learns theirs. */
/*
 * May touch: its links, the listener for them, the organism's pair, bans through the kernel's programs. Never touches: clients,
 * requests, files. Dies when told to, or when nobody is left who could bear another. Its successor finds the hosts in the kernel's
 * map and the listener still open.
 */
#include "cells/gamete.h"
#include "cells/cell.h"
#include "cells/signal.h"
#include "tissue/synapse.h"

#include <bpf/bpf.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 16

static void close_foreign(const struct tissue *t)
{
	const struct plan *p = t->plan;
	unsigned mine = (unsigned)plan_inbox(p, t->slot);

	cw_assert(syscall(SYS_close_range, mine + 3, ~0U, CLOSE_RANGE_UNSHARE) == 0);
	cw_assert(syscall(SYS_close_range, FD_FIXED, mine - 1, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_PSI_CPU, FD_PRESENT - 1, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_PRESENT + 1, FD_SIGNATURES, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_CELLS, FD_KEY, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_GERM_EVEN, FD_MUTATION_OUT, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_READY, FD_ANIMATE, 0) == 0);
}

/* Nobody is left who could bear another. */
static bool is_alone(const struct tissue *t)
{
	return !t->census[CLASS_STEM].living && !t->census[CLASS_NEURON].living && !t->census[CLASS_BLOOD].living &&
	       !t->census[CLASS_EGG].living;
}

static void open_self(struct gamete_cell *g, struct tissue *t)
{
	struct epoll_event listener = { .events = EPOLLIN, .data.u32 = EVENT_LISTENER };
	struct epoll_event ring = { .events = EPOLLIN, .data.u32 = EVENT_ANTIGEN };
	struct link_state state;
	__u32 zero = 0;

	g->t = t;
	g->now_ms = clock_ms();
	cw_assert(bpf_map_lookup_elem(FD_LINK_STATE, &zero, &state) == 0);
	g->self = state.self;
	g->missed = state.missed;
	g->count = (struct kin_count){ .family = state.family, .minority = state.minority, .family_ms = g->now_ms };
	cw_assert(link_lock() == 0);
	cw_assert(ring_open(&g->ring, FD_TIDINGS, TIDING_RING) == 0);
	cw_assert(epoll_ctl(plan_nest(t->plan, t->slot), EPOLL_CTL_ADD, FD_LINK_LISTENER, &listener) == 0);
	cw_assert(epoll_ctl(plan_nest(t->plan, t->slot), EPOLL_CTL_ADD, FD_TIDINGS, &ring) == 0);
	close(FD_GERM);
	cell_seal(t, MEMBRANE_GAMETE);
	self_open(g);
	contagions_open(g);
	family_load(g);
	spread_open_held(g);
}

static void look_at_the_clock(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l->step == LINK_NONE)
			continue;
		if (!l->greeted && g->now_ms >= l->until_ms)
			link_close(g, l, "no answer");
		else if (l->greeted && g->now_ms - l->heard_ms > LINK_SILENT_MS)
			link_close(g, l, "three heartbeats were missed");
		else if (l->greeted && g->now_ms >= l->beat_ms)
			talk_beat(g, l);
		if (l->greeted && g->now_ms >= signals_next_ms(g, l))
			signals_go_on(g, l);
	}
}

static int patience(struct gamete_cell *g)
{
	uint64_t next = family_next_ms(g);
	/* While the egg sleeps nobody asks for proofs, and nobody has to be watched. */
	int watch = g->t->census[CLASS_EGG].living ? -1 : signal_watch(g->t);

	for (unsigned i = 0; i < LINKS; i++) {
		const struct link *l = &g->link[i];
		uint64_t its = l->greeted ? l->beat_ms : l->until_ms;

		if (l->greeted && signals_next_ms(g, l) < its)
			its = signals_next_ms(g, l);
		if (l->step != LINK_NONE && its < next)
			next = its;
	}
	if (next == UINT64_MAX)
		return watch;
	if (next <= g->now_ms)
		return 1;
	/* The clock's steps are some milliseconds. */
	return watch < 0 || next - g->now_ms < (uint64_t)watch ? (int)(next - g->now_ms) + 1 : watch;
}

static void clear_nest(struct gamete_cell *g)
{
	signals_drain(g);
	bell_quiet(plan_bell(g->t->plan, g->t->slot));
}

static void handle(struct gamete_cell *g, const struct epoll_event *e)
{
	uint32_t who = e->data.u32;

	if (who == EVENT_LISTENER)
		link_accept(g);
	else if (who == EVENT_ANTIGEN)
		bans_read(g);
	else if (who < LINKS && g->link[who].step != LINK_NONE)
		link_event(g, &g->link[who], e->events);
	else
		clear_nest(g);
}

int gamete_cell_live(struct tissue *t)
{
	static struct gamete_cell g;
	struct epoll_event e[EVENTS_AT_ONCE];

	tissue_forget_vessels(t);
	close_foreign(t);
	open_self(&g, t);
	while (!cell_leaving && !is_alone(t)) {
		int n;

		g.now_ms = clock_ms();
		look_at_the_clock(&g);
		expel_look(&g);
		self_follow(&g);
		spread_look(&g);
		family_tick(&g);
		n = cell_wait(plan_nest(t->plan, t->slot), e, EVENTS_AT_ONCE, patience(&g));
		g.now_ms = clock_ms();
		for (int i = 0; i < n; i++)
			handle(&g, &e[i]);
		signal_take(t);
	}
	return CLASS_NONE;
}
