/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From measured load to wanted net levels: shortage at once, surplus after a while, and a level that keeps what there is. */
#include "cells/need.h"
#include "shared/receptor.h"

#include <string.h>

#define BUSY_PERMILLE     700u  /* of the drones, for an old request to be a shortage */
#define STANDING_PERMILLE 900u  /* of the drones, for a standing queue to be one */
#define STANDING_MS       500u  /* without a standing queue a shortage is over */
#define SERVICE_MS        4u    /* requests that hold a drone for less do not need more drones but more CPU */
#define SURPLUS_MS        (NEED_BUCKETS * NEED_BUCKET_MS)
#define CPU_EASY          600u  /* permille of pressure */
#define CPU_FULL          950u
#define MEMORY_FULL       100u
#define HOT_PERMILLE      850u
#define HOT_MS            300u
#define COOL_PERMILLE     500u
#define COOL_MS           10000u
#define BACKOFF_LEAST_MS  250u
#define BACKOFF_MOST_MS   8000u
#define STEP_Q16          (Q16_ONE / 16)  /* the level that keeps is topped up by this much */
#define ROUNDING_Q16      (Q16_ONE / 512)

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

struct need_rules need_rules_of(const struct constitution *c)
{
	return (struct need_rules){ .divide_q16 = c->divide_q16,
		.die_q16 = c->die_q16,
		.attenuation_q16 = c->attenuation_q16,
		.floor_q16 = c->floor_q16,
		.half_life_ms = c->half_life_ms,
		.queue_ms = NEED_QUEUE_MS };
}

/* The highest level at which nobody divides, with room for what the arithmetic rounds. */
static uint32_t hold_most(const struct need_rules *r)
{
	return r->divide_q16 - (r->divide_q16 - r->die_q16) / 16;
}

/* The lowest level at which cells at two hops stay, an eighth above it: signals come late to a busy cell. */
static uint32_t hold_least(const struct need_rules *r)
{
	uint64_t far = ((uint64_t)r->die_q16 << 16) / most(r->attenuation_q16, 1);

	far += far / 8;
	/* Where attenuation makes this impossible, only direct relatives are kept. */
	return far < hold_most(r) - STEP_Q16 / 4 ? (uint32_t)far : (r->die_q16 + r->divide_q16) / 2;
}

/* Topped up in steps that are strong enough to be relayed, not by what fades in one tick. */
static uint32_t signal_step(const struct need_rules *r)
{
	uint64_t relayed = ((uint64_t)r->floor_q16 << 16) / most(r->attenuation_q16, 1);

	return most(STEP_Q16, least((uint32_t)(relayed + relayed / 4), Q16_ONE));
}

/* What the last answer is worth now: nothing is secreted to follow it. */
static uint32_t faded(const struct need *n, const struct need_rules *r, uint64_t now_ms)
{
	uint64_t elapsed_ms = now_ms > n->wanted_ms ? now_ms - n->wanted_ms : 0;

	return receptor_fade(n->wanted_q16, elapsed_ms * 1000000u, r->half_life_ms);
}

static uint32_t level_to_keep(const struct need *n, const struct need_sample *s, const struct need_rules *r, uint64_t now_ms)
{
	uint32_t level = least(faded(n, r, now_ms), hold_most(r));

	/* Cells at the minimum stay without being told. */
	if (s->living <= s->min || level >= hold_least(r))
		return level;
	return least(hold_least(r) + signal_step(r), hold_most(r));
}

/*
 * lacking_permille: thousandths of a cell, what pressure has left of the shortage. The level is raised by a step at least,
 * and fades until then: smaller signals would not be relayed, and far cells would starve while near ones divide.
 */
static uint32_t level_to_grow(const struct need *n, const struct need_sample *s, const struct need_rules *r,
	uint64_t lacking_permille, uint64_t now_ms)
{
	uint64_t room = Q16_ONE - r->divide_q16, able = (uint64_t)most(s->listeners, 1) * 1000u;
	uint32_t above = (uint32_t)(lacking_permille >= able ? room : room * lacking_permille / able);
	uint32_t target = r->divide_q16 + above, level = faded(n, r, now_ms);

	return level <= target && level + signal_step(r) > target ? level : target;
}

/*
 * So low that `excess` of the living are expected to leave by the next look. Far cells hear less and leave first: between
 * die and die / attenuation only they do.
 */
