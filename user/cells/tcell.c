/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The T cell: reads evidence, keeps scores, and bans through the kernel's program. */
/*
 * May touch: the evidence ring, its own memory.
 * Never touches: requests, sockets, files. Dies when told to, or when nobody is left who could bring evidence.
 */
#include "cells/tcell.h"
#include "cells/cell.h"
#include "cells/signal.h"
#include "immune/ban.h"
#include "immune/score.h"

#include <arpa/inet.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS  100000u /* of processor time at once */
#define ALARM_MS  1000u /* between two alarms */
#define LOG_MS    1000u /* between two lines about bans that were held back */

struct tcell {
	struct tissue *t;
	struct score_table *scores;
	struct ban_maps maps; /* of the never-ban list only */
	uint64_t alarm_ms, held_ms;
};

static uint32_t weight_of(const struct dna *d, uint32_t reason)
{
	const uint32_t weights[ANTIGEN_COUNT] = {
#define X(NAME, name, text) [ANTIGEN_##NAME] = d->weight_##name,
		ANTIGENS(X)
#undef X
	};

	return reason < ANTIGEN_COUNT ? weights[reason] : 0;
}

static const char *reason_of(uint32_t reason)
{
	static const char *const texts[ANTIGEN_COUNT] = {
		[ANTIGEN_NONE] = "nothing known",
#define X(NAME, name, text) [ANTIGEN_##NAME] = text,
		ANTIGENS(X)
#undef X
	};

	return texts[reason < ANTIGEN_COUNT ? reason : 0];
}

static struct address address_of(const struct source *s)
{
	return s->family == 4 ? address_from_v4((uint32_t)s->key) : address_from_v6(s->key);
}

static void tcell_tell(struct tcell *c, const struct antigen *a, const struct ban_call *call, uint64_t now)
{
	struct address source = address_of(&a->source);
	char name[ADDRESS_TEXT];

	address_format(&source, name);
	if (call->answer == GLAND_OK) {
		tissue_log(c->t, "%s is %s for %u s: it %s (%s)", name, a->source.via ? "answered 403" : "banned", call->ttl_s,
			reason_of(a->reason), a->detail);
	} else if (now - c->held_ms >= LOG_MS) {
		c->held_ms = now;
		tissue_log(c->t, "%s is not banned: %s; it %s (%s)", name, gland_answer_text(call->answer), reason_of(a->reason),
			a->detail);
	}
}

static void tcell_ban(struct tcell *c, const struct antigen *a, uint32_t score, uint64_t now)
{
	struct address source = address_of(&a->source);
	struct ban_call call = { .source = a->source, .score = score, .spared = ban_is_allowed(&c->maps, &source) };

	if (lymph_run(FD_BAN, &call, sizeof(call)))
		return;
	score_clear(c->scores, &a->source);
	tcell_tell(c, a, &call, now);
	if (call.answer == GLAND_OK && now - c->alarm_ms >= ALARM_MS) {
		c->alarm_ms = now;
		signal_secrete(c->t, HORMONE_ALARM, CLASS_NONE, Q16_ONE / 4);
	}
}

static void tcell_judge(void *ctx, const struct antigen *a)
{
	struct tcell *c = ctx;
	const struct dna *d = &c->t->germ->dna;
	uint64_t now = clock_ms();
	uint32_t score = score_add(c->scores, &a->source, weight_of(d, a->reason), now);

	if (score >= d->ban_at)
		tcell_ban(c, a, score, now);
}

/* Keeps what it needs, in a table of its own; nothing of the network is among it. */
static void tcell_close_foreign(const struct tissue *t)
{
	const struct plan *p = t->plan;
	unsigned mine = (unsigned)plan_inbox(p, t->slot);

	cw_assert(syscall(SYS_close_range, mine + 3, ~0U, CLOSE_RANGE_UNSHARE) == 0);
	cw_assert(syscall(SYS_close_range, FD_REFUSED, mine - 1, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_READY, FD_ANIMATE, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_CELLS, FD_KEY, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_PSI_CPU, FD_BLAME, 0) == 0);
}

/* Nobody can bring evidence any more, and nobody can be grown from a T cell. */
static bool tcell_is_alone(const struct tissue *t)
{
	return !t->census[CLASS_STEM].living && !t->census[CLASS_NEURON].living && !t->census[CLASS_BLOOD].living &&
	       !t->census[CLASS_EGG].living;
}

/* Short turns, but soon: evidence must not wait until a busy cell has had its own. Kernels before 6.12 take no notice. */
static void tcell_hurry(void)
{
	struct sched_attr attr = { .size = sizeof(attr), .sched_policy = SCHED_NORMAL, .sched_runtime = SLICE_NS };

	(void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

static void tcell_open(struct tcell *c, struct tissue *t)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = EVENT_ANTIGEN };

	*c = (struct tcell){ .t = t, .scores = score_new(t->germ->dna.score_half_life_ms) };
	cw_assert(c->scores);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		c->maps.fd[i] = -1;
	c->maps.fd[BAN_allow_v4] = FD_ALLOW_V4;
	c->maps.fd[BAN_allow_v6] = FD_ALLOW_V6;
	tissue_forget_vessels(t);
	tcell_close_foreign(t);
	tcell_hurry();
	cw_assert(evidence_ring_open() == 0);
	cw_assert(epoll_ctl(plan_nest(t->plan, t->slot), EPOLL_CTL_ADD, FD_ANTIGENS, &e) == 0);
}

int tcell_live(struct tissue *t)
{
	static struct tcell c;
	struct epoll_event e[4];

	tcell_open(&c, t);
	close(FD_GERM);
	cell_seal(t, MEMBRANE_TCELL);
	while (!cell_leaving && !tcell_is_alone(t)) {
		evidence_ring_drain(tcell_judge, &c);
		if (cell_wait(plan_nest(t->plan, t->slot), e, 4, signal_watch(t)) > 0)
			cell_clear_nest(t);
		signal_take(t);
	}
	return CLASS_NONE;
}
