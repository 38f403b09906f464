/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A ban becomes a blackhole route: tools/report-exabgp, the real ExaBGP, and a BGP neighbour that looks at its UPDATEs. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_93_report_bgp, 120);

#define BAD       "10.99.7.1"
#define PORT      1790
#define BLACKHOLE "\xff\xff\x02\x9a" /* 65535:666 */
#define BGP_HEAD  19 /* RFC 4271 4.1: marker, length, type */

enum { BGP_OPEN = 1, BGP_UPDATE = 2, BGP_KEEPALIVE = 4 };
enum { ATTRIBUTE_COMMUNITIES = 8, ATTRIBUTE_EXTENDED = 0x10 };

/* What the neighbour knows of the one route. */
struct neighbour {
	int listener, fd;
	size_t n;
	uint8_t in[65536];
	bool announced, withdrawn, blackhole;
};

static unsigned two(const uint8_t *b)
{
	return (unsigned)b[0] << 8 | b[1];
}

static void say(struct neighbour *b, unsigned type, const void *body, size_t n)
{
	uint8_t m[256];

	memset(m, 0xff, 16);
	m[16] = 0;
	m[17] = (uint8_t)(BGP_HEAD + n);
	m[18] = (uint8_t)type;
	memcpy(m + BGP_HEAD, body, n);
	cr_assert_eq(send(b->fd, m, BGP_HEAD + n, MSG_NOSIGNAL), (ssize_t)(BGP_HEAD + n));
}

/* RFC 4271 4.3: a prefix of /32 among n bytes of them. */
static bool names_bad(const uint8_t *list, size_t n)
{
	uint8_t bad[5] = { 32 };

	inet_pton(AF_INET, BAD, bad + 1);
	for (size_t at = 0; at < n; at += 1 + (list[at] + 7u) / 8)
		if (n - at >= sizeof(bad) && !memcmp(list + at, bad, sizeof(bad)))
			return true;
	return false;
}

static bool has_blackhole(const uint8_t *a, size_t n)
{
	while (n >= 4) {
		size_t head = a[0] & ATTRIBUTE_EXTENDED ? 4 : 3, value = head == 4 ? two(a + 2) : a[2];

		cr_assert_leq(head + value, n);
		if (a[1] == ATTRIBUTE_COMMUNITIES && value == 4 && !memcmp(a + head, BLACKHOLE, 4))
			return true;
		a += head + value;
		n -= head + value;
	}
	return false;
}

static void update(struct neighbour *b, const uint8_t *m, size_t n)
{
	size_t gone = two(m), attributes;

	cr_assert(2 + gone + 2 <= n);
	attributes = two(m + 2 + gone);
	cr_assert(4 + gone + attributes <= n);
	b->withdrawn |= names_bad(m + 2, gone);
	if (!names_bad(m + 4 + gone + attributes, n - 4 - gone - attributes))
		return;
	b->announced = true;
	b->blackhole = has_blackhole(m + 4 + gone, attributes);
}

/* Version 4, AS 65002, 180 s, identifier, multiprotocol IPv4 unicast as the one capability. */
static void greet(struct neighbour *b)
{
	static const char open[] = "\4\xfd\xea\0\xb4\x0a\x63\0\x02\x08\2\6\1\4\0\1\0\1";

	say(b, BGP_OPEN, open, sizeof(open) - 1);
	say(b, BGP_KEEPALIVE, "", 0);
}

static void take(struct neighbour *b)
{
	size_t at = 0;

	while (b->n - at >= BGP_HEAD && two(b->in + at + 16) <= b->n - at) {
		const uint8_t *m = b->in + at;
		size_t n = two(m + 16);

		cr_assert_geq(n, BGP_HEAD);
		cr_assert_leq(m[18], BGP_KEEPALIVE);
		cr_assert_neq(m[18], 3, "ExaBGP sends NOTIFICATION %u/%u", m[19], m[20]);
		if (m[18] == BGP_OPEN)
			greet(b);
		else if (m[18] == BGP_UPDATE)
			update(b, m + BGP_HEAD, n - BGP_HEAD);
		at += n;
	}
	memmove(b->in, b->in + at, b->n - at);
	b->n -= at;
}

