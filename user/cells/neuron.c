/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The neuron: measures what is needed and says so by signals; fills the pool; asks cells to prove themselves. Decides for nobody. */
#include "cells/neuron.h"
#include "cells/cell.h"
#include "cells/fate.h"
#include "cells/mutation.h"
#include "cells/signal.h"
#include "tissue/synapse.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define NEURON_RETRY_MS 100

static void neuron_hear(void *ctx, const struct message *m)
{
	const struct tissue *t = ctx;

	signal_hear(t, m);
	switch (m->kind) {
	case MSG_DEATH:
		if (m->code & 0x7f)
			tissue_log(t, "%s %u was killed by signal %u%s", class_name((int)m->class), m->slot, m->code & 0x7f,
				(m->code & 0x7f) == SIGSYS ? " (a system call that is not allowed)" : "");
		else if (m->code)
			tissue_log(t, "%s %u exited with code %u", class_name((int)m->class), m->slot, m->code >> 8);
		break;
	case MSG_CONDEMNED:
		tissue_log(t, "%s %u is condemned by a majority and killed", class_name((int)m->class), m->slot);
		break;
	case MSG_DRAIN:
		tissue_log(t, "%s %u %s and leaves", class_name((int)m->class), m->slot,
			mutation_is_past(t, m->slot) ? "lives by an older DNA" : "is one too many");
		break;
	case MSG_TUMOUR:
		/* The kernel has killed it where it can. */
		if (!t->organism->can_kill)
			kill((pid_t)m->code, SIGKILL);
		tissue_log(t, "process %u was born without licence by %s %u and is killed", m->code,
			class_name((int)m->class), m->slot);
		break;
	default:
		break;
	}
}

/* Returns 1 in a daughter, 0 when the pool is full, -errno when it could not be filled. */
static int neuron_keep_pool(struct tissue *t)
{
	int born = 0;

	while (t->census[CLASS_STEM].living < t->census[CLASS_STEM].min && !t->organism->dying) {
		born = cell_divide(t, CLASS_STEM, t->census[CLASS_STEM].living);
		if (born == 1 || (born < 0 && born != -EAGAIN))
			break;
	}
	return born == -EAGAIN ? 0 : born;
}

/*
 * Brings a class to the net level that is wanted. A cell hears its own signals as its relatives do, so its own receptors
 * tell what they hold. Returns the net level before.
 */
static uint32_t neuron_say(const struct tissue *t, int class, uint32_t want)
{
	uint32_t growth = signal_level(t, HORMONE_GROWTH, class), anti = signal_level(t, HORMONE_ANTIGROWTH, class), up, down;

	need_signal(want, growth, anti, t->rules->cap_q16[CLASS_NEURON], &up, &down);
	signal_secrete(t, HORMONE_GROWTH, (uint32_t)class, up);
	signal_secrete(t, HORMONE_ANTIGROWTH, (uint32_t)class, down);
	return fate_net(growth, anti);
}

/* Its pulse says how long the oldest request waits, for who sees no queues. */
static void neuron_show(const struct tissue *t, struct neuron *n, uint32_t oldest_ms)
{
	if (oldest_ms == n->shown_ms)
		return;
	n->shown_ms = oldest_ms;
	signal_pulse(t, 0, oldest_ms < UINT32_MAX / 1000 ? oldest_ms * 1000 : UINT32_MAX);
}

static void neuron_tick(struct tissue *t, struct neuron *n, uint64_t now)
{
	struct constitution k;
	struct need_rules rules;
	struct need_sample drones, blood;
	uint32_t net_drones, net_blood;

	memcpy(&k, (const void *)(uintptr_t)t->rules, sizeof(k));
	rules = need_rules_of(&k);
	rules.queue_ms = t->germ->dna.hormone_queue_ms;
	neuron_measure(t, n, &drones, &blood);
	neuron_show(t, n, drones.oldest_ms);
	net_drones = neuron_say(t, CLASS_DRONE, need_drones(&n->drones, &drones, &rules, now));
	net_blood = neuron_say(t, CLASS_BLOOD, need_blood(&n->blood, &blood, &rules, now));
	n->calm = need_is_calm(&drones, &blood, net_drones > net_blood ? net_drones : net_blood, &rules);
	n->tick_ms = now + NEED_TICK_MS;
}

/* One living cell other than this, each as likely as the others; 0 when there is none. */
static uint32_t neuron_pick(const struct tissue *t, uint32_t *living)
{
	uint32_t picked = 0;

	*living = 0;
	for (uint32_t s = 0; s < t->plan->slots; s++)
		if (t->cells[s].state == CELL_LIVING && s != t->slot && signal_random() % ++*living == 0)
			picked = t->cells[s].id;
	return picked;
}

/* Each cell is asked at random times, once in prompt_ms on average. */
static void neuron_ask(const struct tissue *t, struct neuron *n, uint64_t now)
{
	uint32_t living, target = neuron_pick(t, &living), mean;

	if (target)
		signal_prompt(t, target);
	mean = t->rules->prompt_ms / (living ? living : 1);
	n->ask_ms = now + mean / 2 + signal_random() % (mean + 1);
	/* Questions follow each other faster than answers may take: an inspection that is due stays due. */
	if (!n->inspect_ms)
		n->inspect_ms = now + t->rules->answer_ms + 10;
}

static int neuron_patience(const struct neuron *n, uint64_t now)
{
	uint64_t until = n->ask_ms;

	if (n->inspect_ms && n->inspect_ms < until)
		until = n->inspect_ms;
	if (!n->calm && n->tick_ms < until)
		until = n->tick_ms;
	return until > now ? (int)(until - now) : 0;
}

static void neuron_work(struct tissue *t, struct neuron *n, bool called)
{
	uint64_t now = clock_ms();

	if (called || (!n->calm && now >= n->tick_ms))
		neuron_tick(t, n, now);
	if (n->inspect_ms && now >= n->inspect_ms) {
		n->inspect_ms = 0;
		signal_inspect(t);
	}
	if (now >= n->ask_ms)
		neuron_ask(t, n, now);
	signal_watch(t);
}

int neuron_live(struct tissue *t)
{
	static struct neuron n;
	int nest = plan_nest(t->plan, t->slot);
	struct epoll_event e;

	memset(&n, 0, sizeof(n));
	n.ask_ms = clock_ms() + t->rules->prompt_ms / 2;
	while (!cell_leaving) {
		int born = neuron_keep_pool(t), patience = neuron_patience(&n, clock_ms());
		bool called = false;

		mutation_follow(t);
		if (born == 1)
			return CLASS_STEM;
		if (born < 0 && patience > NEURON_RETRY_MS)
			patience = NEURON_RETRY_MS;
		if (cell_wait(nest, &e, 1, patience) > 0) {
			called = e.data.u32 == EVENT_BELL;
			inbox_drain(t, neuron_hear, t);
		}
		signal_take(t);
		neuron_work(t, &n, called);
	}
	return CLASS_NONE;
}
