// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Rates of a source and SYN cookies: what is dropped, answered and passed, and near misses; v4 and v6, tagged or not.
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "packet.h"
#include "skin_rig.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

#define LIMIT 10

static const struct packet_recipe plain[] = {
	{ PACKET_V4 },
	{ PACKET_V6 },
	{ PACKET_V4, .tags = 1 },
	{ PACKET_V6, .tags = 2, .outer_tag = 0x88a8 },
};
#define KINDS (sizeof(plain) / sizeof(*plain))

static uint64_t counted(const struct skin_rig *rig, enum verdict v)
{
	struct rig_counts c;

	rig_counts(rig, &c);
	return c.of[v].packets;
}

static void expect(const struct skin_rig *rig, const struct packet_recipe *r, uint32_t action, enum verdict verdict, const char *what)
{
	uint64_t before = counted(rig, verdict);
	uint8_t frame[PACKET_MAX];
	size_t n = packet_build(r, frame);

	cr_expect_eq(rig_run(rig, frame, n), action, "%s, family %d, %u tags", what, r->family, r->tags);
	cr_expect_eq(counted(rig, verdict), before + 1, "%s, family %d, %u tags: not %s", what, r->family, r->tags, rig_verdict_name(verdict));
}

static const char *neighbour(const struct packet_recipe *r)
{
	return r->family == 4 ? "192.0.2.2" : "2001:db8:1:1::1";
}

Test(skin_flood, a_syns_of_a_source)
{
	const struct rig_limits limits = { .syn_rate = LIMIT };

	for (unsigned k = 0; k < KINDS; k++) {
		struct packet_recipe syn = plain[k], other = plain[k];
		struct skin_rig rig;

		rig_open_limited(&rig, false, 16, &limits);
		for (int i = 0; i < LIMIT; i++)
			expect(&rig, &syn, XDP_PASS, VERDICT_PASS_CLEAN, "within the limit");
		expect(&rig, &syn, XDP_DROP, VERDICT_DROP_SYN_RATE, "beyond the limit");
		if (syn.family == 6)
			syn.source = "2001:db8:1::ffff";
		expect(&rig, &syn, XDP_DROP, VERDICT_DROP_SYN_RATE, "elsewhere in the /64");
		other.source = neighbour(&other);
		expect(&rig, &other, XDP_PASS, VERDICT_PASS_CLEAN, "another source");
		syn.flags = ACK;
		expect(&rig, &syn, XDP_PASS, VERDICT_PASS_CLEAN, "data of the source");
		syn.flags = SYN;
		syn.dest_port = 22;
		expect(&rig, &syn, XDP_PASS, VERDICT_PASS_FOREIGN_PORT, "another port");
		rig_allow(&rig, syn.family == 4 ? "192.0.2.1" : "2001:db8:1::/64");
		syn.dest_port = RIG_PORT;
		expect(&rig, &syn, XDP_PASS, VERDICT_PASS_ALLOWED, "an allowed source");
		rig_close(&rig);
	}
}

Test(skin_flood, b_packets_of_a_source)
{
	const struct rig_limits limits = { .packet_rate = LIMIT };

	for (unsigned k = 0; k < KINDS; k++) {
		struct packet_recipe data = plain[k];
		struct skin_rig rig;

		data.flags = ACK;
		rig_open_limited(&rig, false, 16, &limits);
		for (int i = 0; i < LIMIT; i++)
			expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "within the limit");
		expect(&rig, &data, XDP_DROP, VERDICT_DROP_PACKET_RATE, "beyond the limit");
		usleep(250000);
		expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "a while later");
		data.source = neighbour(&data);
		expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "another source");
		rig_close(&rig);
	}
}

Test(skin_flood, c_an_observer_only_counts)
{
	const struct rig_limits limits = { .syn_rate = 1, .cookie_rate = 10 };
	struct skin_rig rig;

	rig_open_limited(&rig, true, 16, &limits);
	expect(&rig, &plain[0], XDP_PASS, VERDICT_PASS_CLEAN, "the first");
	for (int i = 0; i < 5; i++)
		expect(&rig, &plain[0], XDP_PASS, VERDICT_PASS_OBSERVED, "further ones");
	rig_close(&rig);
}

/* cookie_rate 10 is one SYN in a window: the second one makes a flood. */
static void flood(struct skin_rig *rig, const struct packet_recipe *syn)
{
	uint8_t frame[PACKET_MAX], out[PACKET_MAX];
	size_t n = packet_build(syn, frame), out_n;

	for (int i = 0; i < 3; i++)
		rig_turn(rig, frame, n, out, &out_n);
}

static size_t ip_at(const struct packet_recipe *r)
{
	return 14 + 4 * r->tags;
}

static size_t tcp_at(const struct packet_recipe *r)
{
	return ip_at(r) + (r->family == 4 ? 20 : 40);
}

