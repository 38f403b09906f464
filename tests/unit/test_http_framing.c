/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of Content-Length and Transfer-Encoding: one framing or none, never a doubtful one. */
#include <criterion/criterion.h>

#include "test_http_heads.h"

Test(http_15_framing, a_content_length)
{
	static const struct field_case cases[] = {
		{"Content-Length: 0\r\n", 0},
		{"Content-Length: 5\r\n", 0},
		{"content-length:\t5 \r\n", 0},
		{"Content-Length: 005\r\n", 0},
		{"Content-Length: 9223372036854775807\r\n", 0},
		{"Content-Length: 9223372036854775808\r\n", 400},
		{"Content-Length: 18446744073709551616\r\n", 400},
		{"Content-Length: 18446744073709551621\r\n", 400},
		{"Content-Length: 99999999999999999999999\r\n", 400},
		{"Content-Length:\r\n", 400},
		{"Content-Length: +5\r\n", 400},
		{"Content-Length: -5\r\n", 400},
		{"Content-Length: 5 5\r\n", 400},
		{"Content-Length: 5,5\r\n", 400},
		{"Content-Length: 5, 6\r\n", 400},
		{"Content-Length: 0x5\r\n", 400},
		{"Content-Length: 5.0\r\n", 400},
		{"Content-Length: 5a\r\n", 400},
		{"Content-Length: \"5\"\r\n", 400},
		{"Content-Length: 5,\r\n", 400},
		{"Content-Length: 1e3\r\n", 400},
		{"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
		{"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
		{"Content-Length: 0\r\nX: y\r\ncontent-length: 0\r\n", 400},
	};
	struct http_request r;
	char head[2048];

	EXPECT_STATUSES(1, cases);
	EXPECT_STATUSES(0, cases);
	cr_assert_eq(parse_fields(1, "Host: a\r\nContent-Length: 9223372036854775807\r\n", head, &r), 0);
	cr_expect(r.has_length && r.content_length == INT64_MAX);
	cr_assert_eq(parse_fields(1, "Host: a\r\nContent-Length: 0\r\n", head, &r), 0);
	cr_expect(r.has_length && r.content_length == 0);
}

Test(http_15_framing, b_transfer_encoding)
{
	static const struct field_case cases[] = {
		{"Transfer-Encoding: chunked\r\n", 0},
		{"transfer-encoding:CHUNKED \r\n", 0},
		{"Transfer-Encoding: gzip\r\n", 501},
		{"Transfer-Encoding: identity\r\n", 501},
		{"Transfer-Encoding: gzip, chunked\r\n", 501},
		{"Transfer-Encoding: gzip;a=b, chunked\r\n", 501},
		{"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501},
		{"Transfer-Encoding: xchunked\r\n", 501},
		{"Transfer-Encoding: chunkedx\r\n", 501},
		{"Transfer-Encoding: chunke\r\n", 501},
		{"Transfer-Encoding: chunked, gzip\r\n", 400},
		{"Transfer-Encoding: chunked, chunked\r\n", 400},
		{"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
		{"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", 400},
		{"Transfer-Encoding: chunked\r\nX: y\r\nTransfer-Encoding: identity\r\n", 400},
		{"Transfer-Encoding:\r\n", 400},
		{"Transfer-Encoding: ,\r\n", 400},
		{"Transfer-Encoding: chunked,\r\n", 400},
		{"Transfer-Encoding: ,chunked\r\n", 400},
		{"Transfer-Encoding: chunked;a=b\r\n", 400},
		{"Transfer-Encoding: chunked ;\r\n", 400},
		{"Transfer-Encoding: \"chunked\"\r\n", 400},
		{"Transfer-Encoding: chun ked\r\n", 400},
		{"Transfer-Encoding: chunked chunked\r\n", 400},
		{"Transfer-Encoding: \x0b"
		 "chunked\r\n",
			400},
		{"Transfer-Encoding : chunked\r\n", 400},
		{"Transfer-Encoding: chunked\x80\r\n", 400},
	};
	struct http_request r;
	char head[2048];

	EXPECT_STATUSES(1, cases);
	cr_assert_eq(parse_fields(1, "Host: a\r\nTransfer-Encoding: chunked\r\n", head, &r), 0);
	cr_expect(r.chunked && !r.has_length);
}

Test(http_15_framing, c_never_two_framings)
{
	static const struct field_case both[] = {
		{"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
		{"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
		{"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400},
		{"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", 400},
	};
	static const struct field_case old[] = {
		{"Transfer-Encoding: chunked\r\n", 400},
		{"Transfer-Encoding: gzip\r\n", 400},
		{"Content-Length: 5\r\n", 0},
	};

	EXPECT_STATUSES(1, both);
	EXPECT_STATUSES(0, old);
}
