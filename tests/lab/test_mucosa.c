/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signatures on a living organism: found by the socket filter however they are cut, by blood however they are written. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "lab.h"

LAB_SUITE(lab_92_mucosa, 90);

#define SIGNATURES                                                                                      \
	"signature \"jndi\" { match = \"${jndi:\" } signature \"passwd\" { match = \"/etc/passwd\" } " \
	"signature \"union\" { match = \"union select\" } "
#define NO_BANS "ban_at = 1000000 "
#define ATTACK	"GET /hello HTTP/1.1\r\nHost: lab\r\nX-Name: ${JNDI:ldap://x/}\r\n\r\n"
#define PLAIN	"GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n"

static void live(const char *immune)
{
	char text[1024];

	snprintf(text, sizeof(text), "immune { %s }", immune);
	lab_up(&lab, text, "");
	lab_wake(&lab);
}

static long long dropped(void)
{
	long long n = lab_number(&lab, "immune.reasons.drop_signature");

	return n < 0 ? 0 : n; /* what never happened is not told */
}

/* One answer on a connection of its own. */
static int ask(const char *address, const char *bytes, size_t n)
{
	struct lab_conn c = { .fd = lab_dial(address, NULL) };
	struct lab_answer a;
	int status;

	cr_assert_geq(c.fd, 0);
	lab_send(&c, bytes, n);
	lab_read(&c, &a, false, LAB_SOON_S);
	status = a.status;
	lab_answer_free(&a);
	lab_hang_up(&c);
	return status;
}

static int say(const char *text)
{
	return ask(LAB_SERVER_V4, text, strlen(text));
}

Test(lab_92_mucosa, a_a_signature_in_one_segment)
{
	live(NO_BANS SIGNATURES);
	cr_expect_eq(say(PLAIN), 200);
	cr_expect_eq(dropped(), 0);
	/* A client may have sent it again before it was refused. */
	cr_expect_eq(say(ATTACK), 403);
	cr_expect_geq(dropped(), 1);
	cr_expect_eq(ask(LAB_SERVER_V6, ATTACK, strlen(ATTACK)), 403);
	cr_expect_geq(dropped(), 2);
	cr_expect_eq(say(PLAIN), 200, "the next connection is not to blame");
	lab_sh(&lab, "bpftool map dump pinned %s/cellws/lab/flow_tags", lab.bpffs);
	lab_expect(&lab, 0, "\"signature\": 0");
	lab_expect(&lab, 0, "\"own_port\": 8080");
	lab_expect(&lab, 0, "\"family\": 6");
}

static bool is_acknowledged(void *fd)
{
	int left = 1;

	return !ioctl(*(int *)fd, SIOCOUTQ, &left) && !left;
}

static struct lab_conn dial_eager(void)
{
	struct lab_conn c = { .fd = lab_dial(LAB_SERVER_V4, NULL) };
	int one = 1;

	cr_assert_geq(c.fd, 0);
	setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return c;
}

/* In two segments, the second only after the first has arrived. */
static int say_in_two(const char *text, size_t at)
{
	struct lab_conn c = dial_eager();
	struct lab_answer a;
	int status;

	lab_send(&c, text, at);
	cr_assert(lab_wait(LAB_SOON_S, is_acknowledged, &c.fd), "the first %zu bytes are not taken", at);
	lab_send(&c, text + at, strlen(text) - at);
	lab_read(&c, &a, false, LAB_SOON_S);
	status = a.status;
	lab_answer_free(&a);
	lab_hang_up(&c);
	return status;
}

Test(lab_92_mucosa, b_split_at_every_byte)
{
	size_t end = (size_t)(strstr(ATTACK, "JNDI:") - ATTACK) + 5;
	long long before;

	live(NO_BANS SIGNATURES);
	for (size_t at = 1; at < end; at++)
		cr_expect_eq(say_in_two(ATTACK, at), 403, "split at %zu", at);
	before = dropped();
	cr_expect_geq(before, (long long)end - 1, "blood has found some that the filter has not");
	for (size_t at = 1; at < strlen(PLAIN); at += 5)
		cr_expect_eq(say_in_two(PLAIN, at), 200, "split at %zu", at);
	cr_expect_eq(dropped(), before);
}

