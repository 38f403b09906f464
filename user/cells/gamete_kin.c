/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom to call: the mother; without her the grandmother, or a sister, so that a tree comes about and no ring. */
#include "cells/gamete_kin.h"

#include <string.h>

#define BACK_LEAST_MS 100u
#define BACK_MOST_MS  5000u
#define AT_ONCE_MS    20u /* after a link that worked is gone */

_Static_assert(HOSTS_MAX <= 32, "rows are bits");

int kin_mother(const struct kin *k)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (k->row[i].relation == RELATION_MOTHER)
			return i;
	return -1;
}

int kin_foster(const struct kin *k)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (k->link[i] == KIN_CALLED && k->row[i].relation != RELATION_MOTHER)
			return i;
	return -1;
}

static bool is_orphan(const struct kin *k, int mother)
{
	return k->row[mother].state != HOST_LINKED && k->now_ms - k->calling[mother].lost_ms >= KIN_ORPHAN_MS;
}

/* Whether a sister is linked here: any, or one with a lower number that has called. */
static bool has_sister(const struct kin *k, bool lower)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (k->row[i].relation == RELATION_SISTER && k->link[i] && (!lower || (k->link[i] == KIN_CALLS && k->row[i].id < k->self)))
			return true;
	return false;
}

/*
 * Sisters call those with lower numbers, so that no two call each other and no ring comes about. Only who has waited for long with no
 * sister at all calls any: the mother lives, and it alone cannot reach her. Whom such a one has called stays where she is.
 */
static bool may_ask_sister(const struct kin *k, const struct host *h, int mother)
{
	if (h->id < k->self)
		return !has_sister(k, true);
	return k->now_ms - k->calling[mother].lost_ms >= KIN_ANY_MS && !has_sister(k, false);
}

static bool may_foster(const struct kin *k, const struct host *h, int mother)
{
	return h->relation == RELATION_GRANDMOTHER || (h->relation == RELATION_SISTER && may_ask_sister(k, h, mother));
}

/* The grandmother first, then by number. */
static bool is_better(const struct host *h, const struct host *than)
{
	if (h->relation != than->relation)
		return h->relation == RELATION_GRANDMOTHER;
	return h->id < than->id;
}

/* Of those whose time has come; when the next one's comes, if that is before *next_ms. */
static int find_foster(const struct kin *k, int mother, uint64_t *next_ms)
{
	int best = -1;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		if (!may_foster(k, &k->row[i], mother))
			continue;
		if (k->calling[i].at_ms > k->now_ms)
			*next_ms = k->calling[i].at_ms < *next_ms ? k->calling[i].at_ms : *next_ms;
		else if (best < 0 || is_better(&k->row[i], &k->row[best]))
			best = i;
	}
	return best;
}

int kin_call_mother(const struct kin *k)
{
	int mother = kin_mother(k);

	return mother >= 0 && !k->link[mother] && k->now_ms >= k->calling[mother].at_ms ? mother : -1;
}

int kin_call_foster(const struct kin *k)
{
	uint64_t none = UINT64_MAX;
	int mother = kin_mother(k), foster;

	if (mother < 0 || kin_foster(k) >= 0 || !is_orphan(k, mother))
		return -1;
	foster = find_foster(k, mother, &none);
	return foster >= 0 && !k->link[foster] ? foster : -1;
}

uint64_t kin_next_ms(const struct kin *k)
{
	int mother = kin_mother(k);
	uint64_t next = UINT64_MAX, lost;

	if (mother < 0 || k->row[mother].state == HOST_LINKED)
		return next;
	lost = k->calling[mother].lost_ms;
	if (!k->link[mother])
		next = k->calling[mother].at_ms;
	if (!is_orphan(k, mother))
		return lost + KIN_ORPHAN_MS < next ? lost + KIN_ORPHAN_MS : next;
	if (kin_foster(k) >= 0)
		return next;
	if (k->now_ms < lost + KIN_ANY_MS && lost + KIN_ANY_MS < next)
		next = lost + KIN_ANY_MS;
	if (kin_call_foster(k) >= 0)
		return k->now_ms;
	find_foster(k, mother, &next);
	return next;
}

