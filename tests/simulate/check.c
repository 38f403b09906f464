/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is promised of a colony's numbers, asserted on simulated ones. */
#include "run.h"

static unsigned broken;

static void promise(bool kept, const char *what, const struct run *r, uint32_t value, uint32_t limit)
{
	broken += !kept;
	if (!kept)
		printf("BROKEN  %s of %u, seed %u: %s: %u, promised %u\n", load_name(r->load), r->connections, (unsigned)r->seed,
			what, value, limit);
}

static void at_most(const char *what, const struct run *r, uint32_t value, uint32_t limit)
{
	promise(value <= limit, what, r, value, limit);
}

static void at_least(const char *what, const struct run *r, uint32_t value, uint32_t limit)
{
	promise(value >= limit, what, r, value, limit);
}

static void print_figures(const struct run *r, const struct figures *f)
{
	printf("%-5s of %5u, seed %2u: second %u ms, 80%% %d ms, settled %u ms at %u to %u, peak %u, waits %u ms, back in %d ms\n",
		load_name(r->load), r->connections, (unsigned)r->seed, f->second_ms, (int)f->most_ms, f->settled_ms, f->least,
		f->most, f->peak, f->wait_ms, (int)f->back_ms);
}

static void check_step(uint32_t connections, uint64_t seed, uint32_t most_ms, uint32_t back_ms)
{
	struct run r = run_of(LOAD_STEP, connections);
	uint32_t swing = connections / 5 > 4 ? connections / 5 : 4;
	struct figures f;

	r.seed = seed;
	f = run_live(&r, NULL);
	print_figures(&r, &f);
	at_most("ms to the second drone", &r, f.second_ms, 250);
	at_most("ms to 80 %", &r, f.most_ms, most_ms);
	at_most("swing in the second half", &r, f.most - f.least, swing);
	at_least("fewest in the second half", &r, f.least, connections - connections / 10);
	at_most("peak", &r, f.peak, connections + connections / 4 + 2);
	at_most("peak and maximum", &r, f.peak, r.rules.drone_max);
	at_most("ms to shrink", &r, f.back_ms, back_ms);
}

/* Whatever the load does, the number stays within what it may be and goes back. */
static void check_other(enum load load, uint32_t connections)
{
	struct run r = run_of(load, connections);
	struct figures f = run_live(&r, NULL);

	print_figures(&r, &f);
	at_most("peak and maximum", &r, f.peak, r.rules.drone_max);
	/* A slow rise is followed as far as requests wait for longer than queue_ms. */
	at_least("peak", &r, f.peak, connections * 2 / 3);
	at_most("ms to shrink", &r, f.back_ms, 8000);
	at_most("births in the second half", &r, f.births, 2 * connections);
}

/* A load that comes back soon after the colony has shrunk is answered although antigrowth still lingers. */
static void check_turns(uint64_t seed)
{
	struct run r = run_of(LOAD_TURNS, 24);
	struct figures f;

	r.seed = seed;
	f = run_live(&r, NULL);
	print_figures(&r, &f);
	at_most("ms that a request waits", &r, f.wait_ms, 500);
	at_most("peak and maximum", &r, f.peak, r.rules.drone_max);
}

unsigned check_settling(void)
{
	struct run one = run_of(LOAD_STEP, 1);
	struct figures f = run_live(&one, NULL);

	print_figures(&one, &f);
	at_most("peak", &one, f.peak, 1);
	for (uint64_t seed = 1; seed <= 20; seed++)
		check_step(24, seed, 2000, 8000);
	check_step(8, 1, 2000, 8000);
	for (uint64_t seed = 1; seed <= 10; seed++)
		check_step(100, seed, 3000, 8000);
	check_step(1000, 1, 8000, 8000);
	for (uint64_t seed = 1; seed <= 10; seed++)
		check_turns(seed);
	for (int load = LOAD_RAMP; load < LOAD_COUNT; load++)
		check_other((enum load)load, 24);
	return broken;
}
