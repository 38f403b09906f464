/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a cell does next: vacancies first, then the pool, then what signals ask for, by chance. */
#include "cells/fate.h"

struct fate fate_of_stem(const struct census *census)
{
	/* Without blood nobody is served; without a neuron nobody refills an empty pool; drones answer what is new. */
	static const int order[] = { CLASS_BLOOD, CLASS_DRONE, CLASS_NEURON, CLASS_TCELL, CLASS_GAMETE };

	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (census[order[i]].living < census[order[i]].min)
			return (struct fate){ .act = FATE_BECOME, .class = order[i] };
	if (census[CLASS_NEURON].living == 0 && census[CLASS_STEM].living < census[CLASS_STEM].min)
		return (struct fate){ .act = FATE_DIVIDE, .class = CLASS_STEM };
	return (struct fate){ .act = FATE_WAIT, .class = CLASS_STEM };
}

static struct fate wait_as(int class)
{
	return (struct fate){ .act = FATE_WAIT, .class = class };
}

/* chance_q16: 16 random bits. Never at divide itself, always at 1. */
static bool is_called(__u32 net_q16, const struct fate_rules *rules, __u32 chance_q16)
{
	if (net_q16 <= rules->divide_q16)
		return false;
	return (__u64)chance_q16 * (Q16_ONE - rules->divide_q16) < (__u64)(net_q16 - rules->divide_q16) << 16;
}

static bool is_dismissed(__u32 net_q16, const struct fate_rules *rules, __u32 chance_q16)
{
	if (net_q16 >= rules->die_q16)
		return false;
	return (__u64)chance_q16 * rules->die_q16 < (__u64)(rules->die_q16 - net_q16) << 16;
}

/* The classes a stem may become because of a signal: those that have more than a fixed number. */
static bool may_become(int class, const __u32 *net_q16, const struct census *census, const struct fate_rules *rules)
{
	if (class != CLASS_BLOOD && class != CLASS_DRONE && class != CLASS_TCELL)
		return false;
	return net_q16[class] > rules->divide_q16 && census[class].living < census[class].max;
}

struct fate fate_of_stem_by_signal(const __u32 *net_q16, const struct census *census, const struct fate_rules *rules,
	__u32 random, __u64 since_birth_ms)
{
	__u64 all = 0, drawn;

	for (int class = 0; class < CLASS_COUNT; class++)
		if (may_become(class, net_q16, census, rules))
			all += net_q16[class];
	if (!all || since_birth_ms < rules->settle_ms)
		return wait_as(CLASS_STEM);
	drawn = all * (random >> 16) >> 16;
	for (int class = 0; class < CLASS_COUNT; class++) {
		if (!may_become(class, net_q16, census, rules))
			continue;
		if (drawn >= net_q16[class]) {
			drawn -= net_q16[class];
			continue;
		}
		if (!is_called(net_q16[class], rules, random & 0xffff))
			break;
		return (struct fate){ .act = FATE_BECOME, .class = class, .seen = census[class].living };
	}
	return wait_as(CLASS_STEM);
}

static __u32 cells_of(const struct census *census)
{
	__u32 all = 0;

	for (int class = 1; class < CLASS_COUNT; class++)
		all += census[class].living;
	return all;
}

struct fate fate_of_grown(int class, __u32 net_q16, const struct census *census, const struct fate_rules *rules,
	__u32 random, __u64 rested_ms)
{
	const struct census *own = &census[class];
	__u64 tired_ms = rules->refractory_ms + ((__u64)rules->refractory_ms * (random >> 16) >> 17);
	struct fate fate = { .act = FATE_WAIT, .class = class, .seen = own->living };

	if ((class != CLASS_DRONE && class != CLASS_BLOOD) || rested_ms < tired_ms)
		return fate;
	if (is_called(net_q16, rules, random & 0xffff) && own->living < own->max && cells_of(census) < rules->cells_max)
		fate.act = FATE_DIVIDE;
	else if (is_dismissed(net_q16, rules, random & 0xffff) && own->living > own->min)
		fate.act = FATE_LEAVE;
	return fate;
}

#define SIGNAL_KILL 9u

bool fate_is_sick(const struct cell *cells, unsigned slots, int class, __u64 now_ns)
{
	unsigned deaths = 0;

	for (unsigned i = 0; i < slots; i++) {
		const struct cell *c = &cells[i];
		unsigned signal = c->exit_code & 0x7f;

		/* A cell that ended in good order, or was killed from outside, says nothing of its class. */
		if (c->state == CELL_DEAD && (int)c->class == class && signal && signal != SIGNAL_KILL &&
			now_ns - c->died_ns < SICK_NS)
			deaths++;
	}
	return deaths >= SICK_DEATHS;
}
