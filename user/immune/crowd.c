/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Open addressing at most half full; who leaves last is taken out, and those behind move up, so that no search grows long. */
#include "immune/crowd.h"

#include <string.h>

struct member {
	uint64_t source;
	uint32_t count; /* 0: empty */
	uint32_t pad;
};

struct crowd {
	uint32_t mask; /* places less one; 0: not in use yet */
	uint32_t pad;
	struct member member[];
};

static uint32_t places(uint32_t connections)
{
	uint32_t n = 64;

	while (n / 2 < connections)
		n *= 2;
	return n;
}

size_t crowd_bytes(uint32_t connections)
{
	return sizeof(struct crowd) + (size_t)places(connections) * sizeof(struct member);
}

void crowd_init(struct crowd *c, uint32_t connections)
{
	memset(c, 0, crowd_bytes(connections));
	c->mask = places(connections) - 1;
}

static uint32_t home_of(uint64_t source, uint32_t mask)
{
	return (uint32_t)((source * 0x9e3779b97f4a7c15ULL) >> 32) & mask;
}

/* Its place, or the empty one where it would stand. */
static uint32_t find(const struct crowd *c, uint32_t mask, uint64_t source)
{
	uint32_t at = home_of(source, mask);

	for (uint32_t n = 0; n <= mask && c->member[at].count && c->member[at].source != source; n++)
		at = (at + 1) & mask;
	return at;
}

void crowd_enter(struct crowd *c, uint64_t source)
{
	struct member *m = &c->member[find(c, c->mask, source)];

	m->source = source;
	m->count++;
}

/* Those behind an empty place move into it, if it lies between their home and where they are. */
static void close_gap(struct crowd *c, uint32_t gap)
{
	for (uint32_t at = (gap + 1) & c->mask; c->member[at].count; at = (at + 1) & c->mask) {
		uint32_t home = home_of(c->member[at].source, c->mask);

		if (((at - home) & c->mask) < ((at - gap) & c->mask))
			continue;
		c->member[gap] = c->member[at];
		c->member[at].count = 0;
		gap = at;
	}
}

void crowd_leave(struct crowd *c, uint64_t source)
{
	uint32_t at = find(c, c->mask, source);

	if (!c->member[at].count)
		return;
	if (!--c->member[at].count)
		close_gap(c, at);
}

uint32_t crowd_count(const struct crowd *c, uint64_t source)
{
	const struct member *m;
	uint32_t mask = c->mask, count;

	if (!mask)
		return 0;
	m = &c->member[find(c, mask, source)];
	count = m->count;
	return m->source == source ? count : 0;
}
