/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene "static": the precompressed sibling, and what caches are told about it. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "site.h"

static struct site s;

static void up(void)
{
	site_open(&s, "index.html");
	site_put_text(&s, "root/a.css", "plain");
	site_put_text(&s, "root/a.css.gz", "small!");
}

static void down(void)
{
	site_close(&s);
}

TestSuite(static_gzip, .init = up, .fini = down);

static int accepting(const char *path, const char *coding)
{
	return site_ask(&s, &(struct fake_ask){.path = path, .fields = {"Accept-Encoding", coding}});
}

static void expect_plain(const char *why)
{
	cr_expect_str_eq(s.d.body, "plain", "%s", why);
	cr_expect_null(site_field(&s, "Content-Encoding"), "%s", why);
}

Test(static_gzip, who_takes_it_gets_it)
{
	cr_assert_eq(accepting("/a.css", "gzip, br"), 200);
	cr_expect_str_eq(s.d.body, "small!");
	cr_expect_str_eq(site_field(&s, "Content-Encoding"), "gzip");
	cr_expect_str_eq(site_field(&s, "Content-Type"), "text/css; charset=utf-8");
	cr_expect_str_eq(site_field(&s, "Vary"), "Accept-Encoding");
	cr_expect_eq(s.d.rs.fresh_ms, 1000);
	cr_assert_eq(accepting("/a.css", "x-gzip;q=0.2"), 200);
	cr_expect_str_eq(s.d.body, "small!");
}

Test(static_gzip, who_does_not_gets_the_plain_bytes_and_vary)
{
	cr_assert_eq(site_get(&s, "/a.css"), 200);
	expect_plain("no Accept-Encoding");
	cr_expect_str_eq(site_field(&s, "Vary"), "Accept-Encoding");
	cr_assert_eq(accepting("/a.css", "gzip;q=0"), 200);
	expect_plain("q=0");
	cr_expect_str_eq(site_field(&s, "Vary"), "Accept-Encoding");
}

Test(static_gzip, without_a_sibling_nothing_varies)
{
	site_put_text(&s, "root/b.css", "plain");
	cr_assert_eq(accepting("/b.css", "gzip"), 200);
	expect_plain("no sibling");
	cr_expect_null(site_field(&s, "Vary"));
	cr_assert_eq(site_get(&s, "/b.css"), 200);
	cr_expect_null(site_field(&s, "Vary"));
}

Test(static_gzip, an_older_or_empty_sibling_is_not_sent)
{
	site_date(&s, "root/a.css", SITE_TIME, 1);
	cr_assert_eq(accepting("/a.css", "gzip"), 200);
	expect_plain("older by a nanosecond");
	cr_expect_str_eq(site_field(&s, "Vary"), "Accept-Encoding");
	site_date(&s, "root/a.css.gz", SITE_TIME + 1, 0);
	cr_assert_eq(accepting("/a.css", "gzip"), 200);
	cr_expect_str_eq(s.d.body, "small!");
	site_date(&s, "root/a.css.gz", SITE_TIME - 1, 5);
	cr_assert_eq(accepting("/a.css", "gzip"), 200);
	expect_plain("older by a second");
	site_put_text(&s, "root/a.css.gz", "");
	site_date(&s, "root/a.css.gz", SITE_TIME + 1, 0);
	cr_assert_eq(accepting("/a.css", "gzip"), 200);
	expect_plain("empty");
}

Test(static_gzip, a_sibling_that_is_no_file_is_not_sent, .timeout = 10)
{
	site_put_text(&s, "root/b", "plain");
	site_mkdir(&s, "root/b.gz");
	site_put_text(&s, "root/c", "plain");
	cr_assert_eq(mkfifoat(s.top_fd, "root/c.gz", 0644), 0);
	site_put_text(&s, "root/d", "plain");
	site_put_text(&s, "outside/secret", "secret");
	site_link(&s, "../outside/secret", "root/d.gz");
	static const char *const paths[] = {"/b", "/c", "/d"};

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(accepting(paths[i], "gzip"), 200);
		expect_plain(paths[i]);
	}
}

