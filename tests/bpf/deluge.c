// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Listeners, connections and floods that the skin is tried with; in a network namespace, so that nobody else is meant.
#include "deluge.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <criterion/criterion.h>

const struct packet_recipe deluge_plain[DELUGE_KINDS] = {
	{ PACKET_V4 },
	{ PACKET_V6 },
	{ PACKET_V4, .tags = 1 },
	{ PACKET_V6, .tags = 2, .outer_tag = 0x88a8 },
};

uint64_t deluge_counted(const struct skin_rig *rig, enum verdict v)
{
	struct rig_counts c;

	rig_counts(rig, &c);
	return c.of[v].packets;
}

void deluge_expect(const struct skin_rig *rig, const struct packet_recipe *r, uint32_t action, enum verdict verdict, const char *what)
{
	uint64_t before = deluge_counted(rig, verdict);
	uint8_t frame[PACKET_MAX];
	size_t n = packet_build(r, frame);

	cr_expect_eq(rig_run(rig, frame, n), action, "%s, family %d, %u tags", what, r->family, r->tags);
	cr_expect_eq(deluge_counted(rig, verdict), before + 1, "%s, family %d, %u tags: not %s", what, r->family, r->tags,
		rig_verdict_name(verdict));
}

void deluge_start(struct skin_rig *rig, const struct packet_recipe *syn)
{
	uint8_t frame[PACKET_MAX], out[PACKET_MAX];
	size_t n = packet_build(syn, frame), out_n;

	for (int i = 0; i < 3; i++)
		rig_turn(rig, frame, n, out, &out_n);
}

static void own_namespace(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	static bool own;
	int fd;

	if (own)
		return;
	cr_assert(!unshare(CLONE_NEWNET), "no network namespace; this floor needs root");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	cr_assert(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
	own = true;
}

static void set_cookies(int n)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_syncookies", "w");

	cr_assert(f && fprintf(f, "%d\n", n) > 0 && !fclose(f));
}

static socklen_t loopback(int family, struct sockaddr_storage *to)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(RIG_PORT), .sin6_addr = in6addr_loopback };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(RIG_PORT), .sin_addr = { htonl(INADDR_LOOPBACK) } };

	if (family == AF_INET)
		memcpy(to, &v4, sizeof(v4));
	else
		memcpy(to, &v6, sizeof(v6));
	return family == AF_INET ? sizeof(v4) : sizeof(v6);
}

static int family_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	cr_assert(!getsockname(fd, (void *)&at, &n));
	return at.ss_family;
}

uint16_t deluge_connect(int listening, int *fd, int *served)
{
	int family = family_of(listening);
	struct sockaddr_storage to, own;
	socklen_t n = loopback(family, &to), m = sizeof(own);

	*fd = socket(family, SOCK_STREAM, 0);
	cr_assert(*fd >= 0 && !connect(*fd, (void *)&to, n) && !getsockname(*fd, (void *)&own, &m));
	*served = accept(listening, NULL, NULL);
	cr_assert_geq(*served, 0);
	return ntohs(family == AF_INET ? ((struct sockaddr_in *)&own)->sin_port : ((struct sockaddr_in6 *)&own)->sin6_port);
}

/* With 2 the kernel answers the first SYN with a cookie, and after that takes them at this listener for a while. */
static void make_it_take_cookies(int listening)
{
	int fd, served;

	set_cookies(2);
	deluge_connect(listening, &fd, &served);
	set_cookies(1);
	close(fd); /* first, so that nothing of it stays at the server */
	cr_assert_eq(recv(served, &(char){ 0 }, 1, 0), 0);
	close(served);
}

int deluge_listen(int family, bool takes_cookies)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(RIG_PORT), .sin6_addr = in6addr_any };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(RIG_PORT) };
	int one = 1, fd;

	own_namespace();
	fd = socket(family, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	cr_assert(!bind(fd, family == AF_INET ? (void *)&v4 : (void *)&v6, family == AF_INET ? sizeof(v4) : sizeof(v6)));
	cr_assert(!listen(fd, 16));
	if (takes_cookies)
		make_it_take_cookies(fd);
	return fd;
}
