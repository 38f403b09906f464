/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom nobody may ban, read from texts that others write: environments, resolv.conf, the kernel's table of connections. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cellctl/confirm.h"
#include "cellctl/neverban.h"

static const char *format(const struct address *a)
{
	static char text[ADDRESS_TEXT];

	return address_format(a, text);
}

Test(neverban, a_a_word_is_one_host)
{
	static const struct {
		const char *word, *is;
	} good[] = { { "203.0.113.7", "203.0.113.7" }, { "2001:db8::7", "2001:db8::7" }, { "fe80::1%eth0", "fe80::1" },
		{ "::ffff:203.0.113.7", "203.0.113.7" }, { "127.0.0.53", "127.0.0.53" }, { "::1", "::1" } };
	static const char *const bad[] = { "", "%eth0", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "240.1.1.1", "0.1.2.3",
		"ff02::1", "10.0.0.0/8", "10.0.0.1/8", "2001:db8::/64", "::/0", "0.0.0.0/0", "host", "10.0.0.1;", "1.2.3",
		"203.0.113.7 ", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff" };
	struct address a;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_expect_eq(neverban_word(good[i].word, strlen(good[i].word), &a), 0, "%s", good[i].word);
		cr_expect_str_eq(format(&a), good[i].is);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(neverban_word(bad[i], strlen(bad[i]), &a), -EINVAL, "\"%s\" is taken", bad[i]);
	cr_expect_eq(neverban_word("10.0.0.1\0x", 10, &a), -EINVAL, "a NUL inside");
}

struct heard {
	char text[512];
	int stop_after;
};

static int hear(void *arg, const struct address *a, enum allowance_origin origin)
{
	struct heard *h = arg;
	size_t n = strlen(h->text);

	cr_expect_eq(origin, ALLOWANCE_RESOLVER);
	snprintf(h->text + n, sizeof(h->text) - n, "%s ", format(a));
	return h->stop_after && !--h->stop_after ? 7 : 0;
}

static const char *resolvers(const char *text)
{
	static struct heard h;

	h = (struct heard){ 0 };
	cr_expect_eq(neverban_resolv(text, strlen(text), hear, &h), 0);
	return h.text;
}

Test(neverban, b_name_servers)
{
	struct heard h = { .stop_after = 1 };
	const char two[] = "nameserver 10.0.0.1\nnameserver 10.0.0.2\n";

	cr_expect_str_eq(resolvers(""), "");
	cr_expect_str_eq(resolvers("nameserver 10.0.0.1"), "10.0.0.1 ");
	cr_expect_str_eq(resolvers("# made by hand\nsearch lan\nnameserver 10.0.0.1\n\nnameserver\t2001:db8::53  \r\n"),
		"10.0.0.1 2001:db8::53 ");
	cr_expect_str_eq(resolvers("nameserver fe80::1%eth0\n"), "fe80::1 ");
	cr_expect_str_eq(resolvers("#nameserver 10.0.0.1\n;nameserver 10.0.0.1\nnameservers 10.0.0.1\nnameserver10.0.0.1\n"), "");
	cr_expect_str_eq(resolvers("nameserver\nnameserver \nnameserver 0.0.0.0\nnameserver 0.0.0.0/0\nnameserver ns.lan\n"), "");
	cr_expect_eq(neverban_resolv(two, strlen(two), hear, &h), 7, "what the visitor says ends the search");
	cr_expect_str_eq(h.text, "10.0.0.1 ");
}

static const char *client(const char *text, size_t n)
{
	struct address a;

	return neverban_environment(text, n, &a) ? "" : format(&a);
}

#define CLIENT(text) client(text, sizeof(text) - 1)

Test(neverban, c_the_client_in_an_environment)
{
	cr_expect_str_eq(CLIENT("HOME=/root\0SSH_CONNECTION=203.0.113.7 50022 10.0.0.1 22\0TERM=x\0"), "203.0.113.7");
	cr_expect_str_eq(CLIENT("SSH_CLIENT=2001:db8::7 50022 22"), "2001:db8::7");
	cr_expect_str_eq(CLIENT("SSH_CLIENT=fe80::7%eth0 50022 22\0"), "fe80::7");
	cr_expect_str_eq(CLIENT("SSH_CONNECTION=rubbish 1 2 3\0SSH_CLIENT=203.0.113.8 1 22\0"), "203.0.113.8");
	cr_expect_str_eq(CLIENT(""), "");
	cr_expect_str_eq(CLIENT("\0\0\0"), "");
	cr_expect_str_eq(CLIENT("SSH_CONNECTION="), "");
	cr_expect_str_eq(CLIENT("SSH_CONNECTION=203.0.113.7"), "", "cut off: it may have been 203.0.113.77");
	cr_expect_str_eq(CLIENT("SSH_CONNECTION=0.0.0.0/0 1 2 3\0"), "");
	cr_expect_str_eq(CLIENT("XSSH_CONNECTION=203.0.113.7 1 2 3\0"), "");
	cr_expect_str_eq(CLIENT("SSH_CONNECTION= 203.0.113.7 1 2 3\0"), "");
}

static const char *remote(const char *line, unsigned long inode)
{
	struct address a;

	return neverban_connection(line, inode, &a) ? "" : format(&a);
}

#define TAIL "00000000:00000000 02:000A8E5C 00000000     0        0 12345 2 0000000000000000 20 4 1 10 -1\n"

Test(neverban, d_the_other_end_of_a_connection)
{
	static const char six[] = "   1: 0000000000000000FFFF00000100000A:0016 0000000000000000FFFF0000077100CB:C366 01 " TAIL;
	static const char global[] = "   1: B80D0120000000000000000001000000:0016 B80D0120000000000000000007000000:C366 01 " TAIL;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		cr_skip_test("the lines are from a little-endian machine");
	cr_expect_str_eq(remote("   0: 0100000A:0016 077100CB:C366 01 " TAIL, 12345), "203.0.113.7");
	cr_expect_str_eq(remote(six, 12345), "203.0.113.7");
	cr_expect_str_eq(remote(global, 12345), "2001:db8::7");
	cr_expect_str_eq(remote("   0: 0100000A:0016 077100CB:C366 01 " TAIL, 1234), "", "of another socket");
	cr_expect_str_eq(remote("   0: 0100000A:0016 077100CB:C366 08 " TAIL, 12345), "", "is closing");
	cr_expect_str_eq(remote("   0: 0100000A:0016 00000000:0000 0A " TAIL, 12345), "", "listens");
	cr_expect_str_eq(remote("   0: 0100000A:0016 00000000:0000 01 " TAIL, 12345), "");
	cr_expect_str_eq(remote("   0: 0100000A:0016 077100:C366 01 " TAIL, 12345), "", "too few digits");
	cr_expect_str_eq(remote("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", 0), "");
	cr_expect_str_eq(remote("", 0), "");
}

Test(neverban, e_how_long_a_confirmation_is_waited_for)
{
	static const char *const bad[] = { "", "60", "0s", "2d", "25h", "forever", "soon", "-1s" };
	uint64_t s = 0;

	cr_expect(!confirm_seconds("60s", &s) && s == 60);
	cr_expect(!confirm_seconds("1d", &s) && s == 86400);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(confirm_seconds(bad[i], &s), -EINVAL, "\"%s\"", bad[i]);
}