static uint32_t between(uint32_t least, uint32_t most, uint32_t random)
{
	return least + random % (most - least + 1);
}

void kin_lost(const struct kin *k, int row, bool linked, uint32_t random)
{
	struct calling *c = &k->calling[row];
	struct host *h = &k->row[row];

	h->state = h->relation == RELATION_MOTHER || h->relation == RELATION_DAUGHTER ? HOST_LOST : HOST_KNOWN;
	h->rtt_us = 0;
	if (linked) {
		c->lost_ms = k->now_ms;
		c->back_ms = 0;
		c->at_ms = k->now_ms + between(1, AT_ONCE_MS, random);
	} else {
		c->back_ms = !c->back_ms ? BACK_LEAST_MS : 2 * c->back_ms < BACK_MOST_MS ? 2 * c->back_ms : BACK_MOST_MS;
		c->at_ms = k->now_ms + between(c->back_ms / 2, c->back_ms, random);
		c->tries++;
	}
}

static uint32_t mirrored(uint32_t relation)
{
	static const uint32_t of[RELATION_COUNT] = {
		[RELATION_MOTHER] = RELATION_DAUGHTER,
		[RELATION_DAUGHTER] = RELATION_MOTHER,
		[RELATION_SISTER] = RELATION_SISTER,
		[RELATION_GRANDMOTHER] = RELATION_GRANDDAUGHTER,
		[RELATION_GRANDDAUGHTER] = RELATION_GRANDMOTHER,
	};

	return relation < RELATION_COUNT ? of[relation] : RELATION_NONE;
}

int kin_room(const struct kin *k)
{
	int oldest = -1;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		const struct host *h = &k->row[i];

		if (!h->relation)
			return i;
		if (h->relation != RELATION_MOTHER && h->relation != RELATION_EXPELLED && !k->link[i] &&
			(oldest < 0 || h->heard_ns < k->row[oldest].heard_ns))
			oldest = i;
	}
	return oldest;
}

int kin_find(const struct kin *k, const struct record_hello *hello, const char address[HOST_ADDRESS])
{
	int row = -1;

	for (int i = 0; i < (int)HOSTS_MAX && row < 0; i++)
		if (k->row[i].relation && k->row[i].id == hello->id)
			row = i;
	for (int i = 0; i < (int)HOSTS_MAX && row < 0; i++)
		if (k->row[i].relation && k->row[i].relation != RELATION_EXPELLED && !strcmp(k->row[i].address, address) && !k->link[i])
			row = i;
	if (row < 0) {
		row = kin_room(k);
		if (row < 0 || !mirrored(hello->relation))
			return -1;
		k->row[row] = (struct host){ .id = hello->id, .relation = mirrored(hello->relation) };
		k->calling[row] = (struct calling){ .at_ms = k->now_ms };
	}
	/* Who has lost its mother for good calls the one that it has chosen. */
	if (hello->relation == RELATION_MOTHER && k->row[row].relation != RELATION_MOTHER)
		k->row[row].relation = RELATION_DAUGHTER;
	memcpy(k->row[row].address, address, HOST_ADDRESS);
	return row;
}

/* An empty row, or that of who was expelled longest ago, if there are many. */
static int expelled_room(const struct kin *k)
{
	int oldest = -1;
	unsigned n = 0;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		if (k->row[i].relation != RELATION_EXPELLED)
			continue;
		n++;
		if (oldest < 0 || k->row[i].heard_ns < k->row[oldest].heard_ns)
			oldest = i;
	}
	return n < HOSTS_EXPELLED ? kin_room(k) : oldest;
}

int kin_expel(const struct kin *k, uint64_t id, uint64_t now_ns)
{
	int row = -1;

	for (int i = 0; i < (int)HOSTS_MAX && row < 0; i++)
		if (k->row[i].relation && k->row[i].id == id)
			row = i;
	if (row < 0) {
		row = expelled_room(k);
		if (row < 0)
			return -1;
		k->row[row] = (struct host){ .id = id, .address = "-" };
	}
	k->row[row].relation = RELATION_EXPELLED;
	k->row[row].state = HOST_KNOWN;
	k->row[row].heard_ns = now_ns;
	return row;
}

