/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads, and what becomes of a colony under them. */
#include "run.h"
#include "shared/receptor.h"

#include <math.h>
#include <stdlib.h>

#define ROW_MS 50u

const char run_columns[] = "# seconds connections drones stems far queued oldest_ms growth antigrowth net net_far\n";

const char *load_name(enum load load)
{
	static const char *const name[] = {
#define X(NAME, name, text) #name,
		LOADS(X)
#undef X
	};

	return name[load];
}

struct colony_rules run_rules(void)
{
	return (struct colony_rules){ .c = { .attenuation_q16 = Q16_ONE / 2,
					      .floor_q16 = Q16_ONE / 50,
					      .hops_max = 8,
					      .half_life_ms = 2000,
					      .divide_q16 = Q16_ONE * 6 / 10,
					      .die_q16 = Q16_ONE * 2 / 10,
					      .refractory_ms = 500 },
		.drone_min = 1,
		.drone_max = 32,
		.stem_min = 3,
		.service_ms = 20,
		.inherit = true };
}

struct run run_of(enum load load, uint32_t connections)
{
	struct run r = { .rules = run_rules(), .load = load, .connections = connections, .load_ms = 20000, .rest_ms = 15000,
		.seed = 1 };

	r.rules.drone_max = connections + connections / 3;
	/* A pool that grows with the organism, or the first thousand would take long. */
	r.rules.stem_min = connections / 100 > 3 ? connections / 100 : 3;
	return r;
}

static uint32_t connections_at(const struct run *r, uint32_t ms, struct colony *c, uint32_t *noise)
{
	double part = ((double)ms - LOAD_FROM_MS) / r->load_ms;

	if (part < 0 || part >= 1)
		return 0;
	switch (r->load) {
	case LOAD_RAMP:
		return (uint32_t)(r->connections * (part < 0.5 ? 2 * part : 2 - 2 * part));
	case LOAD_SINE:
		return (uint32_t)(r->connections * (0.5 - 0.5 * cos(part * 4 * M_PI)));
	case LOAD_TURNS:
		return (uint32_t)(part * 4) % 2 ? 0 : r->connections;
	case LOAD_NOISE:
		if (ms % 200 == 0)
			*noise = r->connections / 4 + colony_random(c) % (r->connections - r->connections / 4 + 1);
		return *noise;
	default:
		return r->connections;
	}
}

static double q16(uint32_t x)
{
	return (double)x / Q16_ONE;
}

static void write_row(FILE *table, const struct colony *c, uint32_t ms)
{
	const struct one *neuron = &c->cell[0];
	uint64_t now_ns = c->now_ms * 1000000ull, net = 0;
	uint32_t far = 0, half = c->rules.c.half_life_ms;

	for (uint32_t i = 1; i < c->used; i++)
		if (c->cell[i].class == CLASS_DRONE && c->cell[i].hops > 1) {
			far++;
			net += colony_net(c, &c->cell[i]);
		}
	fprintf(table, "%.2f %u %u %u %u %u %u %.4f %.4f %.4f ", ms / 1000.0, c->wanted_open,
		c->census[CLASS_DRONE].living, c->census[CLASS_STEM].living, far, c->queued, colony_oldest_ms(c),
		q16(receptor_now(neuron->growth.level_q16, neuron->growth.at_ns, now_ns, half)),
		q16(receptor_now(neuron->anti.level_q16, neuron->anti.at_ns, now_ns, half)), q16(colony_net(c, neuron)));
	if (far)
		fprintf(table, "%.4f\n", q16((uint32_t)(net / far)));
	else
		fprintf(table, "0\n");
}

static void note_second_half(struct figures *f, const struct colony *c, uint32_t n)
{
	f->least = n < f->least ? n : f->least;
	f->most = n > f->most ? n : f->most;
	if (colony_oldest_ms(c) > f->wait_ms)
		f->wait_ms = colony_oldest_ms(c);
}

static void note(struct figures *f, const struct run *r, const struct colony *c, uint32_t ms)
{
	uint32_t n = c->census[CLASS_DRONE].living, since = ms - LOAD_FROM_MS;
	const struct census *drones = &c->census[CLASS_DRONE];

	f->peak = n > f->peak ? n : f->peak;
	if (ms < LOAD_FROM_MS)
		return;
	if (n >= 2 && f->second_ms == NEVER)
		f->second_ms = since;
	if (n >= 0.8 * r->connections && f->most_ms == NEVER)
		f->most_ms = since;
	if (since == r->load_ms / 2) {
		f->births = (uint32_t)drones->born;
		f->ends = (uint32_t)drones->died;
	}
	if (since == r->load_ms) {
		f->births = (uint32_t)drones->born - f->births;
		f->ends = (uint32_t)drones->died - f->ends;
	}
	if (since > r->load_ms / 2 && since <= r->load_ms)
		note_second_half(f, c, n);
	if (since > r->load_ms && f->back_ms == NEVER && n <= r->rules.drone_min + 2)
		f->back_ms = since - r->load_ms;
}

/* The last time before the load's end that the number was outside of what the second half knew. */
static uint32_t last_outside(const uint32_t *drones, const struct run *r, const struct figures *f)
{
	uint32_t ms = r->load_ms;

	while (ms > 0 && drones[ms - 1] >= f->least && drones[ms - 1] <= f->most)
		ms--;
	return ms;
}

struct figures run_live(const struct run *r, FILE *table)
{
	struct figures f = { .second_ms = NEVER, .most_ms = NEVER, .least = UINT32_MAX, .back_ms = NEVER };
	uint32_t *drones = calloc(r->load_ms + 1, sizeof(*drones)), noise = r->connections;
	struct colony c;

	if (!drones)
		abort();
	colony_init(&c, &r->rules, r->seed);
	if (table)
		fputs(run_columns, table);
	for (uint32_t ms = 0; ms < LOAD_FROM_MS + r->load_ms + r->rest_ms; ms++) {
		colony_step(&c, connections_at(r, ms, &c, &noise));
		note(&f, r, &c, ms);
		if (ms >= LOAD_FROM_MS && ms - LOAD_FROM_MS <= r->load_ms)
			drones[ms - LOAD_FROM_MS] = c.census[CLASS_DRONE].living;
		if (table && ms % ROW_MS == 0)
			write_row(table, &c, ms);
	}
	f.settled_ms = last_outside(drones, r, &f);
	colony_done(&c);
	free(drones);
	return f;
}
