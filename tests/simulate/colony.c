/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The simulated life: requests are served, cells look, the neuron measures and speaks. */
#include "colony.h"
#include "shared/receptor.h"

#include <stdlib.h>
#include <string.h>

uint32_t colony_random(struct colony *c)
{
	/* xorshift64*, for the same lives on every machine */
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return (uint32_t)(c->random * 2685821657736338717ull >> 32);
}

static void *room_for(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

void colony_init(struct colony *c, const struct colony_rules *rules, uint64_t seed)
{
	memset(c, 0, sizeof(*c));
	c->rules = *rules;
	c->now_ms = 1000;
	c->random = seed * 2 + 1;
	c->need_rules = need_rules_of(&rules->c);
	c->places = rules->drone_max + rules->stem_min + 2;
	c->fate = (struct fate_rules){ .divide_q16 = rules->c.divide_q16,
		.die_q16 = rules->c.die_q16,
		.refractory_ms = rules->c.refractory_ms,
		.settle_ms = FATE_SETTLE_MS,
		.cells_max = c->places };
	c->cell = room_for(c->places, sizeof(*c->cell));
	c->free = room_for(c->places, sizeof(*c->free));
	c->queue_room = 2 * rules->drone_max + 64;
	c->queue = room_for(c->queue_room, sizeof(*c->queue));
	c->census[CLASS_NEURON] = (struct census){ .min = 1, .max = 1 };
	c->census[CLASS_DRONE] = (struct census){ .min = rules->drone_min, .max = rules->drone_max };
	c->census[CLASS_STEM] = (struct census){ .min = rules->stem_min, .max = rules->stem_min };
	family_bear(c, NOBODY, CLASS_NEURON);
	for (uint32_t i = 0; i < rules->drone_min; i++)
		family_bear(c, 0, CLASS_DRONE);
}

void colony_done(struct colony *c)
{
	for (unsigned i = 0; i < CALENDAR_MS; i++)
		free(c->day[i].event);
	free(c->cell);
	free(c->free);
	free(c->idle);
	free(c->queue);
}

static uint32_t level(const struct colony *c, const struct receptor *r)
{
	return receptor_now(r->level_q16, r->at_ns, c->now_ms * 1000000ull, c->rules.c.half_life_ms);
}

uint32_t colony_net(const struct colony *c, const struct one *one)
{
	return fate_net(level(c, &one->growth), level(c, &one->anti));
}

uint32_t colony_oldest_ms(const struct colony *c)
{
	return c->queued ? c->now_ms - c->queue[c->queue_at] : 0;
}

static void enqueue(struct colony *c)
{
	if (c->queued == c->queue_room)
		abort();
	c->queue[(c->queue_at + c->queued++) % c->queue_room] = c->now_ms;
}

static void look_stem(struct colony *c, uint32_t place)
{
	struct one *one = &c->cell[place];
	uint32_t net[CLASS_COUNT] = { [CLASS_DRONE] = colony_net(c, one) };
	struct fate f = fate_of_stem(c->census);

	if (f.act == FATE_WAIT)
		f = fate_of_stem_by_signal(net, c->census, &c->fate, colony_random(c), c->now_ms - one->born_ms);
	if (f.act != FATE_BECOME)
		return;
	c->census[CLASS_STEM].living--;
	c->census[f.class].living++;
	one->class = f.class;
	one->rested_ms = c->now_ms;
	family_idle(c, place);
}

static void look_drone(struct colony *c, uint32_t place)
{
	struct one *one = &c->cell[place];
	struct fate f = fate_of_grown(CLASS_DRONE, colony_net(c, one), c->census, &c->fate, colony_random(c),
		c->now_ms - one->rested_ms);

	if (f.act == FATE_DIVIDE && family_bear(c, place, CLASS_DRONE) != NOBODY)
		one->rested_ms = c->now_ms;
	if (f.act == FATE_LEAVE)
		family_bury(c, place);
}

static void look(struct colony *c, uint32_t place)
{
	struct one *one = &c->cell[place];
	uint32_t serial = one->serial;

	if (one->class == CLASS_STEM)
		look_stem(c, place);
	else
		look_drone(c, place);
	if (one->class != CLASS_NONE)
		family_expect(c, FATE_LOOK_MS, (struct happening){ LOOK, place, serial, 0, 0, 0 });
}

static void answered(struct colony *c, uint32_t place)
{
	struct one *one = &c->cell[place];

	one->busy = false;
	c->taken--;
	c->open--;
	if (c->open < c->wanted_open) {
		c->open++;
		enqueue(c);
	}
	family_idle(c, place);
}

static void happen(struct colony *c, const struct happening *e)
{
	struct one *one = &c->cell[e->place];

	if (one->serial != e->serial || one->class == CLASS_NONE)
		return;
	/* A cell that is held by a request hears and looks when it has answered. */
	if (e->what == ANSWERED)
		answered(c, e->place);
	else if (one->busy)
		family_expect(c, one->answers_ms - c->now_ms, *e);
	else if (e->what == LOOK)
		look(c, e->place);
	else
		family_hear(c, e);
}

static void serve(struct colony *c)
{
	while (c->queued && c->idles) {
		struct place p = c->idle[--c->idles];
		struct one *one = &c->cell[p.place];
		uint32_t tenth = c->rules.service_ms / 10;
		uint32_t held_ms = c->rules.service_ms - tenth + colony_random(c) % (2 * tenth + 1);

		if (one->serial != p.serial || one->class != CLASS_DRONE || one->busy)
			continue;
		one->busy = true;
		c->taken++;
		c->queue_at = (c->queue_at + 1) % c->queue_room;
		c->queued--;
		one->answers_ms = c->now_ms + held_ms;
		family_expect(c, held_ms, (struct happening){ ANSWERED, p.place, p.serial, 0, 0, 0 });
	}
}

static struct need_sample measure(const struct colony *c)
{
	struct need_sample s = { .living = c->census[CLASS_DRONE].living, .min = c->rules.drone_min, .max = c->rules.drone_max };

	for (uint32_t i = 1; i < c->used; i++) {
		const struct one *one = &c->cell[i];
		uint32_t rested_ms = c->now_ms - one->rested_ms;

		s.far += one->class == CLASS_DRONE && one->hops > 1;
		s.listeners += one->class == CLASS_STEM && rested_ms >= c->fate.settle_ms;
		s.listeners += one->class == CLASS_DRONE && one->hops == 1 && rested_ms >= c->fate.refractory_ms;
	}
	s.queued = c->queued;
	s.taken = c->taken;
	s.oldest_ms = colony_oldest_ms(c);
	return s;
}

static void tick(struct colony *c)
{
	struct need_sample s = measure(c), blood = { .living = 1, .min = 1, .max = 1 };
	struct one *neuron = &c->cell[0];
	uint32_t want = need_drones(&c->need, &s, &c->need_rules, c->now_ms), growth, anti;

	need_signal(want, level(c, &neuron->growth), level(c, &neuron->anti), Q16_ONE, &growth, &anti);
	family_secrete(c, growth, anti);
	c->tick_ms = c->now_ms + NEED_TICK_MS;
	c->asleep = need_is_calm(&s, &blood, colony_net(c, neuron), &c->need_rules);
}

static void live_neuron(struct colony *c)
{
	/* One birth per ms. */
	if (c->census[CLASS_STEM].living < c->census[CLASS_STEM].min)
		family_bear(c, 0, CLASS_STEM);
	if (c->asleep && c->queued) {
		c->asleep = false;
		c->tick_ms = c->now_ms;
	}
	if (!c->asleep && c->now_ms >= c->tick_ms)
		tick(c);
}

void colony_step(struct colony *c, uint32_t connections)
{
	/* What happens today adds to other days only. */
	struct day *d = &c->day[++c->now_ms % CALENDAR_MS];

	c->wanted_open = connections;
	for (uint32_t i = 0; i < d->n; i++)
		happen(c, &d->event[i]);
	d->n = 0;
	for (; c->open < connections; c->open++)
		enqueue(c);
	serve(c);
	live_neuron(c);
}
