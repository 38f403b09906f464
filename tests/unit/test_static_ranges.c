/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene "static": one range, several ranges to the byte, and ranges that cannot be. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "genes/static.h"
#include "site.h"

static struct site s;

static void up(void)
{
	site_open(&s, "index.html");
	site_put_text(&s, "root/a.txt", "0123456789");
}

static void down(void)
{
	site_close(&s);
}

TestSuite(static_ranges, .init = up, .fini = down);

static int ranged(const char *path, const char *range)
{
	return site_ask(&s, &(struct fake_ask){.path = path, .fields = {"Range", range}});
}

Test(static_ranges, one_range)
{
	static const struct {
		const char *range, *body, *where;
	} t[] = {
		{"bytes=0-0", "0", "bytes 0-0/10"},
		{"bytes=2-4", "234", "bytes 2-4/10"},
		{"bytes=7-", "789", "bytes 7-9/10"},
		{"bytes=-3", "789", "bytes 7-9/10"},
		{"bytes=-100", "0123456789", "bytes 0-9/10"},
		{"bytes=5-100", "56789", "bytes 5-9/10"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		cr_assert_eq(ranged("/a.txt", t[i].range), 206, "%s", t[i].range);
		cr_expect_str_eq(s.d.body, t[i].body, "%s", t[i].range);
		cr_expect_str_eq(site_field(&s, "Content-Range"), t[i].where, "%s", t[i].range);
		cr_expect_str_eq(site_field(&s, "Content-Type"), "text/plain; charset=utf-8");
		cr_expect_str_eq(site_field(&s, "Accept-Ranges"), "bytes");
		cr_expect_not_null(site_field(&s, "ETag"));
		cr_expect_str_eq(site_field(&s, "Last-Modified"), SITE_DATE);
		cr_expect_eq(s.d.rs.fresh_ms, 0);
	}
}

Test(static_ranges, what_cannot_be_is_416)
{
	cr_assert_eq(ranged("/a.txt", "bytes=10-"), 416);
	cr_expect_str_eq(site_field(&s, "Content-Range"), "bytes */10");
	cr_expect_str_eq(s.d.body, "416 Range Not Satisfiable\n");
	cr_expect_eq(s.d.rs.fresh_ms, 0);
	cr_expect_eq(ranged("/a.txt", "bytes=-0"), 416);
	site_put_text(&s, "root/empty", "");
	cr_expect_eq(ranged("/empty", "bytes=0-"), 416);
	cr_expect_str_eq(site_field(&s, "Content-Range"), "bytes */0");
}

Test(static_ranges, what_is_no_range_gets_the_whole)
{
	static const char *const odd[] = {"bytes=4-2", "lines=1-2", "bytes=", "bytes=a-b", "bytes 1-2"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		cr_assert_eq(ranged("/a.txt", odd[i]), 200, "%s", odd[i]);
		cr_expect_str_eq(s.d.body, "0123456789", "%s", odd[i]);
		cr_expect_null(site_field(&s, "Content-Range"));
		cr_expect_eq(s.d.rs.fresh_ms, 0, "a request with Range says nothing for one without");
	}
}

Test(static_ranges, two_range_fields_get_the_whole)
{
	struct fake_ask ask = {.path = "/a.txt", .fields = {"Range", "bytes=0-1", "Range", "bytes=3-4"}};

	cr_assert_eq(site_ask(&s, &ask), 200);
	cr_expect_str_eq(s.d.body, "0123456789");
}

Test(static_ranges, a_field_with_a_longer_or_shorter_name_is_no_range)
{
	struct fake_ask ask = {.path = "/a.txt", .fields = {"Range-X", "bytes=0-1", "Rang", "bytes=0-1"}};

	cr_assert_eq(site_ask(&s, &ask), 200);
	cr_expect_eq(s.d.rs.fresh_ms, 1000);
}

Test(static_ranges, head_ignores_them)
{
	struct fake_ask ask = {.method = "HEAD", .path = "/a.txt", .fields = {"Range", "bytes=0-1"}};

	cr_assert_eq(site_ask(&s, &ask), 200);
	cr_expect_str_eq(site_field(&s, "Content-Length"), "10");
	cr_expect_null(site_field(&s, "Content-Range"));
	ask.fields[1] = "bytes=90-";
	cr_expect_eq(site_ask(&s, &ask), 200);
}

Test(static_ranges, over_48_kib_a_range_is_a_piece_of_the_file)
{
	static char noise[200000];
	struct fake_ask ask = {.path = "/big", .fields = {"Range", "bytes=1000-50151"}};

	site_noise(noise, sizeof(noise));
	site_put(&s, "root/big", noise, sizeof(noise));
	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &ask), 0);
	cr_assert_eq(s.d.rs.body, CELLWS_BODY_BYTES);
	cr_expect_arr_eq(s.d.bytes, noise + 1000, CELLWS_BYTES_MAX);
	ask.fields[1] = "bytes=1000-50152";
	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &ask), 0);
	cr_assert_eq(s.d.rs.body, CELLWS_BODY_FILE);
	cr_expect_eq(s.d.rs.file_offset, 1000);
	cr_expect_eq(s.d.rs.length, CELLWS_BYTES_MAX + 1);
	cr_assert_eq(fake_drone_take(&s.d), 0);
	cr_expect_arr_eq(s.d.body, noise + 1000, CELLWS_BYTES_MAX + 1);
	cr_expect_eq(s.d.rs.status, 206);
}

