/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes of the DNA: which pairs are refused, and which route serves a path. */
#include <criterion/criterion.h>
#include <string.h>
#include "dna_try.h"

#define ROUTE(prefix) "route \"" prefix "\" { gene = /x.so }\n"

Test(dna_route, a_prefix_twice_is_refused_with_both_lines)
{
	const struct dna_try *t = dna_try(ROUTE("/") ROUTE("/a") ROUTE("/b") ROUTE("/a"));

	cr_expect_eq(t->problems, 1, "%s", t->said);
	cr_expect(dna_said(t, "t.conf:4: route \"/a\": found a second time, after route \"/a\" of line 2; "), "%s",
		t->said);
}

Test(dna_route, shadows_are_refused_with_both_lines)
{
	const struct dna_try *t = dna_try(ROUTE("/api/") "\n" ROUTE("/api"));

	cr_expect_eq(t->problems, 1, "%s", t->said);
	cr_expect(
		dna_said(t, "t.conf:3: route \"/api\": found beside route \"/api/\" of line 1, which covers the same"),
		"%s", t->said);
	cr_expect_eq(dna_try(ROUTE("/api") ROUTE("/api/"))->problems, 1);
	cr_expect_eq(dna_try(ROUTE("/api/") ROUTE("/api2") ROUTE("/apI") ROUTE("/api/x"))->problems, 0);
}

Test(dna_route, options_belong_to_their_own_route)
{
	const struct dna *d = &dna_try("route /a { gene = /a.so args = 1 deadline = 1s }\n"
				       "route /b {\n gene = static\n root = /b }\n"
				       "route /c { gene = /c.so index = c }\n")
				       ->dna;

	cr_assert_eq(d->route_count, 3);
	cr_expect(!strcmp(d->route[0].gene, "/a.so") && !strcmp(d->route[0].args, "1") &&
		  d->route[0].deadline_ms == 1000);
	cr_expect(!strcmp(d->route[1].root, "/b") && !strcmp(d->route[1].args, "") && d->route[1].deadline_ms == 30000);
	cr_expect(d->route[1].line == 2 && d->route[1].gene_line == 3 && d->route[1].root_line == 4);
	cr_expect(!strcmp(d->route[2].index, "c") && d->route[2].line == 5 && d->route[2].root_line == 0);
}

static const struct dna_try *try_routes(int n)
{
	static char text[8192];
	size_t used = 0;

	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "route /r%d { gene = /x.so }\n", i);
	return dna_try(text);
}

Test(dna_route, at_most_64)
{
	cr_expect_eq(try_routes(64)->problems, 0);
	cr_expect_eq(try_routes(65)->problems, 1);
	cr_expect(dna_said(try_routes(65), "t.conf:65: route: found one more route; allowed: 1 to 64 routes"));
}

static const char *found(const struct dna *d, const char *path)
{
	int i = dna_route_find(d, path, strlen(path));

	return i < 0 ? "none" : d->route[i].prefix;
}

Test(dna_route, the_longest_prefix_serves)
{
	const struct dna *d = &dna_try(ROUTE("/") ROUTE("/api/") ROUTE("/api/v2") ROUTE("/hello"))->dna;

	cr_expect_str_eq(found(d, "/"), "/");
	cr_expect_str_eq(found(d, "/x"), "/");
	cr_expect_str_eq(found(d, "/api"), "/api/");
	cr_expect_str_eq(found(d, "/api/"), "/api/");
	cr_expect_str_eq(found(d, "/apix"), "/");
	cr_expect_str_eq(found(d, "/api/v2"), "/api/v2");
	cr_expect_str_eq(found(d, "/api/v2/x"), "/api/v2");
	cr_expect_str_eq(found(d, "/api/v22"), "/api/");
	cr_expect_str_eq(found(d, "/hello"), "/hello");
	cr_expect_str_eq(found(d, "/hello/x"), "/hello");
	cr_expect_str_eq(found(d, "/hellox"), "/");
}

Test(dna_route, no_route_is_minus_one)
{
	const struct dna *d = &dna_try(ROUTE("/api"))->dna;

	cr_expect_eq(dna_route_find(d, "/", 1), -1);
	cr_expect_eq(dna_route_find(d, "/apix", 5), -1);
	cr_expect_eq(dna_route_find(d, "/apix", 4), 0);
}
