/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* X-Forwarded-For: the rightmost address that is no trusted proxy; what a client writes itself is never believed. */
#include "http/forwarded.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* 10.0.0.0/8 and fd00::/8. */
static bool trust(const void *ctx, const struct http_peer *p)
{
	(void)ctx;
	return p->family == AF_INET ? p->addr[0] == 10 : p->addr[0] == 0xfd;
}

/* fields: lines with CRLF. */
static const char *client_of(const char *fields)
{
	static char text[INET6_ADDRSTRLEN];
	struct http_peer p = { .family = AF_INET, .addr = { 10, 0, 0, 1 } };
	struct http_request r;
	char head[2048];
	int n = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);

	cr_assert_eq(http_head_parse(head, (size_t)n, &r), 0, "%s", fields);
	forwarded_client(head, &r, trust, NULL, &p);
	cr_assert_not_null(inet_ntop(p.family, p.addr, text, sizeof(text)));
	return text;
}

static void expect(const char *value, const char *client)
{
	char field[1024];

	snprintf(field, sizeof(field), "X-Forwarded-For: %s\r\n", value);
	cr_expect_str_eq(client_of(field), client, "%s: %s", value, client_of(field));
}

Test(forwarded, a_who_it_is)
{
	cr_expect_str_eq(client_of(""), "10.0.0.1");
	expect("192.0.2.7", "192.0.2.7");
	expect("  192.0.2.7\t ", "192.0.2.7");
	expect("192.0.2.7:80", "192.0.2.7");
	expect("2001:db8::7", "2001:db8::7");
	expect("[2001:db8::7]", "2001:db8::7");
	expect("[2001:db8::7]:65535", "2001:db8::7");
	expect("::ffff:192.0.2.7", "192.0.2.7");
	expect("192.0.2.7, 10.1.1.1", "192.0.2.7");
	expect("192.0.2.7,10.1.1.1,fd00::9,10.3.3.3", "192.0.2.7");
	expect("10.9.9.9, 10.1.1.1", "10.9.9.9");
}

Test(forwarded, b_what_a_client_writes_itself_does_not_count)
{
	expect("198.51.100.1, 192.0.2.7", "192.0.2.7");
	expect("198.51.100.1, 192.0.2.7, 10.1.1.1", "192.0.2.7");
	expect("garbage, 192.0.2.7", "192.0.2.7");
	expect(", , 192.0.2.7", "192.0.2.7");
	expect("10.5.5.5, 192.0.2.7, 10.1.1.1", "192.0.2.7");
}

Test(forwarded, c_several_fields_are_one_list)
{
	cr_expect_str_eq(client_of("X-Forwarded-For: 198.51.100.1\r\nX-Other: 1\r\nx-forwarded-for: 192.0.2.7\r\n"), "192.0.2.7");
	cr_expect_str_eq(client_of("X-Forwarded-For: 192.0.2.7\r\nX-FORWARDED-FOR: 10.1.1.1\r\n"), "192.0.2.7");
	cr_expect_str_eq(client_of("X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.1.1.1, x\r\n"), "10.0.0.1");
}

Test(forwarded, d_nobody_vouches_beyond_what_is_no_address)
{
	static const char *const bad[] = { "unknown", "192.0.2.7, unknown", "192.0.2.7, x, 10.1.1.1", "192.0.2.256", "192.0.2", "192.0.2.7:",
		"192.0.2.7:123456", "192.0.2.7:8x", "[2001:db8::7", "[2001:db8::7]x", "[2001:db8::7]:", "[192.0.2.7]", "2001:db8::7::1",
		"192.0.2.7,", "192.0.2.7 192.0.2.8", "_hidden", "\"192.0.2.7\"", ":", "[]", "fe80::1%eth0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(bad[i], "10.0.0.1");
}
