/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lives of simulated families: what befalls them second by second, and what is counted. */
#include "life.h"

#include <stdlib.h>
#include <string.h>

#define BAN_EACH_S 2u
#define BAN_UNTIL_S (END_S - 5u) /* each has time enough */

const char *life_name(enum fate_of_hosts fate)
{
	static const char *const name[] = {
#define X(NAME, name, text) #name,
		FATES(X)
#undef X
	};

	return name[fate];
}

static void churn(struct world *w)
{
	for (uint32_t i = 0; i < w->n / 600; i++)
		world_kill(w, world_random(w) % w->n, world_random(w) % 2, 5000 + world_random(w) % 3000);
}

/* All are back in the same second, so the hosts that are alone call together. */
static void mass(struct world *w)
{
	for (uint32_t i = 0; i < w->n / 10; i++)
		world_kill(w, 1 + world_random(w) % (w->n - 1), true, 8000 + world_random(w) % 100);
}

static bool is_below(const struct world *w, uint32_t host, uint32_t top)
{
	while (host != NOBODY && host != top)
		host = w->host[host].mother;
	return host == top;
}

static void part(struct world *w)
{
	uint32_t top = w->n - 1;

	for (uint32_t i = 1; i < w->n; i++)
		if (2 * w->host[i].size < w->n && w->host[i].size > w->host[top].size)
			top = i;
	for (uint32_t i = 0; i < w->n; i++)
		w->host[i].side = is_below(w, i, top);
	w->parted = true;
}

static void befall(struct world *w, enum fate_of_hosts fate, uint32_t second)
{
	if ((fate == FATE_CHURN || fate == FATE_BOTH) && second >= FROM_S && second < UNTIL_S)
		churn(w);
	if (second == UNTIL_S)
		w->parted = w->torn = false;
	if (second != FROM_S)
		return;
	if (fate == FATE_MASS)
		mass(w);
	if (fate == FATE_ROOT)
		world_kill(w, 0, true, 8000);
	if (fate == FATE_PARTED)
		part(w);
	w->torn = fate == FATE_TORN || fate == FATE_BOTH;
}

static void ban(struct world *w, uint32_t second)
{
	uint32_t host;

	if (second % BAN_EACH_S || second > BAN_UNTIL_S || w->words == WORDS)
		return;
	do
		host = world_random(w) % w->n;
	while (!w->host[host].alive);
	world_ban(w, host);
}

struct tally {
	uint64_t sent, seconds_of_hosts;
	uint32_t ring_s;
};

/* A second is over: what was sent in it, and what it looks like now. */
static void note(struct world *w, struct figures *f, struct tally *t, uint32_t second, FILE *table)
{
	struct shape s = world_shape(w);
	uint32_t most = 0;
	uint64_t sent = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		sent += w->host[i].sent;
		most = w->host[i].sent > most ? w->host[i].sent : most;
		w->host[i].sent = 0;
	}
	t->sent += sent;
	t->seconds_of_hosts += w->alive;
	t->ring_s = s.rings ? t->ring_s + 1 : 0;
	f->ring_s = t->ring_s > f->ring_s ? t->ring_s : f->ring_s;
	f->most = most > f->most ? most : f->most;
	f->mean_most = (double)sent / w->alive > f->mean_most ? (double)sent / w->alive : f->mean_most;
	if (second >= UNTIL_S && (s.components != 1 || s.rings || w->alive != w->n))
		f->whole_s = second + 1 - UNTIL_S;
	if (second >= UNTIL_S && s.minority)
		f->minority_s = second + 1 - UNTIL_S;
	if (second == UNTIL_S - 1) {
		f->minority = s.minority;
		f->trees = s.components;
	}
	f->end = s;
	if (table)
		fprintf(table, "%u %u %.3f %u %u %u %u\n", second, w->alive, (double)sent / w->alive, most, s.components, s.rings,
			s.minority);
}

static int by_time(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void note_bans(const struct world *w, struct figures *f, FILE *spread)
{
	uint32_t times[WORDS], n = 0;

	for (uint32_t i = 0; i < w->words; i++) {
		if (w->news[i].all_ms)
			times[n++] = w->news[i].all_ms;
		else
			f->never++;
		if (spread)
			fprintf(spread, "%.1f %u %u %u\n", (double)(w->news[i].at_ms - 1000) / 1000, w->news[i].half_ms, w->news[i].most_ms,
				w->news[i].all_ms);
	}
	if (!n)
		return;
	qsort(times, n, sizeof(*times), by_time);
	f->median_ms = times[n / 2];
	f->late_ms = times[n * 19 / 20];
}

struct figures life_live(enum fate_of_hosts fate, uint32_t hosts, uint64_t seed, FILE *table, FILE *spread)
{
	struct figures f = { 0 };
	struct tally t = { 0 };
	struct world w;

	world_init(&w, hosts, seed);
	if (table)
		fputs("# seconds alive messages_per_host most_of_a_host trees rings minority\n", table);
	if (spread)
		fputs("# seconds ms_to_50% ms_to_90% ms_to_99%\n", spread);
	for (uint32_t second = 0; second < END_S; second++) {
		befall(&w, fate, second);
		ban(&w, second);
		for (uint32_t ms = 0; ms < 1000; ms++)
			world_step(&w);
		note(&w, &f, &t, second, table);
	}
	f.mean = (double)t.sent / (double)t.seconds_of_hosts;
	f.calls = (uint32_t)w.calls;
	for (uint32_t i = 0; i < hosts; i++)
		f.cut += w.host[i].side;
	note_bans(&w, &f, spread);
	world_done(&w);
	return f;
}
