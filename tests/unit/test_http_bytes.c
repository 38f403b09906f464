/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of the byte classes and loops that every reader of HTTP stands on. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/bytes.h"
#include "http/list.h"

Test(http_10_bytes, a_classes_are_the_rfc)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char host[] = "-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (int c = 0; c < 256; c++) {
		bool visible = c > 0x20 && c < 0x7f;

		cr_expect_eq(http_byte_is((char)c, BYTE_TOKEN), c && strchr(token, c), "token %02x", c);
		cr_expect_eq(http_byte_is((char)c, BYTE_HOST), c && strchr(host, c), "host %02x", c);
		cr_expect_eq(
			http_byte_is((char)c, BYTE_VALUE), c == '\t' || c == ' ' || visible || c >= 0x80, "%02x", c);
		cr_expect_eq(http_byte_is((char)c, BYTE_QUERY), visible && c != '#', "query %02x", c);
		cr_expect_eq(http_byte_is((char)c, BYTE_PATH), visible && c != '#' && c != '?', "path %02x", c);
		cr_expect_eq(http_byte_is((char)c, BYTE_DIGIT), c >= '0' && c <= '9', "digit %02x", c);
	}
}

Test(http_10_bytes, b_control_is_found_wherever_it_stands)
{
	char s[40];

	for (int c = 0; c < 256; c++) {
		for (size_t n = 0; n < sizeof(s); n++) {
			size_t at = n * 7 % sizeof(s), expected = at < n && (c < 0x20 || c == 0x7f) ? at : n;

			memset(s, 'a', sizeof(s));
			s[at] = (char)c;
			cr_expect_eq(http_bytes_control(s, 0, n), expected, "byte %02x at %zu of %zu", c, at, n);
		}
	}
}

Test(http_10_bytes, c_the_first_control_wins_over_its_neighbours)
{
	/* The word-wise search borrows across bytes: what stands behind a hit must not move it. */
	cr_expect_eq(http_bytes_control("aaa\n \n!\x7f\x80", 0, 9), 3);
	cr_expect_eq(http_bytes_control("\x7f\x80\x81 aaaa", 0, 8), 0);
	cr_expect_eq(http_bytes_control("\x80\x80\x9f\xff ~!\xa0", 0, 8), 8);
	cr_expect_eq(http_bytes_control("\naaaaaaaa\n", 1, 10), 9);
}

Test(http_10_bytes, d_hex_digits)
{
	for (int c = 0; c < 256; c++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *d = c ? strchr(digits, c) : NULL;

		cr_expect_eq(http_byte_hex((char)c), d ? (int)((d - digits) % 16) : -1, "%02x", c);
	}
}

Test(http_10_bytes, e_lists_give_every_element_without_blanks)
{
	static const char text[] = "a, b\t,, c d ,";
	static const char *const expected[] = {"a", "b", "", "c d", ""};
	struct http_list l = {text, sizeof(text) - 1};
	const char *p = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < 5; i++) {
		cr_assert(http_list_next(&l, &p, &n), "element %u", i);
		cr_expect(n == strlen(expected[i]) && memcmp(p, expected[i], n) == 0, "element %u", i);
	}
	cr_expect_not(http_list_next(&l, &p, &n));
}
