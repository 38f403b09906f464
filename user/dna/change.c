/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compares two DNAs: what a living organism cannot change, with both values. Pure. */
#include <string.h>
#include "dna/parts.h"

enum when {
	ALWAYS,
	FROM_ZERO,
};

static const struct fixed {
	int option;
	enum when when;
	const char *why;
} fixed[] = {
#define X(option, when, why) {DNA_##option, when, why},
	DNA_FIXED(X)
#undef X
};

static bool is_number(int type)
{
	return type == DNA_TYPE_COUNT || type == DNA_TYPE_SIZE || type == DNA_TYPE_DURATION || type == DNA_TYPE_FRACTION;
}

static uint64_t number(const struct dna *d, const struct dna_option *o)
{
	const char *at = (const char *)d + o->offset;
	uint64_t eight;
	uint32_t four;

	if (o->room == sizeof(eight)) {
		memcpy(&eight, at, sizeof(eight));
		return eight;
	}
	memcpy(&four, at, sizeof(four));
	return four;
}

static bool is_same_place(const struct dna_listen *a, const struct dna_listen *b)
{
	return a->family == b->family && a->port == b->port && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static bool is_same_list(const struct dna *a, const struct dna *b)
{
	bool same = a->listen_count == b->listen_count;

	for (uint32_t i = 0; same && i < a->listen_count; i++)
		same = is_same_place(&a->listen[i], &b->listen[i]);
	return same;
}

/* All options that are fixed are of these types. */
static bool is_same(const struct dna *a, const struct dna *b, const struct dna_option *o)
{
	if (is_number(o->type))
		return number(a, o) == number(b, o);
	if (o->type == DNA_TYPE_ADDRESSES)
		return is_same_list(a, b);
	if (o->type == DNA_TYPE_ENDPOINT)
		return is_same_place(&a->link, &b->link);
	return !strcmp((const char *)a + o->offset, (const char *)b + o->offset);
}

static const char *write_value(const struct dna *d, const struct dna_option *o, char *to, size_t room)
{
	char all[DNA_SAY_MAX / 3] = "";
	size_t used = 0;

	if (is_number(o->type)) {
		dna_number_write(o->type, number(d, o), to, room);
		return to;
	}
	if (o->type == DNA_TYPE_ENDPOINT)
		return dna_problem_quote(d->link.text, to, room);
	if (o->type != DNA_TYPE_ADDRESSES)
		return dna_problem_quote((const char *)d + o->offset, to, room);
	for (uint32_t i = 0; i < d->listen_count && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", d->listen[i].text);
	return dna_problem_quote(all, to, room);
}

static void say(struct dna_problems *p, const struct fixed *f, const struct dna *now, const struct dna *next)
{
	const struct dna_option *o = &dna_options[f->option];
	char where[DNA_WHERE_MAX], was[DNA_SAY_MAX / 3], is[DNA_SAY_MAX / 3];

	dna_name_write(o->section, NULL, o->name, where, sizeof(where));
	dna_problem_add(p, next->option_line[f->option], where,
		"%s in the living organism, %s here; %s: a change takes `cellctl down` and `cellctl up`",
		write_value(now, o, was, sizeof(was)), write_value(next, o, is, sizeof(is)), f->why);
}

int dna_check_change(const struct dna *now, const struct dna *next, FILE *out)
{
	struct dna_problems problems = {.file = next->file};
	int count = 0;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		const struct dna_option *o = &dna_options[fixed[i].option];

		if (is_same(now, next, o) || (fixed[i].when == FROM_ZERO && number(now, o)))
			continue;
		count++;
		if (out)
			say(&problems, &fixed[i], now, next);
	}
	if (out)
		dna_problem_print(&problems, out);
	return count;
}

bool dna_is_same(const struct dna *a, const struct dna *b)
{
	size_t behind = offsetof(struct dna, sha256);

	return !memcmp((const char *)a + behind, (const char *)b + behind, sizeof(*a) - behind);
}
