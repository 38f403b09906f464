/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads one value of the DNA, by its type in the table, into its place in the record. */
#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "dna/parts.h"

/* True when the value is right; else nothing is stored, and allowed or the table tells what would be right. */
typedef bool reader(struct dna_value *v);

static bool fits(const struct dna_value *v, uint64_t n)
{
	return n >= v->option->min && n <= v->option->max;
}

static bool store_text(struct dna_value *v, const char *text)
{
	size_t n = strlen(text);

	if (!fits(v, n))
		return false;
	assert(n < v->option->room);
	memcpy(v->field, text, n + 1);
	return true;
}

static bool store_number(struct dna_value *v, uint64_t n)
{
	uint32_t narrow = (uint32_t)n;

	if (!fits(v, n))
		return false;
	if (v->option->room == sizeof(n)) {
		memcpy(v->field, &n, sizeof(n));
		return true;
	}
	assert(v->option->room == sizeof(narrow) && narrow == n);
	memcpy(v->field, &narrow, sizeof(narrow));
	return true;
}

/* Reads digits; the rest of the text in *rest. False when there are none or too many to be right. */
static bool take_digits(const char *text, uint64_t *n, const char **rest)
{
	size_t digits = strspn(text, "0123456789");

	*n = 0;
	for (size_t i = 0; i < digits && i < 18; i++)
		*n = *n * 10 + (uint64_t)(text[i] - '0');
	*rest = text + digits;
	return digits > 0 && digits <= 18;
}

static bool read_count(struct dna_value *v)
{
	const char *rest;
	uint64_t n;

	return take_digits(v->text, &n, &rest) && !*rest && store_number(v, n);
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* A number with one of the units behind it. */
static bool read_units(struct dna_value *v, const struct unit *units, size_t count)
{
	const char *rest;
	uint64_t n;

	if (!take_digits(v->text, &n, &rest))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(rest, units[i].name))
			return n <= v->option->max / units[i].factor && store_number(v, n * units[i].factor);
	return false;
}

static bool read_size(struct dna_value *v)
{
	static const struct unit units[] = {{"", 1}, {"K", DNA_KIB}, {"M", DNA_MIB}, {"G", DNA_GIB}};

	return read_units(v, units, sizeof(units) / sizeof(units[0]));
}

static bool read_duration(struct dna_value *v)
{
	static const struct unit units[] = {{"ms", 1}, {"s", DNA_SECOND}, {"m", 60 * DNA_SECOND}, {"h", DNA_HOUR}};

	return read_units(v, units, sizeof(units) / sizeof(units[0]));
}

static bool read_fraction(struct dna_value *v)
{
	uint32_t q16;

	return !dna_fraction_read(v->text, &q16) && store_number(v, q16);
}

static bool read_text(struct dna_value *v)
{
	return store_text(v, v->text);
}

static bool read_name(struct dna_value *v)
{
	return v->text[0] != '-' && !v->text[strspn(v->text, "abcdefghijklmnopqrstuvwxyz0123456789-")] &&
	       store_text(v, v->text);
}

static bool read_filename(struct dna_value *v)
{
	return !strchr(v->text, '/') && strcmp(v->text, ".") && strcmp(v->text, "..") && store_text(v, v->text);
}

/* Stores a path as an absolute one. */
static bool read_path(struct dna_value *v)
{
	char joined[2 * DNA_PATH_MAX];
	const char *text = v->text, *directory = v->reading->directory;
	int n;

	if (!fits(v, strlen(text)))
		return false;
	if (text[0] == '/' || !text[0])
		return store_text(v, text);
	while (!strncmp(text, "./", 2))
		text += 2;
	n = snprintf(joined, sizeof(joined), "%s/%s", strcmp(directory, "/") ? directory : "", text);
	if (n >= (int)v->option->room) {
		snprintf(v->allowed, sizeof(v->allowed), "a path that has at most %zu bytes behind %.*s/",
			v->option->room - 1, DNA_PATH_MAX / 2, directory);
		return false;
	}
	return store_text(v, joined);
}

static bool read_gene(struct dna_value *v)
{
	size_t n = strlen(v->text);

	if (!strcmp(v->text, "static"))
		return store_text(v, v->text);
	return n > 3 && !strcmp(v->text + n - 3, ".so") && read_path(v);
}