Test(lab_92_mucosa, c_what_is_encoded_meets_blood)
{
	static const char *const requests[] = {
		"GET /?q=%24%7bjndi%3ax HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /?q=%2524%257Bjndi%253ax HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /?q=1+UNION+SELECT+2 HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /a/../%65tc/./passwd HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /x?f=%c0%afetc%c0%afpasswd HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: lab\r\nReferer: http://x/?q=%e0%80%afetc%2fpasswd\r\n\r\n",
		"POST /hello HTTP/1.1\r\nHost: lab\r\nContent-Length: 14\r\n\r\nunion%20select",
		"POST /hello HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nunion \r\n6\r\nselect\r\n0\r\n\r\n",
	};

	live(NO_BANS SIGNATURES);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		cr_expect_eq(say(requests[i]), 403, "%s", requests[i]);
	cr_expect_eq(dropped(), 0, "the filter decodes");
	cr_expect_eq(say_in_two(requests[0], 14), 403, "in two reads");
	cr_expect_eq(say_in_two(requests[7], strlen(requests[7]) - 14), 403, "a body in two reads");
}

Test(lab_92_mucosa, d_near_misses_pass)
{
	static const char *const requests[] = {
		"GET /hello?q=$%7jndi: HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /hello?f=/etc/passw HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /hello?q=union++select HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /hello?q=union_select HTTP/1.1\r\nHost: lab\r\n\r\n",
		"GET /hello?f=%2525252fetc%2525252fpasswd HTTP/1.1\r\nHost: lab\r\n\r\n",
	};
	struct lab_conn c;

	live(NO_BANS SIGNATURES);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		cr_expect_eq(say(requests[i]), 200, "%s", requests[i]);
	/* Halves of one in two requests of a connection. */
	c = dial_eager();
	for (int i = 0; i < 2; i++) {
		struct lab_answer a;

		lab_say(&c, "GET /hello?x=%s HTTP/1.1\r\nHost: lab\r\n\r\n", i ? "select" : "union");
		lab_read(&c, &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200);
		lab_answer_free(&a);
	}
	lab_hang_up(&c);
	cr_expect_eq(dropped(), 0);
}

static bool is_dropped_again(void *arg)
{
	(void)arg;
	return dropped() >= 2;
}

/* Nobody answers: the client's stack sends the segment again, and it must be found again. */
Test(lab_92_mucosa, e_sent_again_it_is_found_again)
{
	struct lab_conn c;
	struct lab_answer a;
	pid_t blood;

	live(NO_BANS SIGNATURES "} health { answer = \"30s\"");
	c = dial_eager();
	lab_say(&c, PLAIN);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 200);
	lab_answer_free(&a);
	blood = lab_pid(&lab, "blood");
	cr_assert_eq(kill(blood, SIGSTOP), 0);
	lab_say(&c, ATTACK);
	cr_expect(lab_wait(LAB_SOON_S, is_dropped_again, NULL), "the segment has passed at its second coming");
	cr_assert_eq(kill(blood, SIGCONT), 0);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 403);
	lab_answer_free(&a);
	cr_expect(lab_closes(&c, LAB_SOON_S));
	lab_hang_up(&c);
	lab_sh(&lab, "bpftool -j map dump pinned %s/cellws/lab/lymph", lab.bpffs);
	lab_expect(&lab, 0, "\"antigens\":1,");
}

static bool is_reset(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, LAB_SOON_S * 1000) == 1 && recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET;
}

Test(lab_92_mucosa, f_a_silent_close)
{
	struct lab_conn c;

	live(NO_BANS "refuse = \"close\" trap = { \"/trap\" } " SIGNATURES);
	for (int i = 0; i < 3; i++) {
		static const char *const texts[] = { ATTACK, "GET /trap HTTP/1.1\r\nHost: lab\r\n\r\n",
			"POST /hello HTTP/1.1\r\nHost: lab\r\nContent-Length: 14\r\n\r\nunion%20select" };

		lab_connect(&c, LAB_SERVER_V4);
		lab_say(&c, "%s", texts[i]);
		cr_expect(is_reset(c.fd), "%s", texts[i]);
		lab_hang_up(&c);
	}
	cr_expect_eq(say(PLAIN), 200);
}

