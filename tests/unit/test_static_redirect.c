/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene "static": a directory without its slash, and how the Location is written. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "genes/reply.h"
#include "site.h"

static struct site s;

static void up(void)
{
	site_open(&s, "index.html");
}

static void down(void)
{
	site_close(&s);
}

TestSuite(static_redirect, .init = up, .fini = down);

static const char *locate(const char *path, const char *query)
{
	static char to[256];
	struct cellws_text p = {path, strlen(path)}, q = {query, strlen(query)};

	long n = reply_location(to, sizeof(to), p, q);
	cr_assert_eq(n, (long)strlen(to));
	return to;
}

Test(static_location, paths_are_encoded_again)
{
	cr_expect_str_eq(locate("/a", ""), "/a/");
	cr_expect_str_eq(locate("/a b", ""), "/a%20b/");
	cr_expect_str_eq(locate("/caf\xc3\xa9", ""), "/caf%C3%A9/");
	cr_expect_str_eq(locate("/100%", ""), "/100%25/");
	cr_expect_str_eq(locate("/a?b#c", ""), "/a%3Fb%23c/");
	cr_expect_str_eq(locate("/a\"<>\\^`{|}", ""), "/a%22%3C%3E%5C%5E%60%7B%7C%7D/");
	cr_expect_str_eq(locate("/a\r\nX: y", ""), "/a%0D%0AX:%20y/");
	cr_expect_str_eq(locate("/-._~!$&'()*+,;=:@", ""), "/-._~!$&'()*+,;=:@/");
}

Test(static_location, the_query_is_kept)
{
	cr_expect_str_eq(locate("/a", "x=1&y=%20"), "/a/?x=1&y=%20");
	cr_expect_str_eq(locate("/a", "\xc3\xa9\r\n"), "/a/?%C3%A9%0D%0A");
}

Test(static_location, it_never_names_another_host)
{
	cr_expect_str_eq(locate("//evil.example", ""), "/evil.example/");
	cr_expect_str_eq(locate("//", ""), "/");
	cr_expect_str_eq(locate("/\\evil.example", ""), "/%5Cevil.example/");
}

static void expect_fits(const char *path, const char *query, long length)
{
	char to[24];
	struct cellws_text p = {path, strlen(path)}, q = {query, strlen(query)};

	for (size_t room = 0; room <= sizeof(to); room++) {
		memset(to, '#', sizeof(to));
		long n = reply_location(to, room, p, q);
		cr_expect(n == length || n == -ENOSPC, "room %zu gives %ld", room, n);
		for (size_t i = room; i < sizeof(to); i++)
			cr_expect_eq(to[i], '#', "room %zu, byte %zu", room, i);
		if (n > 0)
			cr_expect_eq(to[n], 0);
		if (room > (size_t)length + 3)
			cr_expect_eq(n, length, "room %zu gives %ld", room, n);
	}
}

Test(static_location, what_does_not_fit_is_enospc)
{
	expect_fits("/abcdefghijk", "", 13);
	expect_fits("/abcdefghijk", "x", 15);
	expect_fits("/abcdefghi ", "", 14);
	expect_fits("/abc", "\xff\xff", 12);
	expect_fits("/", "", 1);
	expect_fits("//", "x", 3);
}

Test(static_redirect, a_directory_gets_its_slash)
{
	site_mkdir(&s, "root/dir");
	cr_assert_eq(site_get(&s, "/dir"), 301);
	cr_expect_str_eq(site_field(&s, "Location"), "/dir/");
	cr_expect_str_eq(s.d.body, "301 Moved Permanently\n");
	cr_expect_eq(s.d.rs.fresh_ms, 1000);
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/dir", .query = "a=b&c"}), 301);
	cr_expect_str_eq(site_field(&s, "Location"), "/dir/?a=b&c");
}

Test(static_redirect, the_route_itself_gets_its_slash)
{
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/hello", .route = "/hello"}), 301);
	cr_expect_str_eq(site_field(&s, "Location"), "/hello/");
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/api", .route = "/api/"}), 301);
	cr_expect_str_eq(site_field(&s, "Location"), "/api/");
}

Test(static_redirect, odd_characters_below_a_route)
{
	site_mkdir(&s, "root/a b?\xc3\xa9%");
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/r/a b?\xc3\xa9%", .route = "/r/", .query = "q"}), 301);
	cr_expect_str_eq(site_field(&s, "Location"), "/r/a%20b%3F%C3%A9%25/?q");
}

Test(static_redirect, head_has_no_body)
{
	site_mkdir(&s, "root/dir");
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/dir", .method = "HEAD"}), 301);
	cr_expect_str_eq(site_field(&s, "Location"), "/dir/");
	cr_expect_str_eq(site_field(&s, "Content-Length"), "22");
	cr_expect_eq(s.d.body_n, 0);
	cr_expect_eq(s.d.rs.fresh_ms, 0);
}

Test(static_redirect, no_room_for_the_location_is_414)
{
	static char query[9000];

	site_mkdir(&s, "root/dir");
	memset(query, 'q', sizeof(query) - 1);
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/dir", .query = query}), 414);
	query[8180] = 0; /* fits the buffer, not the head */
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/dir", .query = query}), 414);
	query[7000] = 0;
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/dir", .query = query}), 301);
}