static uint32_t level_to_shrink(const struct need_sample *s, const struct need_rules *r, uint32_t excess)
{
	uint64_t far = least(s->far, s->living), near = s->living - far;
	uint64_t att = most(r->attenuation_q16, 1);
	uint64_t level;

	if (excess >= s->living)
		return 0;
	if (((uint64_t)excess << 16) <= far * (Q16_ONE - least((uint32_t)att, Q16_ONE)))
		level = ((uint64_t)r->die_q16 << 16) / att * (far - excess) / far;
	else
		level = ((uint64_t)r->die_q16 << 16) * (s->living - excess) / ((near << 16) + far * att);
	return level < hold_most(r) ? (uint32_t)level : hold_most(r);
}

/* How much growth pressure, attacks and sickness leave, in permille; without CPU pressure for blood, which relieves it. */
static uint32_t growth_permille(struct need *n, const struct need_sample *s, bool cpu, uint64_t now_ms)
{
	uint32_t part = 1000u - least(s->attack_permille, 1000u);

	if (s->sick && now_ms >= n->backoff_until_ms) {
		n->backoff_ms = n->backoff_ms ? least(2 * n->backoff_ms, BACKOFF_MOST_MS) : BACKOFF_LEAST_MS;
		n->backoff_until_ms = now_ms + n->backoff_ms;
	} else if (now_ms >= n->backoff_until_ms + BACKOFF_MOST_MS) {
		n->backoff_ms = 0;
	}
	if (now_ms < n->backoff_until_ms || s->over_budget || s->psi_memory_permille > MEMORY_FULL)
		return 0;
	if (cpu && s->psi_cpu_permille >= CPU_FULL)
		return 0;
	if (cpu && s->psi_cpu_permille > CPU_EASY)
		part = part * (CPU_FULL - s->psi_cpu_permille) / (CPU_FULL - CPU_EASY);
	return part;
}

/* Remembers a demand; returns the greatest of the window. */
static uint32_t window_most(struct need *n, uint32_t want, uint64_t now_ms)
{
	uint64_t bucket = now_ms / NEED_BUCKET_MS;
	uint32_t all = 0;

	if (bucket - n->bucket >= NEED_BUCKETS)
		memset(n->want, 0, sizeof(n->want));
	else
		for (uint64_t b = n->bucket + 1; b <= bucket; b++)
			n->want[b % NEED_BUCKETS] = 0;
	n->bucket = bucket;
	n->want[bucket % NEED_BUCKETS] = most(n->want[bucket % NEED_BUCKETS], want);
	for (unsigned i = 0; i < NEED_BUCKETS; i++)
		all = most(all, n->want[i]);
	return all;
}

/* The shortest the queue has been lately: what is left of it when every cell has had its turn. */
static uint32_t standing_queue(struct need *n, uint32_t queued)
{
	uint32_t all = queued;

	n->queued[n->ticks % NEED_STANDING] = queued;
	for (unsigned i = 0; i < NEED_STANDING; i++)
		all = least(all, n->queued[i]);
	return all;
}

/* How many more drones there should be. An old request begins a shortage; a standing queue keeps it up to its end. */
static uint32_t drones_lacking(struct need *n, const struct need_sample *s, const struct need_rules *r, uint64_t now_ms)
{
	uint32_t standing = standing_queue(n, s->queued);
	uint32_t room = s->max > s->living ? s->max - s->living : 0;
	uint32_t want = s->taken + s->queued;
	/* A cell that is held by a request sends no pulse: what is seen counts as well. */
	uint32_t busy = most(s->busy_permille, (uint32_t)((uint64_t)s->taken * 1000u / most(s->living, 1)));

	if (s->queued && s->oldest_ms > r->queue_ms && busy >= BUSY_PERMILLE) {
		n->short_ms = now_ms;
		return want > s->living ? least(want - s->living, room) : 0;
	}
	/* Little's law: a request holds its drone for about oldest * taken / queued. */
	if (n->short_ms && standing && busy >= STANDING_PERMILLE &&
		(uint64_t)(s->oldest_ms + 1) * s->taken >= (uint64_t)SERVICE_MS * s->queued) {
		n->short_ms = now_ms;
		return least(standing, room);
	}
	if (now_ms - n->short_ms > STANDING_MS)
		n->short_ms = 0;
	return 0;
}

static uint32_t answer(struct need *n, const struct need_sample *s, uint32_t level_q16, uint64_t now_ms)
{
	n->wanted_q16 = level_q16;
	n->wanted_ms = now_ms;
	n->living = s->living;
	n->ticks++;
	return level_q16;
}

