/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decisions of a living cell about itself. Touches nothing but its own census entry, through the kernel. */
#include "cells/choice.h"
#include "cells/mutation.h"
#include "cells/signal.h"

static struct {
	uint64_t born_ms;   /* or became, or divided last */
	uint64_t looked_ms;
} self;

void choice_begin(void)
{
	self.born_ms = clock_ms();
	self.looked_ms = 0;
}

static struct fate_rules rules_of(const struct tissue *t)
{
	return (struct fate_rules){
		.divide_q16 = t->rules->divide_q16,
		.die_q16 = t->rules->die_q16,
		.refractory_ms = t->rules->refractory_ms,
		.settle_ms = FATE_SETTLE_MS,
		.cells_max = t->plan->slots,
	};
}

static void census_of(const struct tissue *t, struct census now[CLASS_COUNT])
{
	for (int i = 0; i < CLASS_COUNT; i++)
		now[i] = t->census[i];
}

/* One that leaves may still hold its vessel: then there is nothing for one more blood cell to serve. */
static bool vessel_is_free(const struct tissue *t)
{
	for (uint32_t v = 0; v < t->plan->vessels; v++) {
		uint32_t owner = t->vessels[v].owner;
		const volatile struct cell *c = &t->cells[cell_slot_of_id(owner) % CELL_SLOTS_MAX];

		if (!owner || c->id != owner || c->state != CELL_LIVING)
			return true;
	}
	return false;
}

static struct fate stem_by_signal(const struct tissue *t, const struct census *now, int *look_ms)
{
	struct fate_rules rules = rules_of(t);
	uint32_t net[CLASS_COUNT];
	struct fate fate;
	uint32_t most = 0;

	for (int i = 0; i < CLASS_COUNT; i++) {
		/* Only classes that a signal can call; the others come by vacancy. */
		net[i] = i == CLASS_DRONE || (i == CLASS_BLOOD && vessel_is_free(t)) ? signal_net(t, i) : 0;
		most = net[i] > most ? net[i] : most;
	}
	fate = fate_of_stem_by_signal(net, now, &rules, signal_random(), clock_ms() - self.born_ms);
	if (fate.act == FATE_WAIT && most >= rules.divide_q16)
		*look_ms = FATE_LOOK_MS;
	return fate;
}

struct fate choice_of_stem(const struct tissue *t, int *look_ms)
{
	struct census now[CLASS_COUNT];
	struct fate fate;

	*look_ms = -1;
	census_of(t, now);
	/* Who descends from blood has no pair to prove itself with: that vacancy is for others. */
	if (!t->pair)
		now[CLASS_GAMETE].min = 0;
	mutation_vacancy(t, now);
	fate = fate_of_stem(now);
	if (fate.act == FATE_WAIT)
		fate = stem_by_signal(t, now, look_ms);
	fate.seen = now[fate.class].living;
	return fate;
}

bool choice_sees_sickness(const struct tissue *t, int class)
{
	struct cell cells[CELL_SLOTS_MAX];

	for (uint32_t s = 0; s < t->plan->slots; s++)
		cells[s] = t->cells[s];
	return fate_is_sick(cells, t->plan->slots, class, clock_boot_ns());
}

static bool leave(void)
{
	struct gland_call call = { 0 };

	return gland_run(FD_LEAVE, &call) == 0 && call.answer == GLAND_OK;
}

enum fate_act choice_of_grown(const struct tissue *t, int *look_ms)
{
	struct fate_rules rules = rules_of(t);
	uint64_t now_ms = clock_ms();
	uint32_t net = signal_net(t, t->class);
	struct census now[CLASS_COUNT];
	struct fate fate;

	census_of(t, now);
	/* One of the fewest there may be looks only while signals call for more. */
	*look_ms = now[t->class].living > now[t->class].min || net >= rules.divide_q16 ? (int)FATE_LOOK_MS : -1;
	if (now_ms - self.looked_ms < FATE_LOOK_MS)
		return FATE_WAIT;
	self.looked_ms = now_ms;
	fate = fate_of_grown(t->class, net, now, &rules, signal_random(), now_ms - self.born_ms);
	if (fate.act == FATE_DIVIDE)
		self.born_ms = now_ms;
	if (fate.act == FATE_LEAVE && !leave())
		return FATE_WAIT;
	return fate.act;
}
