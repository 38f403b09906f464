/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Behind trusted proxies: whom a request comes from, what is never believed, and clients refused there without a ban. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_91_proxy, 120);

/* The client's own address is the trusted proxy; another one of its addresses is anybody. */
#define ANYBODY "10.99.7.7"
#define GET     "GET /client HTTP/1.1\r\nHost: lab\r\n"
#define V2      "\r\n\r\n\0\r\nQUIT\n"
#define ATTACK  "GET /trap HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n"

static void live(const char *proxy_protocol, const char *more)
{
	char dna[1024];

	lab_sh(&lab, "ip -n %s addr add " ANYBODY "/16 dev eth0", lab.client);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	snprintf(dna, sizeof(dna),
		"route \"/client\" { gene = \"%s/build/tests/genes/client.so\" }\n"
		"timeouts { head = 1s }\n"
		"immune { trusted_proxies = { \"" LAB_CLIENT_V4 "\", \"10.98.0.0/16\" } proxy_protocol = \"%s\" trap = { \"/trap\" } %s }",
		lab_here(), proxy_protocol, more);
	lab_up(&lab, dna, "");
}

/* Says the bytes on a connection and expects a status; 200: the gene answers with this client. */
static void say_expect(struct lab_conn *c, const char *bytes, size_t n, int status, const char *client)
{
	struct lab_answer a;

	lab_send(c, bytes, n);
	lab_read(c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, status, "%.*s: %d, not %d", (int)n, bytes, a.status, status);
	if (client)
		cr_expect(a.body_n == strlen(client) && !memcmp(a.body, client, a.body_n), "%.*s: client %.*s, not %s", (int)n, bytes,
			(int)a.body_n, a.body, client);
	lab_answer_free(&a);
}

/* On a connection of its own. */
static void ask(const char *from, const char *bytes, size_t n, int status, const char *client)
{
	struct lab_conn c = { .fd = lab_dial(LAB_SERVER_V4, from) };

	cr_assert_geq(c.fd, 0);
	say_expect(&c, bytes, n, status, client);
	if (status != 200)
		cr_expect(lab_closes(&c, LAB_SOON_S));
	lab_hang_up(&c);
}

#define ASK(from, bytes, status, client) ask(from, bytes, sizeof(bytes) - 1, status, client)