static void begin(struct need *n, const struct need_sample *s, uint64_t now_ms)
{
	if (n->begun_ms)
		return;
	n->begun_ms = now_ms;
	n->living = s->living;
}

uint32_t need_drones(struct need *n, const struct need_sample *s, const struct need_rules *r, uint64_t now_ms)
{
	uint32_t lacking, growth, demand, kept;

	begin(n, s, now_ms);
	lacking = drones_lacking(n, s, r, now_ms);
	growth = growth_permille(n, s, true, now_ms);
	demand = window_most(n, s->taken + s->queued, now_ms);
	kept = most(least(demand + demand / 4 + 1, s->max), s->min);
	if (lacking && growth)
		return answer(n, s, level_to_grow(n, s, r, (uint64_t)lacking * growth, now_ms), now_ms);
	if (s->living > kept && now_ms - n->begun_ms >= SURPLUS_MS)
		return answer(n, s, level_to_shrink(s, r, s->living - kept), now_ms);
	return answer(n, s, level_to_keep(n, s, r, now_ms), now_ms);
}

static bool blood_is_short(struct need *n, const struct need_sample *s, uint64_t now_ms)
{
	/* A newborn changes the shares: they are watched anew. */
	if (s->busy_permille < HOT_PERMILLE || s->living != n->living)
		n->hot_ms = 0;
	else if (!n->hot_ms)
		n->hot_ms = now_ms;
	n->backlogged = s->backlog && s->living == n->living ? n->backlogged + 1 : 0;
	if (s->living >= s->max)
		return false;
	return (n->hot_ms && now_ms - n->hot_ms >= HOT_MS) || n->backlogged >= 2;
}

static bool blood_is_many(struct need *n, const struct need_sample *s, uint64_t now_ms)
{
	bool fits = s->living > s->min && s->living > 1 && !s->backlog &&
		    (uint64_t)s->busy_permille * s->living < (uint64_t)COOL_PERMILLE * (s->living - 1);

	if (!fits || s->living != n->living)
		n->cool_ms = 0;
	else if (!n->cool_ms)
		n->cool_ms = now_ms;
	return n->cool_ms && now_ms - n->cool_ms >= COOL_MS;
}

uint32_t need_blood(struct need *n, const struct need_sample *s, const struct need_rules *r, uint64_t now_ms)
{
	bool lacking, many;
	uint32_t growth;

	begin(n, s, now_ms);
	lacking = blood_is_short(n, s, now_ms);
	many = blood_is_many(n, s, now_ms);
	growth = growth_permille(n, s, false, now_ms);
	if (lacking && growth)
		return answer(n, s, level_to_grow(n, s, r, growth, now_ms), now_ms);
	if (many)
		return answer(n, s, level_to_shrink(s, r, 1), now_ms);
	return answer(n, s, level_to_keep(n, s, r, now_ms), now_ms);
}

void need_signal(uint32_t want_q16, uint32_t growth_now_q16, uint32_t anti_now_q16, uint32_t cap_q16,
	uint32_t *growth_q16, uint32_t *anti_q16)
{
	uint32_t net = growth_now_q16 > anti_now_q16 ? growth_now_q16 - anti_now_q16 : 0;

	*growth_q16 = *anti_q16 = 0;
	/* Antigrowth beyond growth must be outweighed first. */
	if (want_q16 > net + ROUNDING_Q16)
		*growth_q16 = least(want_q16 + anti_now_q16 - growth_now_q16, cap_q16);
	else if (net > want_q16 + ROUNDING_Q16)
		*anti_q16 = least(net - want_q16, cap_q16);
	/* What a full receptor would not take would still reach far ones, and make more of them than was meant. */
	*growth_q16 = least(*growth_q16, Q16_ONE - least(growth_now_q16, Q16_ONE));
	*anti_q16 = least(*anti_q16, Q16_ONE - least(anti_now_q16, Q16_ONE));
}

static bool is_at_rest(const struct need_sample *s)
{
	return s->living <= s->min && !s->queued && !s->taken && !s->backlog;
}

bool need_is_calm(const struct need_sample *drones, const struct need_sample *blood, uint32_t net_q16,
	const struct need_rules *r)
{
	return is_at_rest(drones) && is_at_rest(blood) && net_q16 < r->die_q16;
}
