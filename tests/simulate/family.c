/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The simulated family: births, ends, and signals that run down the tree and grow weaker. */
#include "colony.h"
#include "shared/receptor.h"

#include <stdlib.h>

#define RELAY_MS 1u /* from one relative to the next */

static void *grown(void *old, uint32_t *room, size_t size)
{
	uint32_t wanted = *room ? 2 * *room : 16;
	void *p = realloc(old, wanted * size);

	if (!p)
		abort();
	*room = wanted;
	return p;
}

void family_expect(struct colony *c, uint32_t in_ms, struct happening e)
{
	struct day *d = &c->day[(c->now_ms + (in_ms ? in_ms : 1)) % CALENDAR_MS];

	if (d->n == d->room)
		d->event = grown(d->event, &d->room, sizeof(*d->event));
	d->event[d->n++] = e;
}

void family_idle(struct colony *c, uint32_t place)
{
	if (c->idles == c->idle_room)
		c->idle = grown(c->idle, &c->idle_room, sizeof(*c->idle));
	c->idle[c->idles++] = (struct place){ place, c->cell[place].serial };
}

/* What she would hold if her mother had passed on to her all that she has heard. The neuron's daughters hear it itself. */
static struct receptor inherited(const struct colony *c, const struct one *mother, const struct receptor *hers)
{
	uint32_t part = mother->class == CLASS_NEURON ? Q16_ONE : c->rules.c.attenuation_q16;

	return (struct receptor){ .level_q16 = signal_attenuate(hers->level_q16, part), .at_ns = hers->at_ns };
}

/* The daughter's place, NOBODY when there is no room. */
uint32_t family_bear(struct colony *c, uint32_t mother, int class)
{
	uint32_t place = c->frees ? c->free[--c->frees] : c->used < c->places ? c->used++ : NOBODY;
	struct one *one, *m = mother == NOBODY ? NULL : &c->cell[mother];

	if (place == NOBODY)
		return NOBODY;
	one = &c->cell[place];
	*one = (struct one){ .class = class, .serial = one->serial + 1, .mother = mother, .child = NOBODY, .sister = NOBODY };
	one->born_ms = one->rested_ms = c->now_ms;
	if (m) {
		one->hops = m->hops + 1;
		one->sister = m->child;
		m->child = place;
	}
	if (m && c->rules.inherit) {
		one->growth = inherited(c, m, &m->growth);
		one->anti = inherited(c, m, &m->anti);
	}
	c->census[class].living++;
	c->census[class].born++;
	if (class == CLASS_DRONE)
		family_idle(c, place);
	if (class != CLASS_NEURON)
		family_expect(c, 1 + colony_random(c) % FATE_LOOK_MS, (struct happening){ LOOK, place, one->serial, 0, 0, 0 });
	return place;
}

static void count_hops(struct colony *c, uint32_t place)
{
	c->cell[place].hops = c->cell[c->cell[place].mother].hops + 1;
	for (uint32_t d = c->cell[place].child; d != NOBODY; d = c->cell[d].sister)
		count_hops(c, d);
}

/* Orphans go to their grandmother. */
void family_bury(struct colony *c, uint32_t place)
{
	struct one *one = &c->cell[place], *m = &c->cell[one->mother];
	uint32_t *link = &m->child, orphan = one->child;

	while (*link != place)
		link = &c->cell[*link].sister;
	*link = one->sister;
	while (orphan != NOBODY) {
		uint32_t next = c->cell[orphan].sister;

		c->cell[orphan].mother = one->mother;
		c->cell[orphan].sister = m->child;
		m->child = orphan;
		count_hops(c, orphan);
		orphan = next;
	}
	c->census[one->class].living--;
	c->census[one->class].died++;
	one->class = CLASS_NONE;
	c->free[c->frees++] = place;
}

static void take(const struct colony *c, struct receptor *r, uint32_t strength_q16)
{
	uint64_t now_ns = c->now_ms * 1000000ull;

	if (!strength_q16)
		return;
	r->level_q16 = receptor_take(receptor_now(r->level_q16, r->at_ns, now_ns, c->rules.c.half_life_ms), strength_q16);
	r->at_ns = now_ns;
	r->heard++;
}

static void tell_daughters(struct colony *c, const struct one *one, struct happening e)
{
	for (uint32_t d = one->child; d != NOBODY; d = c->cell[d].sister) {
		e.place = d;
		e.serial = c->cell[d].serial;
		family_expect(c, RELAY_MS, e);
	}
}

/* The neuron takes its own signals in: what it holds is what its daughters hold, and begin with. */
void family_secrete(struct colony *c, uint32_t growth_q16, uint32_t anti_q16)
{
	struct one *neuron = &c->cell[0];

	take(c, &neuron->growth, growth_q16);
	take(c, &neuron->anti, anti_q16);
	if (growth_q16 || anti_q16)
		tell_daughters(c, neuron, (struct happening){ .what = HEARD, .growth_q16 = growth_q16, .anti_q16 = anti_q16, .hops = 1 });
}

void family_hear(struct colony *c, const struct happening *e)
{
	struct one *one = &c->cell[e->place];
	struct happening on = *e;
	uint32_t strength;

	take(c, &one->growth, e->growth_q16);
	take(c, &one->anti, e->anti_q16);
	on.growth_q16 = signal_attenuate(e->growth_q16, c->rules.c.attenuation_q16);
	on.anti_q16 = signal_attenuate(e->anti_q16, c->rules.c.attenuation_q16);
	on.hops++;
	strength = on.growth_q16 + on.anti_q16; /* one of them is 0 */
	if (e->hops < c->rules.c.hops_max && strength >= c->rules.c.floor_q16)
		tell_daughters(c, one, on);
}
