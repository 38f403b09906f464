/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of media types: the table of our own, the system's file over it, and files that are not one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "http/mime.h"

#define UTF8	"; charset=utf-8"
#define UNKNOWN "application/octet-stream"

struct mime_case {
	const char *path, *type;
};

static void expect_types(const struct http_mime *m, const struct mime_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(
			http_mime_find(m, cases[i].path, strlen(cases[i].path)), cases[i].type, "%s", cases[i].path);
}

#define EXPECT_TYPES(m, cases) expect_types(m, cases, sizeof(cases) / sizeof((cases)[0]))

static const struct mime_case common[] = {
	{"/index.html", "text/html" UTF8},
	{"/a/b.css", "text/css" UTF8},
	{"x.txt", "text/plain" UTF8},
	{"/app.js", "text/javascript" UTF8},
	{"/d.json", "application/json"},
	{"/a.svg", "image/svg+xml"},
	{"/a.png", "image/png"},
	{"/a.woff2", "font/woff2"},
	{"/a.wasm", "application/wasm"},
	{"/a.tar.gz", "application/gzip"},
	{"/A.HTML", "text/html" UTF8},
	{"/a.JpG", "image/jpeg"},
	{"/.html", "text/html" UTF8},
	{"/", UNKNOWN},
	{"", UNKNOWN},
	{".", UNKNOWN},
	{"/a.", UNKNOWN},
	{"/html", UNKNOWN},
	{"/a.html/b", UNKNOWN},
	{"/a.html/", UNKNOWN},
	{"/a.xyzzy", UNKNOWN},
	{"/a.htmlx", UNKNOWN},
	{"/a.htm l", UNKNOWN},
	{"/a.html ", UNKNOWN},
	{"/a.0123456789012345678901234567890123456789", UNKNOWN},
};

Test(http_22_mime, a_without_any_table)
{
	EXPECT_TYPES(NULL, common);
}

Test(http_22_mime, b_an_empty_file_leaves_the_built_in_table)
{
	struct http_mime *m = http_mime_new(NULL, 0);

	cr_assert_not_null(m);
	EXPECT_TYPES(m, common);
	http_mime_free(m);
	http_mime_free(NULL);
}

Test(http_22_mime, c_a_file)
{
	static const char text[] = "# comment\n"
				   "\n"
				   "   \t\n"
				   "application/x-own\town OWN2  own3\n"
				   "text/x-own tx # not this\n"
				   "#text/x-own hidden\n"
				   "application/javascript js\r\n"
				   "application/no-extension\n"
				   "image/x-own png\n"
				   "image/x-twice twice\n"
				   "image/x-other twice\n"
				   "audio/last last";
	static const struct mime_case cases[] = {
		{"/a.own", "application/x-own"},
		{"/a.own2", "application/x-own"},
		{"/a.OWN3", "application/x-own"},
		{"/a.tx", "text/x-own" UTF8},
		{"/a.not", UNKNOWN},
		{"/a.this", UNKNOWN},
		{"/a.hidden", UNKNOWN},
		{"/a.js", "application/javascript" UTF8},
		{"/a.png", "image/x-own"},
		{"/a.twice", "image/x-other"},
		{"/a.last", "audio/last"},
		{"/a.css", "text/css" UTF8},
		{"/a.xyzzy", UNKNOWN},
	};
	struct http_mime *m = http_mime_new(text, sizeof(text) - 1);

	cr_assert_not_null(m);
	EXPECT_TYPES(m, cases);
	http_mime_free(m);
}

Test(http_22_mime, d_what_is_no_type_is_passed_over)
{
	static const char text[] =
		"text one\n/x two\nx/ three\na/b/c four\ntext/x;y five\nte\"xt/x six\n\x01text/x seven\n"
		"text/x\x80 eight\ntext/fine nine\n";
	static const char *const paths[] = {
		"a.one", "a.two", "a.three", "a.four", "a.five", "a.six", "a.seven", "a.eight"};
	struct http_mime *m = http_mime_new(text, sizeof(text) - 1);

	cr_assert_not_null(m);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cr_expect_str_eq(http_mime_find(m, paths[i], strlen(paths[i])), UNKNOWN, "%s", paths[i]);
	cr_expect_str_eq(http_mime_find(m, "a.nine", 6), "text/fine" UTF8);
	http_mime_free(m);
}

Test(http_22_mime, e_many_types)
{
	static char text[200000];
	struct http_mime *m;
	size_t n = 0;

	for (int i = 0; i < 5000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "text/t%d e%d f%d\n", i, i, i);
	m = http_mime_new(text, n);
	cr_assert_not_null(m);
	for (int i = 0; i < 5000; i++) {
		char path[16], type[64];

		snprintf(path, sizeof(path), "/x.%c%d", i & 1 ? 'e' : 'F', i);
		snprintf(type, sizeof(type), "text/t%d" UTF8, i);
		cr_expect_str_eq(http_mime_find(m, path, strlen(path)), type);
	}
	http_mime_free(m);
}
