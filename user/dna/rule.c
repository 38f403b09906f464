/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What only the whole DNA can tell: options in order, lists that may not be empty. */
#include <string.h>
#include "dna/parts.h"

static uint32_t number(const struct dna_reading *r, int option)
{
	uint32_t n;

	memcpy(&n, (const char *)r->dna + dna_options[option].offset, sizeof(n));
	return n;
}

static void write_number(const struct dna_reading *r, int option, char *to, size_t room)
{
	dna_number_write(dna_options[option].type, number(r, option), to, room);
}

static void write_name(int option, char *to, size_t room)
{
	dna_name_write(dna_options[option].section, NULL, dna_options[option].name, to, room);
}

static void check_order(struct dna_reading *r, int low, int high)
{
	char where[DNA_WHERE_MAX], other[DNA_WHERE_MAX], found[32], bound[32];
	bool at_high = r->given[high] > r->given[low];
	int here = at_high ? high : low, there = at_high ? low : high;

	if (number(r, low) <= number(r, high) || r->refused[low] || r->refused[high])
		return;
	write_name(here, where, sizeof(where));
	write_name(there, other, sizeof(other));
	write_number(r, here, found, sizeof(found));
	write_number(r, there, bound, sizeof(bound));
	dna_problem_add(r->problems, r->given[here], where, "found %s; allowed: at %s %s, which is %s%s", found,
		at_high ? "least" : "most", other, bound, r->given[there] ? "" : " (the default)");
}

uint32_t dna_cells_least(const struct dna *dna)
{
	return 1 + dna->blood_min + dna->drone_min + dna->stem_min + 2 + (dna->link.family != 0);
}

/* What is asked for at the least has to fit below what is allowed at the most. */
static void check_cells(struct dna_reading *r)
{
	const struct dna *d = r->dna;
	uint32_t least = dna_cells_least(d);

	if (d->cells_max >= least || r->refused[DNA_CELLS_max])
		return;
	dna_problem_add(r->problems, r->given[DNA_CELLS_max], "cells.max",
		"found %u; allowed: at least %u: a neuron, blood.min %u, drone.min %u, stem.min %u and two founders",
		d->cells_max, least, d->blood_min, d->drone_min, d->stem_min);
}

static void check_list(struct dna_reading *r, int option, uint32_t count)
{
	char where[DNA_WHERE_MAX], allowed[DNA_SAY_MAX];
	const struct dna_option *o = &dna_options[option];

	if (!r->given[option] || r->refused[option] || count >= o->min)
		return;
	write_name(option, where, sizeof(where));
	dna_option_allowed(o, allowed, sizeof(allowed));
	dna_problem_add(r->problems, r->given[option], where, "found an empty list; allowed: %s", allowed);
}

void dna_rule_check(struct dna_reading *r)
{
#define X(low, high) check_order(r, DNA_##low, DNA_##high);
	DNA_ORDERED(X)
#undef X
	check_cells(r);
	check_list(r, DNA_TOP_listen, r->dna->listen_count);
	dna_route_check(r);
	dna_signature_check(r);
}
