/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PROXY headers of both versions: the examples and limits of the specification, in every possible pieces. */
#include "http/proxy_protocol.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SIGN  "\r\n\r\n\0\r\nQUIT\n"

static const struct http_peer before = { .family = AF_INET, .addr = { 9, 9, 9, 9 }, .port = 9 };

/* The same bytes in every beginning of them, each in memory of just that size; the verdict of the first that has one. */
static int read_all(const char *bytes, size_t n, struct http_peer *to)
{
	int verdict = PROXY_MORE;

	for (size_t have = 0; have <= n && verdict == PROXY_MORE; have++) {
		char *copy = malloc(have ? have : 1);

		cr_assert_not_null(copy);
		memcpy(copy, bytes, have);
		*to = before;
		verdict = proxy_header_read(copy, have, to);
		cr_expect(verdict <= (int)have);
		free(copy);
	}
	return verdict;
}

static void expect(const char *bytes, size_t n, int verdict, const char *client, unsigned port)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct http_peer p, whole = before;
	int found = read_all(bytes, n, &p);

	cr_expect_eq(found, verdict, "%.*s: %d, not %d", (int)n, bytes, found, verdict);
	cr_expect_eq(proxy_header_read(bytes, n, &whole), found, "%.*s: whole it is another", (int)n, bytes);
	cr_expect(!memcmp(&whole, &p, sizeof(p)));
	if (client)
		inet_ntop(p.family, p.addr, text, sizeof(text));
	cr_expect(client ? !strcmp(text, client) && p.port == port : !memcmp(&p, &before, sizeof(p)), "%.*s: %s port %u", (int)n,
		bytes, text, p.port);
}

static void good(const char *line, const char *client, unsigned port)
{
	char with[256];
	int n = snprintf(with, sizeof(with), "%sGET / HTTP/1.1\r\n", line);

	expect(with, (size_t)n, (int)strlen(line), client, port);
}

static void bad(const char *line)
{
	expect(line, strlen(line), PROXY_BAD, NULL, 0);
}

Test(proxy_protocol, a_lines)
{
	good("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1", 56324);
	good("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535);
	good("PROXY TCP4 0.0.0.0 1.2.3.4 0 1\r\n", "0.0.0.0", 0);
	good("PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "2001:db8::7", 1);
	good("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	good("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", "192.0.2.7", 1);
	good("PROXY UNKNOWN\r\n", NULL, 0);
	/* The longest line there is: 107 bytes. */
	good("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", NULL, 0);
}

Test(proxy_protocol, b_lines_that_are_none)
{
	static const char *const lines[] = {
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
		"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
		"PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
		"PROXY TCP4 1.2.3.4\r\n",
		"PROXY TCP4\r\n",
		"PROXY \r\n",
		"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
		"PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
		"PROXY UNKNOWNX\r\n",
		"PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
		"PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
		"PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
		"PROXY TCP4 ::1 ::1 1 2\r\n",
		"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
		"PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n",
		"PROXY TCP4 1.2.3.4\r1.2.3.4 1 2\r\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		bad(lines[i]);
}

Test(proxy_protocol, c_a_line_of_108_bytes)
{
	char line[110];
	struct http_peer p = before;

	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	memcpy(line + 105, "\r\n", 2);
	cr_expect_eq(proxy_header_read(line, sizeof(line), &p), 107);
	memcpy(line + 105, "xx\r\n", 4);
	cr_expect_eq(proxy_header_read(line, 106, &p), PROXY_MORE);
	cr_expect_eq(proxy_header_read(line, 107, &p), PROXY_BAD);
	cr_expect_eq(proxy_header_read(line, 109, &p), PROXY_BAD);
}

static size_t make_v2(char *to, unsigned version, unsigned family, unsigned length)
{
	memcpy(to, SIGN, 12);
	to[12] = (char)version;
	to[13] = (char)family;
	to[14] = (char)(length >> 8);
	to[15] = (char)length;
	for (unsigned i = 0; i < length; i++)
		to[16 + i] = (char)(i + 1);
	memcpy(to + 16 + length, "GET / HTTP/1.1\r\n", 16);
	return 16 + length + 16;
}

static void binary(unsigned version, unsigned family, unsigned length, int verdict, const char *client, unsigned port)
{
	static char bytes[70000];
	size_t n = make_v2(bytes, version, family, length);

	expect(bytes, n, verdict, client, port);
}

Test(proxy_protocol, d_binary)
{
	binary(0x21, 0x11, 12, 28, "1.2.3.4", 9 << 8 | 10);
	binary(0x21, 0x21, 36, 52, "102:304:506:708:90a:b0c:d0e:f10", 33 << 8 | 34);
	binary(0x21, 0x11, 60, 76, "1.2.3.4", 9 << 8 | 10);
	binary(0x21, 0x00, 0, 16, NULL, 0);
	binary(0x21, 0x00, 20, 36, NULL, 0);
	binary(0x21, 0x12, 12, 28, NULL, 0);
	binary(0x21, 0x22, 36, 52, NULL, 0);
	binary(0x21, 0x31, 216, 232, NULL, 0);
	binary(0x20, 0x00, 0, 16, NULL, 0);
	binary(0x20, 0x11, 12, 28, NULL, 0);
	binary(0x20, 0x11, 3, 19, NULL, 0);
	binary(0x20, 0xff, 3, 19, NULL, 0);
	binary(0x21, 0x11, PROXY_V2_MAX - 16, PROXY_V2_MAX, "1.2.3.4", 9 << 8 | 10);
}

Test(proxy_protocol, e_binary_that_is_none)
{
	binary(0x21, 0x11, 11, PROXY_BAD, NULL, 0);
	binary(0x21, 0x11, 0, PROXY_BAD, NULL, 0);
	binary(0x21, 0x21, 35, PROXY_BAD, NULL, 0);
	binary(0x21, 0x31, 215, PROXY_BAD, NULL, 0);
	binary(0x21, 0x41, 300, PROXY_BAD, NULL, 0);
	binary(0x21, 0x13, 12, PROXY_BAD, NULL, 0);
	binary(0x22, 0x11, 12, PROXY_BAD, NULL, 0);
	binary(0x2f, 0x11, 12, PROXY_BAD, NULL, 0);
	binary(0x11, 0x11, 12, PROXY_BAD, NULL, 0);
	binary(0x31, 0x11, 12, PROXY_BAD, NULL, 0);
	binary(0x21, 0x11, PROXY_V2_MAX - 15, PROXY_BAD, NULL, 0);
	binary(0x20, 0x00, 65535, PROXY_BAD, NULL, 0);
}

Test(proxy_protocol, f_something_else)
{
	static const char *const others[] = { "GET / HTTP/1.1\r\n", "POST /", "PROXIES", "PROXY\r\n", "\r\nGET", "\r\n\r\nG", "X", "PRI * " };
	struct http_peer p;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		cr_expect_eq(read_all(others[i], strlen(others[i]), &p), PROXY_ABSENT, "%s", others[i]);
	cr_expect_eq(read_all("PROX", 4, &p), PROXY_MORE);
	cr_expect_eq(read_all(SIGN, 12, &p), PROXY_MORE);
}
