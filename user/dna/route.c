/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes: how one begins, which pairs of them contradict each other, and which one serves a path. */
#include <string.h>
#include "dna/parts.h"
#include "http/path.h"

#define PREFIX_ALLOWED "a path that begins with '/', at most 255 bytes, without \"//\", \".\" or \"..\" segments"

static void check_prefix(struct dna_reading *r, const char *prefix, uint32_t line)
{
	char where[DNA_WHERE_MAX], normal[DNA_PREFIX_MAX] = "";
	size_t n = strlen(prefix);
	int normal_n = -1;

	if (n && n < sizeof(normal))
		normal_n = http_path_normalise(prefix, n, normal, sizeof(normal));
	if (normal_n > 0 && normal_n == (int)n && !strncmp(normal, prefix, sizeof(normal)))
		return;
	snprintf(where, sizeof(where), "route %s", dna_problem_quote(prefix, (char[160]){0}, 160));
	if (normal_n > 0)
		dna_problem_add(r->problems, line, where, "found a prefix that is not normalised; allowed: \"%.*s\"",
			normal_n, normal);
	else
		dna_problem_add(
			r->problems, line, where, "found a prefix that no path can have; allowed: %s", PREFIX_ALLOWED);
}

bool dna_route_begin(struct dna_reading *r, const char *prefix, uint32_t line)
{
	struct dna *dna = r->dna;
	struct dna_route *route;
	uint32_t read = r->routes_read;

	if (dna->route_count == DNA_ROUTES_MAX) {
		dna_problem_add(
			r->problems, line, "route", "found one more route; allowed: 1 to %d routes", DNA_ROUTES_MAX);
		return false;
	}
	for (int i = 0; i < DNA_OPTION_COUNT; i++)
		if (dna_options[i].section == DNA_SECTION_ROUTE)
			r->given[i] = 0;
	check_prefix(r, prefix, line);
	r->routes_read = dna->route_count;
	dna_value_defaults(r, true);
	r->routes_read = read;
	route = &dna->route[dna->route_count++];
	snprintf(route->prefix, sizeof(route->prefix), "%s", prefix);
	route->line = line;
	return true;
}

static void refuse(
	struct dna_reading *r, const struct dna_route *route, uint32_t line, const char *option, const char *what)
{
	char where[DNA_WHERE_MAX];

	dna_name_write(DNA_SECTION_ROUTE, route->prefix, option, where, sizeof(where));
	dna_problem_add(r->problems, line, where, "%s", what);
}

static void check_options(struct dna_reading *r, const struct dna_route *route)
{
	bool is_static = !strcmp(route->gene, "static");

	if (!route->gene_line)
		refuse(r, route, route->line, "gene",
			"found none; allowed: \"static\" or the path of a shared object (NAME.so)");
	else if (is_static && !route->root_line)
		refuse(r, route, route->line, "root",
			"found none; allowed: the directory of the files that \"static\" serves");
	else if (route->gene[0] && !is_static && route->root_line)
		refuse(r, route, route->root_line, "root",
			"found a root for a shared object; allowed: for gene = \"static\" only");
	if (route->carry && !is_static)
		refuse(r, route, route->line, "carry", "found 1 for a shared object, which always goes along; allowed: with a root only");
}

/* "/api" and "/api/" cover the same paths: whoever wrote both meant something that does not happen. */
static bool same(const struct dna_route *a, const struct dna_route *b)
{
	size_t a_n = strlen(a->prefix), b_n = strlen(b->prefix);

	a_n -= a_n && a->prefix[a_n - 1] == '/';
	b_n -= b_n && b->prefix[b_n - 1] == '/';
	return a->prefix[0] == '/' && a_n == b_n && !memcmp(a->prefix, b->prefix, a_n);
}

static void check_pair(struct dna_reading *r, const struct dna_route *later, const struct dna_route *first)
{
	char where[DNA_WHERE_MAX], other[DNA_PREFIX_MAX];
	bool equal = !strcmp(later->prefix, first->prefix);

	if (!same(later, first))
		return;
	dna_name_write(DNA_SECTION_ROUTE, later->prefix, "", where, sizeof(where));
	where[strlen(where) - 1] = '\0';
	dna_problem_add(r->problems, later->line, where, "found %s route %s of line %u%s; allowed: one of the two",
		equal ? "a second time, after" : "beside", dna_problem_quote(first->prefix, other, sizeof(other)),
		first->line, equal ? "" : ", which covers the same paths");
}

void dna_route_check(struct dna_reading *r)
{
	const struct dna *dna = r->dna;

	if (!dna->route_count)
		dna_problem_add(
			r->problems, r->line_count, "route", "found none; allowed: 1 to %d routes", DNA_ROUTES_MAX);
	for (uint32_t i = 0; i < dna->route_count; i++) {
		check_options(r, &dna->route[i]);
		for (uint32_t j = 0; j < i; j++)
			check_pair(r, &dna->route[i], &dna->route[j]);
	}
}

int dna_route_find(const struct dna *dna, const char *path, size_t n)
{
	size_t best_n = 0;
	int best = -1;

	for (uint32_t i = 0; i < dna->route_count; i++) {
		size_t prefix_n = strlen(dna->route[i].prefix);

		if (prefix_n > best_n && http_path_covers(dna->route[i].prefix, prefix_n, path, n)) {
			best_n = prefix_n;
			best = (int)i;
		}
	}
	return best;
}