Test(static_gzip, a_sibling_alone_is_not_the_file)
{
	site_put_text(&s, "root/only.css.gz", "small!");
	cr_expect_eq(accepting("/only.css", "gzip"), 404);
	cr_assert_eq(site_get(&s, "/only.css.gz"), 200);
	cr_expect_str_eq(s.d.body, "small!");
	cr_expect_null(site_field(&s, "Content-Encoding"));
}

Test(static_gzip, the_index_file_has_one_too)
{
	site_put_text(&s, "root/index.html", "plain");
	site_put_text(&s, "root/index.html.gz", "small!");
	cr_assert_eq(accepting("/", "gzip"), 200);
	cr_expect_str_eq(s.d.body, "small!");
	cr_expect_str_eq(site_field(&s, "Content-Type"), "text/html; charset=utf-8");
}

Test(static_gzip, it_has_a_tag_of_its_own)
{
	char plain[64], gzip[64];

	site_get(&s, "/a.css");
	snprintf(plain, sizeof(plain), "%s", site_field(&s, "ETag"));
	accepting("/a.css", "gzip");
	snprintf(gzip, sizeof(gzip), "%s", site_field(&s, "ETag"));
	cr_expect_str_neq(plain, gzip);
	struct fake_ask ask = {.path = "/a.css", .fields = {"Accept-Encoding", "gzip", "If-None-Match", gzip}};
	cr_expect_eq(site_ask(&s, &ask), 304);
	cr_expect_str_eq(site_field(&s, "ETag"), gzip);
	cr_expect_str_eq(site_field(&s, "Vary"), "Accept-Encoding");
	ask.fields[3] = plain;
	cr_expect_eq(site_ask(&s, &ask), 200);
}

Test(static_gzip, it_has_a_tag_of_its_own_even_when_both_are_one_file)
{
	char plain[64];

	site_put_text(&s, "root/b", "plain");
	cr_assert_eq(linkat(s.top_fd, "root/b", s.top_fd, "root/b.gz", 0), 0);
	site_get(&s, "/b");
	snprintf(plain, sizeof(plain), "%s", site_field(&s, "ETag"));
	accepting("/b", "gzip");
	cr_expect_str_neq(site_field(&s, "ETag"), plain);
}

Test(static_gzip, head_tells_the_length_of_the_small_one)
{
	struct fake_ask ask = {.method = "HEAD", .path = "/a.css", .fields = {"Accept-Encoding", "gzip"}};

	cr_assert_eq(site_ask(&s, &ask), 200);
	cr_expect_str_eq(site_field(&s, "Content-Length"), "6");
	cr_expect_str_eq(site_field(&s, "Content-Encoding"), "gzip");
}

Test(static_gzip, a_range_is_of_the_small_one_and_several_get_the_whole)
{
	struct fake_ask ask = {.path = "/a.css", .fields = {"Accept-Encoding", "gzip", "Range", "bytes=4-"}};

	cr_assert_eq(site_ask(&s, &ask), 206);
	cr_expect_str_eq(s.d.body, "l!");
	cr_expect_str_eq(site_field(&s, "Content-Range"), "bytes 4-5/6");
	cr_expect_str_eq(site_field(&s, "Content-Encoding"), "gzip");
	ask.fields[3] = "bytes=0-0,2-2";
	cr_assert_eq(site_ask(&s, &ask), 200);
	cr_expect_str_eq(s.d.body, "small!");
}

Test(static_gzip, a_large_one_is_a_file)
{
	static char noise[60000];

	site_noise(noise, sizeof(noise));
	site_put(&s, "root/a.css.gz", noise, sizeof(noise));
	cr_assert_eq(accepting("/a.css", "gzip"), 200);
	cr_expect_eq(s.d.rs.length, sizeof(noise));
	cr_expect_arr_eq(s.d.body, noise, sizeof(noise));
}