static const char *boundary(void)
{
	static const char start[] = "multipart/byteranges; boundary=";
	const char *type = site_field(&s, "Content-Type");

	cr_assert_not_null(type);
	cr_assert_eq(strncmp(type, start, strlen(start)), 0, "%s", type);
	cr_assert_eq(strlen(type + strlen(start)), 32);
	return type + strlen(start);
}

Test(static_ranges, several_ranges_to_the_byte)
{
	char want[1024];
	static const size_t pieces[] = {0, 1, 2, 3, 7, 64, 100};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		s.d.piece = pieces[i];
		cr_assert_eq(ranged("/a.txt", "bytes=0-1, 4-4, -2"), 206);
		const char *b = boundary();
		snprintf(want, sizeof(want),
			"--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n"
			"--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 4-4/10\r\n\r\n4\r\n"
			"--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n"
			"--%s--\r\n",
			b, b, b, b);
		cr_expect_str_eq(s.d.body, want, "in pieces of %zu", pieces[i]);
		cr_expect_eq(s.d.rs.length, strlen(want));
		cr_expect_null(site_field(&s, "Content-Range"));
		cr_expect_not_null(site_field(&s, "ETag"));
		cr_expect_eq(s.d.rs.fresh_ms, 0);
	}
}

Test(static_ranges, several_large_ranges)
{
	static char noise[200000];

	site_noise(noise, sizeof(noise));
	site_put(&s, "root/big", noise, sizeof(noise));
	cr_assert_eq(ranged("/big", "bytes=0-79999, 100000-199999"), 206);
	char *first = strstr(s.d.body, "\r\n\r\n") + 4;
	cr_expect_arr_eq(first, noise, 80000);
	char *second = strstr(first + 80000, "\r\n\r\n") + 4;
	cr_expect_arr_eq(second, noise + 100000, 100000);
}

Test(static_ranges, the_boundary_follows_the_version_of_the_file)
{
	char was[33];

	ranged("/a.txt", "bytes=0-0,2-2");
	snprintf(was, sizeof(was), "%s", boundary());
	ranged("/a.txt", "bytes=0-0,5-5");
	cr_expect_str_eq(boundary(), was);
	site_put_text(&s, "root/a.txt", "01234567890");
	ranged("/a.txt", "bytes=0-0,2-2");
	cr_expect_str_neq(boundary(), was);
}

Test(static_ranges, a_file_that_shrinks_between_pulls_breaks_off)
{
	static char noise[100000];
	struct fake_ask ask = {.path = "/big", .fields = {"Range", "bytes=0-0,50000-99999"}};
	char path[128];

	site_put(&s, "root/big", noise, sizeof(noise));
	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &ask), 0);
	snprintf(path, sizeof(path), "%s/root/big", s.top);
	cr_assert_eq(truncate(path, 60000), 0);
	cr_expect_eq(fake_drone_take(&s.d), -EIO);
	site_expect_closed(&s);
}

Test(static_ranges, a_client_that_leaves_early_costs_no_descriptor)
{
	struct fake_ask ask = {.path = "/a.txt", .fields = {"Range", "bytes=0-0,2-2"}};

	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &ask), 0);
	cr_assert_eq(s.d.rs.body, CELLWS_BODY_PULL);
	char few[5];
	cr_expect_eq(s.d.rs.pull(s.d.rs.pull_state, few, sizeof(few)), 5);
	fake_drone_done(&s.d);
	site_expect_closed(&s);
}