Test(lab_91_proxy, a_headers_where_they_are_required)
{
	live("required", "");
	ASK(NULL, "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET "\r\n", 200, "192.0.2.7");
	ASK(NULL, "PROXY TCP6 2001:db8::7 ::1 1 2\r\n" GET "\r\n", 200, "2001:db8::7");
	ASK(NULL, "PROXY UNKNOWN\r\n" GET "\r\n", 200, LAB_CLIENT_V4);
	ASK(NULL, V2 "\x21\x11\0\x0c" "\xc0\0\2\x09\1\2\3\4\5\6\7\10" GET "\r\n", 200, "192.0.2.9");
	ASK(NULL, V2 "\x20\0\0\0" GET "\r\n", 200, LAB_CLIENT_V4);
	ASK(NULL, GET "\r\n", 400, NULL);
	ASK(NULL, "PROXY TCP4 192.0.2.7 10.99.0.1 1 99999\r\n" GET "\r\n", 400, NULL);
	ASK(NULL, "PROXY UNKNOWN ................................................................................................\r\n", 400, NULL);
	ASK(NULL, V2 "\x21\x11\0\x0b" "\xc0\0\2\x09\1\2\3\4\5\6\7" GET "\r\n", 400, NULL);
	/* Others speak for themselves; what they say of anybody else is malformed. */
	ASK(ANYBODY, GET "X-Forwarded-For: 192.0.2.7\r\n\r\n", 200, ANYBODY);
	ASK(ANYBODY, "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET "\r\n", 400, NULL);
	ASK(ANYBODY, V2 "\x21\x11\0\x0c" "\xc0\0\2\x09\1\2\3\4\5\6\7\10" GET "\r\n", 400, NULL);
}

Test(lab_91_proxy, b_headers_where_they_may_be)
{
	live("optional", "");
	ASK(NULL, "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET "\r\n", 200, "192.0.2.7");
	ASK(NULL, GET "\r\n", 200, LAB_CLIENT_V4);
	ASK(NULL, GET "X-Forwarded-For: 192.0.2.8\r\n\r\n", 200, "192.0.2.8");
	/* Whom a header names is believed no further when he is nobody's proxy. */
	ASK(NULL, "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET "X-Forwarded-For: 192.0.2.8\r\n\r\n", 200, "192.0.2.7");
	ASK(NULL, "PROXY TCP4 10.98.0.3 10.99.0.1 1 2\r\n" GET "X-Forwarded-For: 192.0.2.8\r\n\r\n", 200, "192.0.2.8");
}

Test(lab_91_proxy, c_forwarded_for)
{
	struct lab_conn c;

	live("off", "");
	ASK(NULL, "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET "\r\n", 400, NULL);
	lab_connect(&c, LAB_SERVER_V4);
#define SAY(bytes, client) say_expect(&c, bytes, sizeof(bytes) - 1, 200, client)
	SAY(GET "X-Forwarded-For: 198.51.100.1, 192.0.2.7, 10.98.1.1\r\n\r\n", "192.0.2.7");
	SAY(GET "\r\n", LAB_CLIENT_V4);
	SAY(GET "X-Forwarded-For: [2001:db8::9]:80\r\n\r\n", "2001:db8::9");
	SAY(GET "X-Forwarded-For: 192.0.2.7, nobody\r\n\r\n", LAB_CLIENT_V4);
	lab_hang_up(&c);
}

/* Byte by byte: the header and the request come in as many segments as they have bytes. */
Test(lab_91_proxy, d_in_pieces)
{
	static const char bytes[] = V2 "\x21\x11\0\x10" "\xc0\0\2\x09\1\2\3\4\5\6\7\10" "\4\0\1x" GET "\r\n";
	struct timespec moment = { .tv_nsec = 500000 };
	struct lab_conn c;

	live("required", "");
	lab_connect(&c, LAB_SERVER_V4);
	for (size_t i = 0; i < sizeof(bytes) - 2; i++) {
		lab_send(&c, bytes + i, 1);
		nanosleep(&moment, NULL);
	}
	say_expect(&c, bytes + sizeof(bytes) - 2, 1, 200, "192.0.2.9");
	say_expect(&c, GET "\r\n", sizeof(GET) + 1, 200, "192.0.2.9");
	lab_hang_up(&c);
}

Test(lab_91_proxy, e_slow_headers_are_given_up)
{
	struct lab_conn c;

	live("required", "");
	lab_connect(&c, LAB_SERVER_V4);
	say_expect(&c, "PROXY TCP4 192", 14, 408, NULL);
	lab_hang_up(&c);
}

/* Blood is killed with half a header read, with a whole one, and between two requests. */
Test(lab_91_proxy, f_who_it_is_outlives_the_cell)
{
	struct lab_conn half, whole;

	live("required", "");
	lab_connect(&half, LAB_SERVER_V4);
	lab_connect(&whole, LAB_SERVER_V4);
	say_expect(&whole, "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET "\r\n", sizeof("PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\n" GET) + 1, 200,
		"192.0.2.7");
	lab_say(&half, "PROXY TCP4 192.0.2.8 10.9");
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_gt(lab_kill(&lab, "blood", 8), 0);
		say_expect(&whole, GET "\r\n", sizeof(GET) + 1, 200, "192.0.2.7");
	}
	say_expect(&half, "9.0.1 1 2\r\n" GET "\r\n", sizeof("9.0.1 1 2\r\n" GET) + 1, 200, "192.0.2.8");
	lab_hang_up(&half);
	lab_hang_up(&whole);
}

struct refusal {
	struct lab_conn c;
	const char *client;
};

static int status_of(struct lab_conn *c, const char *client)
{
	struct lab_answer a;
	int status;

	lab_say(c, GET "X-Forwarded-For: %s\r\n\r\n", client);
	lab_read(c, &a, false, LAB_SOON_S);
	status = a.status;
	lab_answer_free(&a);
	return status;
}

static bool is_refused(void *arg)
{
	struct refusal *r = arg;

	return status_of(&r->c, r->client) == 403;
}

/* A client behind the proxy is refused on the connection that others go on using; nothing is dropped, nobody is banned. */
Test(lab_91_proxy, g_a_bad_client_is_refused_and_the_proxy_is_not)
{
	struct refusal r = { .client = "192.0.2.66" };

	live("off", "");
	lab_connect(&r.c, LAB_SERVER_V4);
	cr_expect_eq(status_of(&r.c, r.client), 200);
	lab_say(&r.c, ATTACK "X-Forwarded-For: 192.0.2.66\r\n\r\n");
	cr_assert(lab_closes(&r.c, LAB_SOON_S));
	lab_hang_up(&r.c);
	lab_connect(&r.c, LAB_SERVER_V4);
	cr_expect(lab_wait(LAB_SOON_S, is_refused, &r), "the bad client is answered as before");
	cr_expect_eq(status_of(&r.c, "192.0.2.65"), 200, "another client is refused too");
	cr_expect_eq(status_of(&r.c, r.client), 403);
	lab_hang_up(&r.c);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0, "a client behind a proxy is banned in the skin");
	cr_expect_leq(lab_number(&lab, "immune.reasons.drop_banned"), 0);
	lab_ctl(&lab, "immune list");
	lab_expect(&lab, 0, "192.0.2.66");
	lab_ctl(&lab, "immune log");
	lab_expect(&lab, 0, "is answered 403 from now on");
	lab_ctl(&lab, "immune why 192.0.2.66");
	lab_expect(&lab, 0, "is answered 403 behind trusted proxies");
	lab_ctl(&lab, "immune unban 192.0.2.66");
	lab_expect(&lab, 0, "no longer");
	lab_connect(&r.c, LAB_SERVER_V4);
	cr_expect_eq(status_of(&r.c, r.client), 200);
	lab_hang_up(&r.c);
}

/* Evidence that only a proxy vouches for: whoever comes with that address himself is not touched. */
Test(lab_91_proxy, h_what_a_proxy_says_bans_nobody)
{
	struct refusal r = { .client = ANYBODY };

	live("off", "");
	lab_connect(&r.c, LAB_SERVER_V4);
	lab_say(&r.c, ATTACK "X-Forwarded-For: " ANYBODY "\r\n\r\n");
	cr_assert(lab_closes(&r.c, LAB_SOON_S));
	lab_hang_up(&r.c);
	lab_connect(&r.c, LAB_SERVER_V4);
	cr_expect(lab_wait(LAB_SOON_S, is_refused, &r));
	lab_hang_up(&r.c);
	ASK(ANYBODY, GET "\r\n", 200, ANYBODY);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
}

Test(lab_91_proxy, i_proxies_are_on_the_never_ban_list)
{
	live("off", "");
	lab_ctl(&lab, "immune ban " LAB_CLIENT_V4);
	lab_expect(&lab, 1, "never-ban list (a trusted proxy of the DNA)");
	/* What has no client of its own is the proxy's, and is refused without any ban. */
	lab_wake(&lab);
	ASK(NULL, ATTACK "\r\n", 403, NULL);
	ASK(NULL, GET "\r\n", 200, LAB_CLIENT_V4);
}

/* Each client behind the proxy has a rate of its own, and the proxy none. */
Test(lab_91_proxy, j_rates_are_the_clients)
{
	unsigned refused = 0;
	struct lab_conn c;

	live("off", "requests_per_second = 1 ban_at = 1000000");
	lab_connect(&c, LAB_SERVER_V4);
	for (unsigned i = 0; i < 20; i++)
		cr_expect_eq(status_of(&c, "10.98.7.7"), 200, "a proxy is limited");
	cr_expect_eq(status_of(&c, "192.0.2.1"), 200);
	cr_expect_eq(status_of(&c, "192.0.2.2"), 200);
	for (unsigned i = 0; i < 4; i++) {
		lab_hang_up(&c);
		lab_connect(&c, LAB_SERVER_V4);
		refused += status_of(&c, "192.0.2.1") == 429;
	}
	cr_expect_gt(refused, 0);
	lab_hang_up(&c);
}
