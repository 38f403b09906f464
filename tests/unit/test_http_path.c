/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of path normalisation and of the match against a route. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "http/path.h"

#define REFUSED NULL

struct path_case {
	const char *raw, *out;
};

static const struct path_case path_cases[] = {
	{"", "/"},
	{"/", "/"},
	{"/a", "/a"},
	{"/a/b.c", "/a/b.c"},
	{"/a/", "/a/"},
	{"/%61", "/a"},
	{"/%7E%7e", "/~~"},
	{"/%20", "/ "},
	{"/a+b", "/a+b"},
	{"/%c3%A4", "/\xc3\xa4"},
	{"/%25", "/%"},
	{"/%2541", "/%41"},
	{"/%3f%23", "/?#"},
	{"/%5c", "/\\"},
	{"/a;b=c,d@e:f", "/a;b=c,d@e:f"},
	{"//", "/"},
	{"///a//b///", "/a/b/"},
	{"/.", "/"},
	{"/./", "/"},
	{"/a/.", "/a/"},
	{"/a/./b", "/a/b"},
	{"/%2e/a", "/a"},
	{"/./././", "/"},
	{"/a/..", "/"},
	{"/a/../", "/"},
	{"/a/b/..", "/a/"},
	{"/a/b/../", "/a/"},
	{"/a/b/../c", "/a/c"},
	{"/a/b/../../c", "/c"},
	{"/a/%2e%2E/b", "/b"},
	{"/a/.%2e/b", "/b"},
	{"/a//../b", "/b"},
	{"/a/./../b", "/b"},
	{"/aa/bb/cc/../../dd", "/aa/dd"},
	{"/...", "/..."},
	{"/.a", "/.a"},
	{"/..a", "/..a"},
	{"/a..", "/a.."},
	{"/a.", "/a."},
	{"/a/.../b", "/a/.../b"},
	{"/..%00", REFUSED},
	{"/..", REFUSED},
	{"/../", REFUSED},
	{"/../a", REFUSED},
	{"/a/../..", REFUSED},
	{"/a/../../a", REFUSED},
	{"/%2e%2e", REFUSED},
	{"/%2e%2e/a", REFUSED},
	{"/./..", REFUSED},
	{"//..", REFUSED},
	{"a", REFUSED},
	{"%2fa", REFUSED},
	{"*", REFUSED},
	{".", REFUSED},
	{"?", REFUSED},
	{"/%", REFUSED},
	{"/%4", REFUSED},
	{"/%4g", REFUSED},
	{"/%g4", REFUSED},
	{"/%%", REFUSED},
	{"/% 1", REFUSED},
	{"/%4/1", REFUSED},
	{"/%u0041", REFUSED},
	{"/%00", REFUSED},
	{"/a%00b", REFUSED},
	{"/%0a", REFUSED},
	{"/%1F", REFUSED},
	{"/%7f", REFUSED},
	{"/\x01", REFUSED},
	{"/\x7f", REFUSED},
	{"/a\tb", REFUSED},
	{"/%2f", REFUSED},
	{"/a%2Fb", REFUSED},
	{"/..%2f", REFUSED},
	{"/a/..%2f..", REFUSED},
};

#define PATH_CASES (sizeof(path_cases) / sizeof(path_cases[0]))

static void expect_path(const struct path_case *c, const char *out, int n)
{
	if (c->out == REFUSED)
		cr_expect_eq(n, -400, "taken: %s", c->raw);
	else
		cr_expect(n == (int)strlen(c->out) && memcmp(out, c->out, (size_t)n) == 0, "%s, not %s: %.*s", c->raw,
			c->out, n < 0 ? 0 : n, out);
}

Test(http_18_path, a_normalise)
{
	char out[64];

	for (size_t i = 0; i < PATH_CASES; i++)
		expect_path(&path_cases[i], out,
			http_path_normalise(path_cases[i].raw, strlen(path_cases[i].raw), out, sizeof(out)));
}

Test(http_18_path, b_in_place)
{
	for (size_t i = 0; i < PATH_CASES; i++) {
		size_t n = strlen(path_cases[i].raw);
		char *both = malloc(n + 1);

		cr_assert_not_null(both);
		memcpy(both, path_cases[i].raw, n);
		expect_path(&path_cases[i], both, http_path_normalise(both, n, both, n + 1));
		free(both);
	}
}

Test(http_18_path, c_room)
{
	char out[8];

	cr_expect_eq(http_path_normalise("", 0, out, 0), -400);
	cr_expect_eq(http_path_normalise("", 0, out, 1), 1);
	cr_expect_eq(http_path_normalise("/abc", 4, out, 4), 4);
	cr_expect_eq(http_path_normalise("/abc", 4, out, 3), -400);
	cr_expect_eq(http_path_normalise("/abc/", 5, out, 4), -400);
	cr_expect_eq(http_path_normalise("/abc/", 5, out, 5), 5);
	cr_expect_eq(http_path_normalise("/%61%62", 7, out, 3), 3);
}

Test(http_18_path, d_the_end_of_the_bytes_is_the_end)
{
	char out[8];

	cr_expect_eq(http_path_normalise("/%41", 3, out, 8), -400);
	cr_expect_eq(http_path_normalise("/a/..", 4, out, 8), 3);
	cr_expect_eq(http_path_normalise("/\0", 2, out, 8), -400);
}

Test(http_18_path, e_covers)
{
	static const struct {
		const char *prefix, *path;
		bool covers;
	} cases[] = {
		{"/", "/", true},
		{"/", "/a", true},
		{"/", "/a/b", true},
		{"/hello", "/hello", true},
		{"/hello", "/hello/", true},
		{"/hello", "/hello/x", true},
		{"/hello", "/hellox", false},
		{"/hello", "/hell", false},
		{"/hello", "/", false},
		{"/hello", "/Hello", false},
		{"/hello", "/x/hello", false},
		{"/hello", "/hellp/x", false},
		{"/api/", "/api", true},
		{"/api/", "/api/", true},
		{"/api/", "/api/x", true},
		{"/api/", "/apix", false},
		{"/api/", "/ap", false},
		{"/api/", "/apj", false},
		{"/api/", "/apj/x", false},
		{"/a/b", "/a", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(http_path_covers(
				     cases[i].prefix, strlen(cases[i].prefix), cases[i].path, strlen(cases[i].path)),
			cases[i].covers, "%s, %s", cases[i].prefix, cases[i].path);
}