/* The request in hand is answered, the attack behind it is not. */
Test(lab_92_mucosa, g_behind_a_request_that_is_being_answered)
{
	struct lab_conn c;
	struct lab_answer a;

	live(NO_BANS SIGNATURES);
	c = dial_eager();
	lab_say(&c, "GET /sleep HTTP/1.1\r\nHost: lab\r\n\r\n");
	cr_assert(lab_wait(LAB_SOON_S, is_acknowledged, &c.fd));
	lab_say(&c, ATTACK);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 200);
	lab_answer_free(&a);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect(a.status == 0 || a.status == 403, "%d", a.status);
	lab_answer_free(&a);
	cr_expect(lab_closes(&c, LAB_SOON_S));
	lab_hang_up(&c);
	cr_expect_geq(dropped(), 1);
}

Test(lab_92_mucosa, h_an_observer_drops_nothing)
{
	live("observe = 1 " NO_BANS SIGNATURES);
	cr_expect_eq(say(ATTACK), 200);
	cr_expect_eq(say("GET /hello?q=union+select HTTP/1.1\r\nHost: lab\r\n\r\n"), 200);
	cr_expect_eq(dropped(), 0);
	cr_expect_geq(lab_number(&lab, "immune.reasons.pass_observed"), 1);
	lab_sh(&lab, "bpftool map dump pinned %s/cellws/lab/flow_tags", lab.bpffs);
	lab_expect(&lab, 0, "\"observed\": 1");
}

Test(lab_92_mucosa, i_the_never_ban_list_is_refused_by_the_request)
{
	struct lab_conn c;
	struct lab_answer a;

	live("allow = { \"" LAB_CLIENT_V4 "\" } " SIGNATURES);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, ATTACK);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 403);
	lab_answer_free(&a);
	lab_hang_up(&c);
	cr_expect_eq(dropped(), 0);
	cr_expect_eq(say(PLAIN), 200);
}

static bool is_banned(void *arg)
{
	(void)arg;
	return lab_number(&lab, "immune.antibodies") == 1;
}

Test(lab_92_mucosa, j_enough_of_it_is_a_ban)
{
	live("ban_at = 250 half_life = \"1h\" " SIGNATURES);
	cr_expect_eq(say(ATTACK), 403);
	cr_expect_eq(say(ATTACK), 403);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
	say(ATTACK);
	cr_expect(lab_wait(LAB_SOON_S, is_banned, NULL));
	cr_expect(!lab_reaches(LAB_SERVER_V4, NULL, 1));
	cr_expect_eq(ask(LAB_SERVER_V6, PLAIN, strlen(PLAIN)), 200);
}

Test(lab_92_mucosa, k_no_signatures_no_filter)
{
	live(NO_BANS);
	cr_expect_eq(say(ATTACK), 200);
	lab_sh(&lab, "test ! -e %s/cellws/lab/flow_tags", lab.bpffs);
	cr_expect_eq(lab.code, 0);
}

static bool is_answered(void *arg)
{
	(void)arg;
	return say(PLAIN) == 200;
}

/* Also when the cell that counted is dead: both vessels are counted, and counted anew. */
Test(lab_92_mucosa, l_connections_of_a_source)
{
	struct lab_conn c[5];
	struct lab_answer a;

	live(NO_BANS "connections_per_source = 4 } cells { blood { min = 2 max = 2 }");
	for (int i = 0; i < 4; i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], PLAIN);
		lab_read(&c[i], &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200, "connection %d", i);
		lab_answer_free(&a);
	}
	lab_connect(&c[4], LAB_SERVER_V4);
	cr_expect(is_reset(c[4].fd));
	lab_hang_up(&c[4]);
	cr_expect_eq(ask(LAB_SERVER_V6, PLAIN, strlen(PLAIN)), 200, "another source");
	lab_kill(&lab, "blood", 1);
	for (int i = 0; i < 4; i++) {
		lab_say(&c[i], PLAIN);
		lab_read(&c[i], &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200, "connection %d after a death", i);
		lab_answer_free(&a);
	}
	lab_connect(&c[4], LAB_SERVER_V4);
	cr_expect(is_reset(c[4].fd));
	lab_hang_up(&c[4]);
	lab_hang_up(&c[0]);
	lab_hang_up(&c[1]);
	cr_expect(lab_wait(LAB_SOON_S, is_answered, NULL), "those that have gone are counted still");
	lab_hang_up(&c[2]);
	lab_hang_up(&c[3]);
}
