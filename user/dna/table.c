/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of sections and options as data, looked up by name, and put into words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "dna/parts.h"

const struct dna_section dna_sections[] = {
#define X(id, name, parent, titled) [DNA_SECTION_##id] = {name, DNA_SECTION_##parent, titled},
	DNA_SECTIONS(X)
#undef X
};

const struct dna_type dna_types[] = {
#define X(id, reader, name, list, before, after) [DNA_TYPE_##id] = {name, list, before, after},
	DNA_TYPES(X)
#undef X
};

const struct dna_option dna_options[] = {
#define X(section, name, type, min, max, fallback, unit, record, field, help)                                          \
	[DNA_##section##_##name] = {DNA_SECTION_##section, #name, DNA_TYPE_##type, min, max, fallback, unit,           \
		offsetof(struct record, field), sizeof(((struct record *)0)->field), help},
	DNA_OPTIONS(X)
#undef X
};

int dna_option_find(int section, const char *name)
{
	for (int i = 0; i < DNA_OPTION_COUNT; i++)
		if (dna_options[i].section == section && !strcmp(dna_options[i].name, name))
			return i;
	return -1;
}

int dna_section_find(int parent, const char *name)
{
	for (int i = 0; i < DNA_SECTION_COUNT; i++)
		if (i != DNA_SECTION_TOP && dna_sections[i].parent == parent && !strcmp(dna_sections[i].name, name))
			return i;
	return -1;
}

void dna_number_write(int type, uint64_t value, char *to, size_t room)
{
	static const struct {
		int type;
		uint64_t divisor;
		const char *unit;
	} units[] = {
		{DNA_TYPE_SIZE, DNA_GIB, "G"},
		{DNA_TYPE_SIZE, DNA_MIB, "M"},
		{DNA_TYPE_SIZE, DNA_KIB, "K"},
		{DNA_TYPE_DURATION, DNA_HOUR, "h"},
		{DNA_TYPE_DURATION, DNA_SECOND, "s"},
		{DNA_TYPE_DURATION, 1, "ms"},
	};

	if (type == DNA_TYPE_FRACTION) {
		dna_fraction_write((uint32_t)value, to, room);
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].type != type || !value || value % units[i].divisor)
			continue;
		snprintf(to, room, "%" PRIu64 "%s", value / units[i].divisor, units[i].unit);
		return;
	}
	snprintf(to, room, "%" PRIu64, value);
}

static bool is_word(int type)
{
	return type == DNA_TYPE_PROXY || type == DNA_TYPE_REFUSAL;
}

static void write_range(const struct dna_option *o, char *to, size_t room)
{
	char low[32], high[32];

	if (is_word(o->type)) {
		snprintf(to, room, "%s", dna_types[o->type].before);
		return;
	}
	dna_number_write(o->type, o->min, low, sizeof(low));
	dna_number_write(o->type, o->max, high, sizeof(high));
	snprintf(to, room, "%s to %s%s%s", low, high, o->unit[0] ? " " : "", o->unit);
}

void dna_option_allowed(const struct dna_option *o, char *to, size_t room)
{
	char range[96];

	write_range(o, range, sizeof(range));
	snprintf(to, room, "%s%s%s", is_word(o->type) ? "" : dna_types[o->type].before, range, dna_types[o->type].after);
}

void dna_name_write(int section, const char *route, const char *name, char *to, size_t room)
{
	char quoted[DNA_PREFIX_MAX];

	if (section == DNA_SECTION_ROUTE && route)
		snprintf(to, room, "route %s %s", dna_problem_quote(route, quoted, sizeof(quoted)), name);
	else if (section <= DNA_SECTION_TOP)
		snprintf(to, room, "%s", name);
	else if (dna_sections[section].parent == DNA_SECTION_TOP)
		snprintf(to, room, "%s.%s", dna_sections[section].name, name);
	else
		snprintf(to, room, "%s.%s.%s", dna_sections[dna_sections[section].parent].name,
			dna_sections[section].name, name);
}

/* The default as it would be written in a DNA. */
static void write_default(const struct dna_option *o, char *to, size_t room)
{
	size_t used;

	if (!o->fallback || !dna_types[o->type].list) {
		const char *quote = o->fallback && !o->fallback[0] ? "\"\"" : "";
		snprintf(to, room, "%s%s", o->fallback ? o->fallback : "(needed)", quote);
		return;
	}
	used = (size_t)snprintf(to, room, "{");
	for (const char *at = o->fallback; *at;) {
		int n = (int)strcspn(at, " ");
		used += (size_t)snprintf(to + used, room - used, "%s\"%.*s\"", at == o->fallback ? "" : ", ", n, at);
		at += n + (at[n] == ' ');
	}
	snprintf(to + used, room - used, "}");
}

void dna_print_options(FILE *out)
{
	char name[DNA_WHERE_MAX], range[96], fallback[128];

	fprintf(out, "%-29s %-10s %-32s %-18s %s\n", "option", "type", "range", "default", "what it is");
	for (int i = 0; i < DNA_OPTION_COUNT; i++) {
		const struct dna_option *o = &dna_options[i];

		dna_name_write(o->section, NULL, o->name, name, sizeof(name));
		write_range(o, range, sizeof(range));
		write_default(o, fallback, sizeof(fallback));
		fprintf(out, "%-29s %-10s %-32s %-18s %s\n", name, dna_types[o->type].name, range, fallback, o->help);
	}
}