/* For good, other than for a while: only a sister with a lower number, or two would choose each other. */
int kin_choose_mother(const struct kin *k)
{
	int best = -1;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		const struct host *h = &k->row[i];

		if (h->relation != RELATION_GRANDMOTHER && (h->relation != RELATION_SISTER || h->id > k->self))
			continue;
		if (best < 0 || is_better(h, &k->row[best]))
			best = i;
	}
	if (best < 0)
		return -1;
	k->row[best].relation = RELATION_MOTHER;
	k->calling[best] = (struct calling){ .at_ms = k->now_ms, .lost_ms = k->now_ms };
	return best;
}

static bool is_told(uint32_t relation)
{
	return relation == RELATION_SISTER || relation == RELATION_GRANDMOTHER;
}

/* The row, or -1 when it was there before or there is no room. */
static int add(const struct kin *k, const struct record_kin *one)
{
	int row;

	if (one->id == k->self || !is_told(one->relation))
		return -1;
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (k->row[i].relation && k->row[i].id == one->id)
			return -1;
	row = kin_room(k);
	if (row < 0 || k->row[row].relation)
		return -1;
	k->row[row] = (struct host){ .id = one->id, .relation = one->relation };
	memcpy(k->row[row].address, one->address, HOST_ADDRESS);
	k->calling[row] = (struct calling){ .at_ms = k->now_ms };
	return row;
}

uint32_t kin_hear(const struct kin *k, const struct record_kin *kin, int n)
{
	uint32_t changed = 0;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		if (!is_told(k->row[i].relation) || k->link[i])
			continue;
		k->row[i] = (struct host){ 0 };
		changed |= 1u << i;
	}
	for (int i = 0; i < n; i++) {
		int row = add(k, &kin[i]);

		changed |= row >= 0 ? 1u << row : 0;
	}
	return changed;
}

/* A host that came back as another, at the same address, before this one knew that it had gone. */
static bool is_former_life(const struct kin *k, int row)
{
	for (int i = 0; i < (int)HOSTS_MAX; i++)
		if (i != row && k->row[i].state == HOST_LINKED && !strcmp(k->row[i].address, k->row[row].address))
			return true;
	return false;
}

unsigned kin_tell(const struct kin *k, uint64_t id, struct record_kin kin[HOSTS_MAX])
{
	unsigned n = 0;

	for (int i = 0; i < (int)HOSTS_MAX; i++) {
		const struct host *h = &k->row[i];
		bool mother = h->relation == RELATION_MOTHER;

		if ((!mother && h->relation != RELATION_DAUGHTER) || !h->id || h->id == id || is_former_life(k, i))
			continue;
		kin[n] = (struct record_kin){ .id = h->id, .relation = mother ? RELATION_GRANDMOTHER : RELATION_SISTER };
		memcpy(kin[n++].address, h->address, HOST_ADDRESS);
	}
	return n;
}

/* While a host changes from one link to another it may be counted twice: what was reached for a while only is no family. */
static void grow(struct kin_count *c, uint32_t all, uint64_t now_ms)
{
	if (all <= c->family || !c->rising || all <= c->rising) {
		c->rising_ms = c->rising ? c->rising_ms : now_ms;
		c->rising = all > c->family ? all : 0;
		c->more = 0;
	} else {
		c->more_ms = c->more ? c->more_ms : now_ms;
		c->more = !c->more || all < c->more ? all : c->more;
	}
	if (!c->rising || now_ms - c->rising_ms < KIN_STEADY_MS)
		return;
	c->family = c->rising;
	c->family_ms = now_ms;
	/* Who came a little later has waited as well. */
	c->rising = c->more;
	c->rising_ms = c->more_ms;
	c->more = 0;
}

void kin_count(struct kin_count *c, uint32_t all, uint64_t now_ms)
{
	grow(c, all, now_ms);
	if (all == c->family)
		c->family_ms = now_ms;
	if (all < c->family && now_ms - c->family_ms > KIN_FAMILY_MS) {
		c->family = all;
		c->family_ms = now_ms;
	}
	c->minority = c->family > 1 && 2 * all <= c->family;
}