static bool read_address(struct dna_value *v)
{
	return dna_address_read(v);
}

static bool read_endpoint(struct dna_value *v)
{
	struct dna_listen at = {.line = v->line};

	assert(v->option->room == sizeof(at));
	if (v->text[0] && !dna_listen_read(v->text, &at))
		return false;
	memcpy(v->field, &at, sizeof(at));
	return true;
}

static bool read_prefix(struct dna_value *v)
{
	return dna_prefix_read(v);
}

/* The words, in the order of enum dna_proxy_protocol. */
static bool read_proxy(struct dna_value *v)
{
	static const char *const words[] = {"off", "optional", "required"};

	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(v->text, words[i])) {
			memcpy(v->field, &i, sizeof(i));
			return true;
		}
	snprintf(v->allowed, sizeof(v->allowed), "\"off\", \"optional\" or \"required\"");
	return false;
}

static bool read_trap(struct dna_value *v)
{
	return dna_trap_read(v);
}

static bool read_refusal(struct dna_value *v)
{
	uint32_t refuse = strcmp(v->text, "close") ? DNA_REFUSE_ANSWER : DNA_REFUSE_CLOSE;

	if (refuse == DNA_REFUSE_ANSWER && strcmp(v->text, "answer"))
		return false;
	assert(v->option->room == sizeof(refuse));
	memcpy(v->field, &refuse, sizeof(refuse));
	return true;
}

static reader *const readers[] = {
#define X(id, reader, ...) [DNA_TYPE_##id] = read_##reader,
	DNA_TYPES(X)
#undef X
};

static void start(struct dna_value *v, struct dna_reading *r, int option, const char *text, uint32_t line)
{
	const struct dna_option *o = &dna_options[option];
	char *record = (char *)r->dna;

	if (o->section == DNA_SECTION_ROUTE)
		record = (char *)&r->dna->route[r->routes_read];
	if (o->section == DNA_SECTION_SIGNATURE)
		record = (char *)&r->dna->signature[r->signatures_read];
	*v = (struct dna_value){.reading = r, .option = o, .text = text, .line = line, .field = record + o->offset};
}

void dna_value_read(struct dna_reading *r, int option, const char *text, uint32_t line)
{
	char where[DNA_WHERE_MAX], shown[128];
	const char *route =
		dna_options[option].section == DNA_SECTION_ROUTE ? r->dna->route[r->routes_read].prefix : NULL;
	struct dna_value v;

	start(&v, r, option, text, line);
	if (readers[v.option->type](&v))
		return;
	r->refused[option] = true;
	if (!v.allowed[0])
		dna_option_allowed(v.option, v.allowed, sizeof(v.allowed));
	dna_name_write(v.option->section, route, v.option->name, where, sizeof(where));
	dna_problem_add(r->problems, line, where, "found %s; allowed: %s",
		dna_problem_quote(text, shown, sizeof(shown)), v.allowed);
}

/* A default that its own option refuses is a bug of the table. */
static void take_default(struct dna_value *v)
{
	bool right = readers[v->option->type](v);

	assert(right);
}

void dna_value_defaults(struct dna_reading *r, bool of_route)
{
	for (int i = 0; i < DNA_OPTION_COUNT; i++) {
		const struct dna_option *o = &dna_options[i];
		struct dna_value v;

		if ((o->section == DNA_SECTION_ROUTE) != of_route || dna_types[o->type].list || !o->fallback ||
			!o->fallback[0])
			continue;
		start(&v, r, i, o->fallback, 0);
		take_default(&v);
	}
}

/* Lists get their default last: a list that is given replaces it. */
void dna_value_default_lists(struct dna_reading *r)
{
	char element[64];

	for (int i = 0; i < DNA_OPTION_COUNT; i++) {
		const struct dna_option *o = &dna_options[i];

		if (!dna_types[o->type].list || r->given[i])
			continue;
		for (const char *at = o->fallback; *at; at += strspn(at, " ")) {
			size_t n = strcspn(at, " ");
			struct dna_value v;

			snprintf(element, sizeof(element), "%.*s", (int)n, at);
			start(&v, r, i, element, 0);
			take_default(&v);
			at += n;
		}
	}
}