static void listen_on(struct neighbour *b)
{
	ssize_t n;

	if (b->fd < 0)
		b->fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	n = b->fd < 0 ? 0 : recv(b->fd, b->in + b->n, sizeof(b->in) - b->n, 0);
	b->n += n > 0 ? (size_t)n : 0;
	take(b);
}

static bool is_announced(void *arg)
{
	struct neighbour *b = arg;

	listen_on(b);
	return b->announced;
}

static bool is_withdrawn(void *arg)
{
	struct neighbour *b = arg;

	listen_on(b);
	return b->withdrawn;
}

static void neighbour_open(struct neighbour *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*b = (struct neighbour){ .fd = -1, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
	cr_assert_eq(bind(b->listener, (struct sockaddr *)&at, sizeof(at)), 0, "%s", strerror(errno));
	cr_assert_eq(listen(b->listener, 1), 0);
}

/* In the client's namespace; it ends with the lab. */
static void start_exabgp(void)
{
	lab_sh(&lab,
		"ip link set lo up; ip addr add " BAD "/16 dev eth0; mkdir -p %s/bgp/run && cd %s/bgp && mkfifo run/p.in run/p.out && "
		"chmod 666 run/p.in run/p.out && chmod 755 . run && "
		"echo 'neighbor 127.0.0.1 { router-id 10.99.0.2; local-address 127.0.0.1; local-as 65001; peer-as 65002; "
		"family { ipv4 unicast; } }' >conf && "
		"{ env exabgp_tcp_port=%u exabgp_daemon_drop=false exabgp_api_pipename=p exabgp --root %s/bgp conf >log 2>&1 </dev/null & }",
		lab.dir, lab.dir, PORT, lab.dir);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
}

static void attack(void)
{
	static const char request[] = "GET /trap HTTP/1.1\r\nHost: lab\r\n\r\n";
	int fd = lab_dial(LAB_SERVER_V4, BAD);

	cr_assert_geq(fd, 0);
	cr_assert_eq(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	lab_reaches(LAB_SERVER_V4, NULL, LAB_SOON_S);
	close(fd);
}

static const char *log_text(void)
{
	lab_sh(&lab, "tail -n 30 %s/bgp/log; tail -n 5 %s/lab/log", lab.dir, lab.run_dir);
	return lab.out;
}

Test(lab_93_report_bgp, a_a_ban_is_announced_and_withdrawn)
{
	static struct neighbour b;
	char dna[512];

	neighbour_open(&b);
	start_exabgp();
	snprintf(dna, sizeof(dna),
		"immune { trap = { \"/trap\" } ban_time = \"3s\" report_program = \"%s/tools/report-exabgp %s/bgp/run/p.in\" }", lab_here(),
		lab.dir);
	lab_up(&lab, dna, "");
	attack();
	cr_assert(lab_wait(30, is_announced, &b), "no route: %s", log_text());
	cr_expect(b.blackhole, "the route has no community 65535:666");
	cr_expect(lab_wait(30, is_withdrawn, &b), "the route stays: %s", log_text());
	close(b.fd);
	close(b.listener);
}

/* What is announced goes with the organism. */
Test(lab_93_report_bgp, b_down_withdraws)
{
	static struct neighbour b;
	char dna[512];

	neighbour_open(&b);
	start_exabgp();
	snprintf(dna, sizeof(dna), "immune { trap = { \"/trap\" } report_program = \"%s/tools/report-exabgp %s/bgp/run/p.in\" }", lab_here(),
		lab.dir);
	lab_up(&lab, dna, "");
	attack();
	cr_assert(lab_wait(30, is_announced, &b), "no route: %s", log_text());
	cr_expect(!b.withdrawn);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	cr_expect(lab_wait(30, is_withdrawn, &b), "the route stays: %s", log_text());
	close(b.fd);
	close(b.listener);
}
