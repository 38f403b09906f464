// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One table of frames: what the skin does with each, and that exactly the expected reason counts it.
#include <stdio.h>
#include <string.h>
#include <linux/bpf.h>
#include <criterion/criterion.h>
#include "packet.h"
#include "skin_rig.h"

/* The recipes start from a common packet and override parts of it: that is the point. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define V4(...)   { PACKET_V4, __VA_ARGS__ }
#define V6(...)   { PACKET_V6, __VA_ARGS__ }
#define PASS(why) XDP_PASS, VERDICT_PASS_##why
#define DROP(why) XDP_DROP, VERDICT_DROP_##why
#define CHAIN(...) .chain = { __VA_ARGS__, PACKET_END }

#define BANNED_V4      "198.51.100.1" /* see fill_lists */
#define BANNED_V6      "2001:db8:bad:1::1234"
#define SEVEN_DEST     PACKET_DEST, PACKET_DEST, PACKET_DEST, PACKET_DEST, PACKET_DEST, PACKET_DEST, PACKET_DEST

struct frame_case {
	const char *name;
	struct packet_recipe recipe;
	uint32_t action;
	enum verdict verdict;
};

static const struct frame_case cases[] = {
	/* plain */
	{ "v4 SYN", V4(), PASS(CLEAN) },
	{ "v4 data", V4(.flags = ACK | PSH, .data = 100), PASS(CLEAN) },
	{ "v4 last port", V4(.dest_port = 65535), PASS(CLEAN) },
	{ "v4 other port", V4(.dest_port = 8081), PASS(FOREIGN_PORT) },
	{ "v4 port with the bytes swapped", V4(.dest_port = 0x901f), PASS(FOREIGN_PORT) },
	{ "v4 port 0", V4(.dest_port = 0), PASS(FOREIGN_PORT) },
	{ "v4 UDP", V4(.protocol = PACKET_UDP), PASS(NOT_TCP) },
	{ "v6 SYN", V6(), PASS(CLEAN) },
	{ "v6 data", V6(.flags = ACK | PSH, .data = 100), PASS(CLEAN) },
	{ "v6 other port", V6(.dest_port = 8081), PASS(FOREIGN_PORT) },
	{ "v6 UDP", V6(.protocol = PACKET_UDP), PASS(NOT_TCP) },
	{ "v6 no next header", V6(.protocol = PACKET_NONE), PASS(NOT_TCP) },
	{ "ARP", V4(.family = 0x0806), PASS(NOT_IP) },
	{ "loopback source", V4(.source = "127.0.0.1"), PASS(CLEAN) },
	/* VLAN tags */
	{ "v4 1 tag", V4(.tags = 1), PASS(CLEAN) },
	{ "v4 1 service tag", V4(.tags = 1, .outer_tag = 0x88a8), PASS(CLEAN) },
	{ "v4 2 tags", V4(.tags = 2, .outer_tag = 0x88a8), PASS(CLEAN) },
	{ "v4 4 tags", V4(.tags = 4), PASS(CLEAN) },
	{ "v4 5 tags", V4(.tags = 5), PASS(UNPARSED) },
	{ "v4 4 tags, banned", V4(.tags = 4, .source = BANNED_V4), DROP(BANNED) },
	{ "v6 1 tag", V6(.tags = 1), PASS(CLEAN) },
	{ "v6 2 tags", V6(.tags = 2, .outer_tag = 0x88a8), PASS(CLEAN) },
	{ "v6 4 tags", V6(.tags = 4), PASS(CLEAN) },
	{ "v6 5 tags", V6(.tags = 5), PASS(UNPARSED) },
	{ "v6 4 tags, banned", V6(.tags = 4, .source = BANNED_V6), DROP(BANNED) },
	{ "tag around ARP", V4(.tags = 1, .family = 0x0806), PASS(NOT_IP) },
	/* IPv4 header */
	{ "v4 4 bytes of options", V4(.ip_words = 6), PASS(CLEAN) },
	{ "v4 40 bytes of options", V4(.ip_words = 15), PASS(CLEAN) },
	{ "v4 40 bytes of options, banned", V4(.ip_words = 15, .source = BANNED_V4), DROP(BANNED) },
	{ "v4 header of 16 bytes", V4(.ip_words = 4), DROP(BAD_IP_HEADER) },
	{ "v4 header of 16 bytes, other port", V4(.ip_words = 4, .dest_port = 22), DROP(BAD_IP_HEADER) },
	{ "v4 says version 6", V4(.version = 6), DROP(BAD_IP_HEADER) },
	{ "v4 total shorter than header", V4(.length_off = -21), DROP(BAD_IP_HEADER) },
	{ "v4 total 0", V4(.length_off = -40), DROP(BAD_IP_HEADER) },
	{ "v4 header longer than frame", V4(.ip_words = 15, .cut = 60), DROP(TRUNCATED) },
	{ "v4 UDP header longer than frame", V4(.ip_words = 15, .cut = 60, .protocol = PACKET_UDP), DROP(TRUNCATED) },
	{ "v6 says version 4", V6(.version = 4), DROP(BAD_IP_HEADER) },
	/* lengths: the IP header counts, not the frame */
	{ "v4 padding of Ethernet", V4(.padding = 6), PASS(CLEAN) },
	{ "v4 much padding", V4(.padding = 1000), PASS(CLEAN) },
	{ "v4 TCP header lies in the padding", V4(.tcp_bytes = 8, .padding = 32), DROP(TRUNCATED) },
	{ "v4 TCP ports lie in the padding", V4(.tcp_bytes = 0, .padding = 32), DROP(TRUNCATED) },
	{ "v4 TCP ports lie in the padding, other port", V4(.length_off = -20, .dest_port = 22), DROP(TRUNCATED) },
	{ "v4 TCP options lie in the padding", V4(.tcp_words = 6, .padding = 32), DROP(BAD_TCP_HEADER) },
	{ "v4 total beyond the frame", V4(.length_off = 1), DROP(TRUNCATED) },
	{ "v4 total beyond the frame, other port", V4(.length_off = 1, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v4 total beyond the frame, banned", V4(.length_off = 1, .source = BANNED_V4), DROP(BANNED) },
	{ "v6 padding of Ethernet", V6(.padding = 6), PASS(CLEAN) },
	{ "v6 TCP header lies in the padding", V6(.tcp_bytes = 8, .padding = 32), DROP(TRUNCATED) },
	{ "v6 payload beyond the frame", V6(.length_off = 1), DROP(TRUNCATED) },
	{ "v6 payload beyond the frame, other port", V6(.length_off = 1, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v6 payload 0", V6(.length_off = -20), DROP(TRUNCATED) },
	/* fragments */
	{ "v4 first fragment", V4(.fragment = PACKET_MORE, .data = 4), PASS(CLEAN) },
	{ "v4 first fragment, banned", V4(.fragment = PACKET_MORE, .data = 4, .source = BANNED_V4), DROP(BANNED) },
	{ "v4 first fragment, other port", V4(.fragment = PACKET_MORE, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v4 later fragment", V4(.fragment = PACKET_MORE | 3, .data = 4), PASS(FRAGMENT) },
	{ "v4 last fragment", V4(.fragment = 185), PASS(FRAGMENT) },
	{ "v4 later fragment of a banned source", V4(.fragment = 185, .source = BANNED_V4), PASS(FRAGMENT) },
	{ "v4 fragment at 8, over the flags", V4(.fragment = 1), DROP(TINY_FRAGMENT) },
	{ "v4 UDP fragment at 8", V4(.fragment = 1, .protocol = PACKET_UDP), PASS(FRAGMENT) },
	{ "v4 first fragment of 8 bytes", V4(.fragment = PACKET_MORE, .tcp_bytes = 8), DROP(TINY_FRAGMENT) },
	{ "v4 first fragment of 19 bytes", V4(.fragment = PACKET_MORE, .tcp_bytes = 19), DROP(TINY_FRAGMENT) },
	{ "v4 first fragment of 8 bytes, other port", V4(.fragment = PACKET_MORE, .tcp_bytes = 8, .dest_port = 22),
		DROP(TINY_FRAGMENT) },
	{ "v4 first fragment without TCP options", V4(.fragment = PACKET_MORE, .tcp_words = 8), DROP(TINY_FRAGMENT) },
	{ "v4 do not fragment", V4(.fragment = 0x4000), PASS(CLEAN) },
	{ "v6 first fragment", V6(CHAIN(PACKET_FRAGMENT), .fragment = PACKET_MORE_V6, .data = 4), PASS(CLEAN) },
	{ "v6 first fragment, banned", V6(CHAIN(PACKET_FRAGMENT), .fragment = 1, .source = BANNED_V6), DROP(BANNED) },
	{ "v6 atomic fragment", V6(CHAIN(PACKET_FRAGMENT)), PASS(CLEAN) },
	{ "v6 atomic fragment, banned", V6(CHAIN(PACKET_FRAGMENT), .source = BANNED_V6), DROP(BANNED) },
	{ "v6 later fragment", V6(CHAIN(PACKET_FRAGMENT), .fragment = 3 << 3 | 1), PASS(FRAGMENT) },
	{ "v6 last fragment", V6(CHAIN(PACKET_FRAGMENT), .fragment = 185 << 3), PASS(FRAGMENT) },
	{ "v6 fragment at 8, over the flags", V6(CHAIN(PACKET_FRAGMENT), .fragment = 1 << 3), DROP(TINY_FRAGMENT) },
	{ "v6 first fragment of 8 bytes", V6(CHAIN(PACKET_FRAGMENT), .fragment = 1, .tcp_bytes = 8),
		DROP(TINY_FRAGMENT) },
	{ "v6 first fragment ends in the chain",
		V6(CHAIN(PACKET_FRAGMENT, PACKET_DEST), .fragment = 1, .length_off = -24), DROP(TINY_FRAGMENT) },
	{ "v6 first fragment, header behind it", V6(CHAIN(PACKET_FRAGMENT, PACKET_DEST), .fragment = 1), PASS(CLEAN) },
	/* IPv6 extension headers */
	{ "v6 hop-by-hop", V6(CHAIN(PACKET_HOP)), PASS(CLEAN) },
	{ "v6 routing", V6(CHAIN(PACKET_ROUTING)), PASS(CLEAN) },
	{ "v6 destination options", V6(CHAIN(PACKET_DEST)), PASS(CLEAN) },
	{ "v6 authentication", V6(CHAIN(PACKET_AH)), PASS(CLEAN) },
	{ "v6 hop-by-hop, banned", V6(CHAIN(PACKET_HOP), .source = BANNED_V6), DROP(BANNED) },
	{ "v6 routing, banned", V6(CHAIN(PACKET_ROUTING), .source = BANNED_V6), DROP(BANNED) },
	{ "v6 destination options, banned", V6(CHAIN(PACKET_DEST), .source = BANNED_V6), DROP(BANNED) },
	{ "v6 authentication, banned", V6(CHAIN(PACKET_AH), .source = BANNED_V6), DROP(BANNED) },
	{ "v6 long header", V6(CHAIN(PACKET_DEST), .chain_units = 100, .flags = FIN), DROP(BAD_TCP_FLAGS) },
	{ "v6 all kinds", V6(CHAIN(PACKET_HOP, PACKET_DEST, PACKET_ROUTING, PACKET_FRAGMENT, PACKET_AH, PACKET_DEST)),
		PASS(CLEAN) },
	{ "v6 8 headers", V6(CHAIN(PACKET_HOP, SEVEN_DEST)), PASS(CLEAN) },
	{ "v6 8 headers, bad flags", V6(CHAIN(PACKET_HOP, SEVEN_DEST), .flags = 0), DROP(BAD_TCP_FLAGS) },
	{ "v6 9 headers", V6(CHAIN(PACKET_HOP, SEVEN_DEST, PACKET_DEST)), PASS(UNPARSED) },
	{ "v6 9 headers, banned", V6(CHAIN(PACKET_HOP, SEVEN_DEST, PACKET_DEST), .source = BANNED_V6), DROP(BANNED) },
	{ "v6 9 headers, allowed", V6(CHAIN(PACKET_HOP, SEVEN_DEST, PACKET_DEST), .source = "2001:db8:bad:7::7"),
		PASS(UNPARSED) },
	{ "v6 header beyond the payload", V6(CHAIN(PACKET_DEST), .length_off = -22, .padding = 40), DROP(TRUNCATED) },
	{ "v6 header beyond the payload, UDP", V6(CHAIN(PACKET_DEST), .length_off = -22, .protocol = PACKET_UDP),
		DROP(TRUNCATED) },
	{ "v6 UDP behind a chain", V6(CHAIN(PACKET_HOP, PACKET_DEST), .protocol = PACKET_UDP), PASS(NOT_TCP) },
	/* TCP header */
	{ "v4 TCP header of 16 bytes", V4(.tcp_words = 4), DROP(BAD_TCP_HEADER) },
	{ "v4 TCP header of 0 bytes", V4(.tcp_words = 0, .data = 50), DROP(BAD_TCP_HEADER) },
	{ "v4 TCP header of 16 bytes, other port", V4(.tcp_words = 4, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v4 TCP header of 60 bytes", V4(.tcp_words = 15, .tcp_bytes = 60), PASS(CLEAN) },
	{ "v4 TCP header beyond the packet", V4(.tcp_words = 15, .tcp_bytes = 59), DROP(BAD_TCP_HEADER) },
	{ "v6 TCP header of 16 bytes", V6(.tcp_words = 4), DROP(BAD_TCP_HEADER) },
	{ "v6 TCP header beyond the packet", V6(.tcp_words = 6), DROP(BAD_TCP_HEADER) },
	{ "v4 source port 0", V4(.source_port = 0), DROP(ZERO_PORT) },
	{ "v4 source port 0, other port", V4(.source_port = 0, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v6 source port 0", V6(.source_port = 0), DROP(ZERO_PORT) },
	/* TCP flags; all 256 are in test_skin_sweep.c */
	{ "no flags", V4(.flags = 0), DROP(BAD_TCP_FLAGS) },
	{ "no flags, other port", V4(.flags = 0, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "SYN+FIN", V4(.flags = SYN | FIN), DROP(BAD_TCP_FLAGS) },
	{ "SYN+RST", V6(.flags = SYN | RST), DROP(BAD_TCP_FLAGS) },
	{ "RST+FIN", V4(.flags = RST | FIN), DROP(BAD_TCP_FLAGS) },
	{ "FIN", V6(.flags = FIN), DROP(BAD_TCP_FLAGS) },
	{ "XMAS", V4(.flags = FIN | PSH | URG), DROP(BAD_TCP_FLAGS) },
	{ "near miss: FIN+ACK", V4(.flags = FIN | ACK), PASS(CLEAN) },
	{ "near miss: FIN+PSH+URG+ACK", V4(.flags = FIN | PSH | URG | ACK), PASS(CLEAN) },
	{ "near miss: SYN+ECE+CWR", V4(.flags = SYN | ECE | CWR), PASS(CLEAN) },
	{ "near miss: RST", V6(.flags = RST), PASS(CLEAN) },
	/* sources */
	{ "v4 land", V4(.source = "192.0.2.99", .source_port = 8080), DROP(BAD_SOURCE) },
	{ "near miss: same address, other port", V4(.source = "192.0.2.99"), PASS(CLEAN) },
	{ "near miss: other address, same port", V4(.source_port = 8080), PASS(CLEAN) },
	{ "v4 multicast source", V4(.source = "224.0.0.1"), DROP(BAD_SOURCE) },
	{ "v4 last multicast source", V4(.source = "239.255.255.255"), DROP(BAD_SOURCE) },
	{ "near miss: 223.255.255.255", V4(.source = "223.255.255.255"), PASS(CLEAN) },
	{ "near miss: 240.0.0.1", V4(.source = "240.0.0.1"), PASS(CLEAN) },
	{ "v4 broadcast source", V4(.source = "255.255.255.255"), DROP(BAD_SOURCE) },
	{ "v4 source 0.0.0.0", V4(.source = "0.0.0.0"), DROP(BAD_SOURCE) },
	{ "v6 land", V6(.source = "2001:db8:99::1", .source_port = 8080), DROP(BAD_SOURCE) },
	{ "v6 multicast source", V6(.source = "ff02::1"), DROP(BAD_SOURCE) },
	{ "v6 source ::", V6(.source = "::"), DROP(BAD_SOURCE) },
	{ "near miss: ::1", V6(.source = "::1"), PASS(CLEAN) },
	{ "near miss: v6 same address, other port", V6(.source = "2001:db8:99::1"), PASS(CLEAN) },
	{ "near miss: v6 same lower half and port", V6(.source = "2001:db8:98::1", .source_port = 8080), PASS(CLEAN) },
	/* bans */
	{ "v4 banned", V4(.source = BANNED_V4), DROP(BANNED) },
	{ "v4 banned, other port", V4(.source = BANNED_V4, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v4 banned and malformed", V4(.source = BANNED_V4, .flags = 0), DROP(BANNED) },
	{ "v4 neighbour of a banned address", V4(.source = "198.51.100.9"), PASS(CLEAN) },
	{ "v4 banned for an hour", V4(.source = "198.51.100.2"), DROP(BANNED) },
	{ "v4 ban is over", V4(.source = "198.51.100.3"), PASS(CLEAN) },
	{ "v4 banned prefix", V4(.source = "203.0.113.255"), DROP(BANNED_PREFIX) },
	{ "v4 beside the banned prefix", V4(.source = "203.0.114.0"), PASS(CLEAN) },
	{ "v4 prefix ban is over", V4(.source = "100.128.0.1"), PASS(CLEAN) },
	{ "v4 prefix ban is over inside another", V4(.source = "100.64.1.1"), DROP(BANNED_PREFIX) },
	{ "v4 address ban is over inside a prefix", V4(.source = "203.0.113.3"), DROP(BANNED_PREFIX) },
	{ "v6 banned /64", V6(.source = BANNED_V6), DROP(BANNED) },
	{ "v6 banned /64, other port", V6(.source = BANNED_V6, .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v6 elsewhere in the banned /64", V6(.source = "2001:db8:bad:1:ffff:ffff:ffff:ffff"), DROP(BANNED) },
	{ "v6 beside the banned /64", V6(.source = "2001:db8:bad:2::1"), PASS(CLEAN) },
	{ "v6 banned for an hour", V6(.source = "2001:db8:bad:3::1"), DROP(BANNED) },
	{ "v6 ban is over", V6(.source = "2001:db8:bad:4::1"), PASS(CLEAN) },
	{ "v6 banned prefix", V6(.source = "2001:db8:f0ff::1"), DROP(BANNED_PREFIX) },
	{ "v6 beside the banned prefix", V6(.source = "2001:db8:f100::1"), PASS(CLEAN) },
	{ "v6 prefix ban is over inside another", V6(.source = "2001:db8:f001::1"), DROP(BANNED_PREFIX) },
	/* the never-ban list */
	{ "v4 allowed though banned", V4(.source = "198.51.100.7"), PASS(ALLOWED) },
	{ "v4 allowed inside a banned prefix", V4(.source = "203.0.113.7"), PASS(ALLOWED) },
	{ "v4 allowed prefix", V4(.source = "10.255.0.1"), PASS(ALLOWED) },
	{ "v4 allowed, other port", V4(.source = "10.255.0.1", .dest_port = 22), PASS(FOREIGN_PORT) },
	{ "v4 allowed but malformed", V4(.source = "10.255.0.1", .flags = SYN | FIN), DROP(BAD_TCP_FLAGS) },
	{ "v4 allowed but cut", V4(.source = "10.255.0.1", .data = 10, .cut = 60), DROP(TRUNCATED) },
	{ "v6 allowed though banned", V6(.source = "2001:db8:bad:7::7"), PASS(ALLOWED) },
	{ "v6 allowed, but not its neighbour", V6(.source = "2001:db8:bad:7::8"), DROP(BANNED) },
	{ "v6 allowed prefix", V6(.source = "fd00:1::1"), PASS(ALLOWED) },
	{ "v6 allowed but malformed", V6(.source = "fd00:1::1", .flags = 0), DROP(BAD_TCP_FLAGS) },
};

static void fill_lists(struct skin_rig *rig)
{
	rig_ban(rig, BANNED_V4, 0);
	rig_ban(rig, "198.51.100.2", RIG_HOUR);
	rig_ban_over(rig, "198.51.100.3");
	rig_ban_over(rig, "203.0.113.3");
	rig_ban(rig, "198.51.100.7", 0);
	rig_ban(rig, "203.0.113.0/24", RIG_HOUR);
	rig_ban(rig, "100.64.0.0/10", 0);
	rig_ban_over(rig, "100.64.0.0/16");
	rig_ban_over(rig, "100.64.1.0/24");
	rig_ban_over(rig, "100.128.0.0/16");
	rig_ban(rig, BANNED_V6, 0);
	rig_ban(rig, "2001:db8:bad:3::/64", RIG_HOUR);
	rig_ban_over(rig, "2001:db8:bad:4::/64");
	rig_ban(rig, "2001:db8:bad:7::/64", 0);
	rig_ban(rig, "2001:db8:f000::/40", RIG_HOUR);
	rig_ban_over(rig, "2001:db8:f001::/48");
	rig_allow(rig, "198.51.100.7");
	rig_allow(rig, "203.0.113.7");
	rig_allow(rig, "10.0.0.0/8");
	rig_allow(rig, "2001:db8:bad:7::7");
	rig_allow(rig, "fd00::/8");
}

static void expect_only(const char *name, const struct rig_counts *a, const struct rig_counts *b, unsigned int verdict,
	size_t bytes)
{
	for (unsigned int v = 0; v < VERDICT_COUNT; v++) {
		uint64_t packets = b->of[v].packets - a->of[v].packets;
		uint64_t grown = b->of[v].bytes - a->of[v].bytes;

		cr_expect(packets == (v == verdict) && grown == (v == verdict ? bytes : 0),
			"%s: %s went up by %lu packets, %lu bytes; expected is one packet of %zu bytes under %s", name,
			rig_verdict_name(v), packets, grown, bytes, rig_verdict_name(verdict));
	}
}

static void run_case(const struct skin_rig *rig, const struct frame_case *c, uint32_t action, unsigned int verdict)
{
	struct rig_counts before, after;
	uint8_t frame[PACKET_MAX];
	size_t n = packet_build(&c->recipe, frame);
	uint32_t got;

	rig_counts(rig, &before);
	got = rig_run(rig, frame, n);
	rig_counts(rig, &after);
	cr_expect(got == action, "%s: action %u, expected %u", c->name, got, action);
	expect_only(c->name, &before, &after, verdict, n);
}

Test(skin, a_each_frame)
{
	struct skin_rig rig;

	rig_open(&rig, false, 1024);
	fill_lists(&rig);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run_case(&rig, &cases[i], cases[i].action, cases[i].verdict);
	rig_close(&rig);
}

Test(skin, b_observed_nothing_is_dropped)
{
	struct skin_rig rig;

	rig_open(&rig, true, 1024);
	fill_lists(&rig);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run_case(&rig, &cases[i], XDP_PASS,
			cases[i].action == XDP_DROP ? VERDICT_PASS_OBSERVED : cases[i].verdict);
	rig_close(&rig);
}

/* Packets that passed, by the reason that they would have been dropped for. */
Test(skin, c_what_would_be_dropped_is_counted_by_reason)
{
	struct rig_counts before, after;
	struct skin_rig rig;

	rig_open(&rig, true, 1024);
	fill_lists(&rig);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t v = cases[i].verdict;

		rig_observed(&rig, &before);
		run_case(&rig, &cases[i], XDP_PASS, cases[i].action == XDP_DROP ? VERDICT_PASS_OBSERVED : v);
		rig_observed(&rig, &after);
		cr_expect_eq(after.of[v].packets - before.of[v].packets, cases[i].action == XDP_DROP, "%s", cases[i].name);
	}
	rig_close(&rig);
}

Test(skin, d_the_switch_works_under_a_living_skin)
{
	struct skin_rig rig;

	rig_open(&rig, false, 1024);
	fill_lists(&rig);
	for (int turn = 0; turn < 4; turn++) {
		bool observe = turn & 1;

		rig_observe(&rig, observe);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			if (cases[i].action == XDP_DROP)
				run_case(&rig, &cases[i], observe ? XDP_PASS : XDP_DROP,
					observe ? VERDICT_PASS_OBSERVED : cases[i].verdict);
	}
	rig_close(&rig);
}