static uint32_t sum_up(const uint8_t *b, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* A right checksum makes the sum of everything 0xffff. */
static void expect_sums(const struct packet_recipe *r, const uint8_t *out, size_t n)
{
	size_t ip = ip_at(r), tcp = tcp_at(r), addresses = r->family == 4 ? 8 : 32;
	uint32_t pseudo = sum_up(out + tcp - addresses, addresses, (uint32_t)(6 + n - tcp));

	cr_expect_eq(fold(sum_up(out + tcp, n - tcp, pseudo)), 0xffff, "TCP checksum, family %d", r->family);
	if (r->family == 4)
		cr_expect_eq(fold(sum_up(out + ip, 20, 0)), 0xffff, "IP checksum");
}

static uint32_t cookie_of(const uint8_t *tcp)
{
	uint32_t n;

	memcpy(&n, tcp + 4, sizeof(n));
	return ntohl(n);
}

static uint32_t answer(struct skin_rig *rig, const struct packet_recipe *r)
{
	uint8_t frame[PACKET_MAX], out[PACKET_MAX];
	size_t n = packet_build(r, frame), out_n, at = tcp_at(r);

	cr_assert_eq(rig_turn(rig, frame, n, out, &out_n), XDP_TX, "family %d, %u tags", r->family, r->tags);
	cr_expect_eq(out_n, at + 24, "%zu bytes", out_n);
	cr_expect(!memcmp(out, frame + 6, 6) && !memcmp(out + 6, frame, 6), "hardware addresses");
	cr_expect(!memcmp(out + 12, frame + 12, ip_at(r) - 12), "tags");
	cr_expect(!memcmp(out + at, frame + at + 2, 2) && !memcmp(out + at + 2, frame + at, 2), "ports");
	cr_expect_eq(out[at + 13], SYN | ACK);
	cr_expect(out[at + 20] == 2 && out[at + 21] == 4, "the segment size is offered");
	cr_expect_eq(out[at + 11] - frame[at + 7], 1, "the SYN is acknowledged");
	expect_sums(r, out, out_n);
	return cookie_of(out + at);
}

/* An ACK with this number acknowledged, as it would come back. */
static uint32_t come_back(struct skin_rig *rig, const struct packet_recipe *r, uint32_t acknowledged)
{
	struct packet_recipe ack = *r;
	uint8_t frame[PACKET_MAX];
	size_t n;

	ack.flags = ACK;
	n = packet_build(&ack, frame);
	frame[tcp_at(r) + 7]++;
	acknowledged = htonl(acknowledged);
	memcpy(frame + tcp_at(r) + 8, &acknowledged, sizeof(acknowledged));
	return rig_run(rig, frame, n);
}

/* Listens on RIG_PORT: a cookie is only looked at where somebody listens. */
static int listener(int family, const char *address)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(RIG_PORT), .sin6_addr = in6addr_any };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(RIG_PORT) };
	int one = 1, fd = socket(family, SOCK_STREAM, 0);

	inet_pton(AF_INET, address, &v4.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	cr_assert(!bind(fd, family == AF_INET ? (void *)&v4 : (void *)&v6, family == AF_INET ? sizeof(v4) : sizeof(v6)));
	cr_assert(!listen(fd, 16));
	return fd;
}

Test(skin_flood, d_a_cookie_comes_back)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	int fds[] = { listener(AF_INET, "0.0.0.0"), listener(AF_INET6, "::") };

	for (unsigned k = 0; k < KINDS; k++) {
		const struct packet_recipe *r = &plain[k];
		struct skin_rig rig;
		uint32_t cookie;

		rig_open_limited(&rig, false, 16, &limits);
		expect(&rig, r, XDP_PASS, VERDICT_PASS_CLEAN, "no flood");
		flood(&rig, r);
		cookie = answer(&rig, r);
		cr_expect_eq(come_back(&rig, r, cookie + 1), XDP_PASS);
		cr_expect_eq(counted(&rig, VERDICT_PASS_COOKIE), 1);
		cr_expect_eq(come_back(&rig, r, cookie + 101), XDP_DROP, "a cookie that is off by more than the segment size it holds");
		cr_expect_eq(come_back(&rig, r, cookie ^ 1 << 30), XDP_DROP, "a cookie that is off by a bit");
		cr_expect_eq(counted(&rig, VERDICT_DROP_STRAY), 2);
		rig_close(&rig);
	}
	close(fds[0]);
	close(fds[1]);
}

Test(skin_flood, e_odd_syns_are_not_answered)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	static const struct packet_recipe odd[] = {
		{ PACKET_V4, .ip_words = 6 },
		{ PACKET_V4, .fragment = PACKET_MORE },
		{ PACKET_V6, .chain = { PACKET_DEST, PACKET_END } },
	};
	struct skin_rig rig;

	rig_open_limited(&rig, false, 16, &limits);
	flood(&rig, &plain[0]);
	for (unsigned i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		expect(&rig, &odd[i], XDP_DROP, VERDICT_DROP_SYN_ODD, "an odd SYN");
	rig_close(&rig);
}

Test(skin_flood, f_a_living_connection_is_untouched)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(RIG_PORT), .sin_addr = { htonl(INADDR_LOOPBACK) } }, own;
	struct packet_recipe data = { PACKET_V4, .source = "127.0.0.1", .dest = "127.0.0.1", .flags = ACK };
	int listening = listener(AF_INET, "127.0.0.1"), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof(own);
	struct skin_rig rig;

	cr_assert(!connect(fd, (void *)&to, sizeof(to)) && !getsockname(fd, (void *)&own, &n));
	rig_open_limited(&rig, false, 16, &limits);
	flood(&rig, &plain[0]);
	data.source_port = ntohs(own.sin_port);
	expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "data of a connection");
	data.flags = RST;
	expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "its reset");
	data.source_port ^= 1;
	expect(&rig, &data, XDP_DROP, VERDICT_DROP_STRAY, "a reset of no connection");
	rig_close(&rig);
	close(fd);
	close(listening);
}

Test(skin_flood, g_a_flood_ends, .timeout = 30)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	struct skin_rig rig;

	rig_open_limited(&rig, false, 16, &limits);
	flood(&rig, &plain[0]);
	usleep(FLOOD_HOLD / 1000 / 2);
	expect(&rig, &plain[0], XDP_TX, VERDICT_ANSWER_COOKIE, "half way through");
	usleep(FLOOD_HOLD / 1000 + 300000);
	expect(&rig, &plain[0], XDP_PASS, VERDICT_PASS_CLEAN, "after a quiet while");
	rig_close(&rig);
}
