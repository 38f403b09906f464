/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is promised of a family's numbers, asserted on simulated ones: it becomes one tree again, and there is no storm. */
#include "life.h"

static unsigned broken;

static void at_most(const char *what, enum fate_of_hosts fate, uint64_t seed, double value, double limit)
{
	if (value <= limit)
		return;
	broken++;
	printf("BROKEN  %s, seed %u: %s: %g, promised %g\n", life_name(fate), (unsigned)seed, what, value, limit);
}

static void print_figures(enum fate_of_hosts fate, uint32_t hosts, uint64_t seed, const struct figures *f)
{
	printf("%-6s of %5u, seed %u: %.2f messages (worst second %.2f, one host %u), %u calls, 99%% after %u ms (late %u), rings %u s, "
	       "%u trees, one after %u s, minority %u of %u, for %u s\n", life_name(fate), hosts, (unsigned)seed, f->mean, f->mean_most, f->most,
		f->calls, f->median_ms, f->late_ms, f->ring_s, f->trees, f->whole_s, f->minority, f->cut, f->minority_s);
}

/* calls: most links that may be begun for each host; worst: messages per host in the worst second. */
static void check(enum fate_of_hosts fate, uint32_t hosts, uint64_t seed, double calls, double worst)
{
	struct figures f = life_live(fate, hosts, seed, NULL, NULL);

	print_figures(fate, hosts, seed, &f);
	/* Two heartbeats for each link, and half a ban. */
	at_most("messages per host and second", fate, seed, f.mean, 3);
	at_most("in the worst second", fate, seed, f.mean_most, worst);
	at_most("of one host in one second", fate, seed, f.most, 500);
	at_most("calls per host", fate, seed, (double)f.calls / hosts, calls);
	at_most("ms until a ban has reached 99 %", fate, seed, f.median_ms, 1000);
	at_most("bans that never did", fate, seed, f.never, 0);
	at_most("seconds with a ring", fate, seed, f.ring_s, 2);
	at_most("seconds until it is one tree", fate, seed, f.whole_s, 20);
	at_most("seconds until none is cut off", fate, seed, f.minority_s, 40);
	at_most("trees while pairs have no way", fate, seed, f.trees, fate == FATE_TORN ? 1 + hosts / 200 : hosts);
	at_most("trees", fate, seed, f.end.components, 1);
	if (fate == FATE_PARTED) {
		at_most("of the minority", fate, seed, f.cut, f.minority);
		at_most("minority", fate, seed, f.minority, f.cut);
	}
}

unsigned life_check(void)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		check(FATE_QUIET, 1000, seed, 0, 4);
		check(FATE_CHURN, 1000, seed, 0.5, 6);
		check(FATE_MASS, 1000, seed, 1, 15);
		check(FATE_ROOT, 1000, seed, 0.1, 10);
		check(FATE_TORN, 1000, seed, 2, 6);
		check(FATE_BOTH, 1000, seed, 2, 8);
		check(FATE_PARTED, 1000, seed, 0.1, 15);
	}
	return broken;
}
