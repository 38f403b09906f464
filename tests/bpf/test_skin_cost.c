// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Prints what a packet costs in the skin; information only, nothing fails by being slow.
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "deluge.h"

#define MANY 100000
#define RUNS 1000000

static void show(const struct skin_rig *rig, const char *what, const struct packet_recipe *r)
{
	uint8_t frame[PACKET_MAX];
	size_t n = packet_build(r, frame);

	printf("  %-44s %4u ns\n", what, rig_cost(rig, frame, n, RUNS));
	fflush(stdout);
}

/* So many bans of every kind, none of them of the sources below. */
static void ban_many(struct skin_rig *rig, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct address a;
		uint8_t v4[4] = { 20, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
		uint8_t v6[16] = { 0x20, 0x02, [5] = (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

		cr_assert(!address_make(AF_INET, v4, 32, &a) && !ban_add(&rig->maps, &a, 1, 0, ANTIBODY_BY_HAND));
		cr_assert(!address_make(AF_INET6, v6, 64, &a) && !ban_add(&rig->maps, &a, 1, 0, ANTIBODY_BY_HAND));
		v4[0] = 64 + (uint8_t)(i >> 14);
		v4[1] = (uint8_t)(i >> 6);
		v4[2] = (uint8_t)(i << 2);
		cr_assert(!address_make(AF_INET, v4, 24, &a) && !ban_add(&rig->maps, &a, 1, 0, ANTIBODY_BY_HAND));
	}
}

static void show_passes(const struct skin_rig *rig)
{
	static const struct packet_recipe clean_v4 = { PACKET_V4 }, clean_v6 = { PACKET_V6 };
	static const struct packet_recipe other_v4 = { PACKET_V4, .dest_port = 22 };
	static const struct packet_recipe chain_v6 = { PACKET_V6, .chain = { PACKET_HOP, PACKET_DEST, PACKET_END } };

	show(rig, "v4 other port", &other_v4);
	show(rig, "v4 pass", &clean_v4);
	show(rig, "v6 pass", &clean_v6);
	show(rig, "v6 pass, two extension headers", &chain_v6);
}

static void show_judged(const struct skin_rig *rig)
{
	static const struct packet_recipe allowed_v4 = { PACKET_V4, .source = "10.1.1.1" };
	static const struct packet_recipe banned_v4 = { PACKET_V4, .source = "198.51.100.1" };
	static const struct packet_recipe timed_v4 = { PACKET_V4, .source = "198.51.100.2" };
	static const struct packet_recipe prefix_v4 = { PACKET_V4, .source = "203.0.113.1" };
	static const struct packet_recipe banned_v6 = { PACKET_V6, .source = "2001:db8:bad:1::1" };

	show(rig, "v4 allowed", &allowed_v4);
	show(rig, "v4 banned", &banned_v4);
	show(rig, "v4 banned, with an expiry", &timed_v4);
	show(rig, "v4 banned prefix", &prefix_v4);
	show(rig, "v6 banned", &banned_v6);
}

static void fill_few(struct skin_rig *rig)
{
	rig_allow(rig, "10.0.0.0/8");
	rig_allow(rig, "192.168.7.1");
	rig_allow(rig, "fd00::/8");
	rig_ban(rig, "198.51.100.1", 0);
	rig_ban(rig, "198.51.100.2", RIG_HOUR);
	rig_ban(rig, "203.0.113.0/24", 0);
	rig_ban(rig, "2001:db8:bad:1::/64", 0);
}

Test(skin_cost, z_nanoseconds)
{
	struct skin_rig rig;

	rig_open(&rig, false, MANY + 16);
	printf("\nskin, empty lists:\n");
	show_passes(&rig);
	fill_few(&rig);
	printf("skin, one entry of each kind:\n");
	show_passes(&rig);
	show_judged(&rig);
	ban_many(&rig, MANY);
	printf("skin, %u bans of each kind:\n", MANY);
	show_passes(&rig);
	show_judged(&rig);
	rig_close(&rig);
}

static void show_flood(const char *what, const struct rig_limits *limits, const struct packet_recipe *r)
{
	struct skin_rig rig;

	rig_open_limited(&rig, false, 16, limits);
	show(&rig, what, r);
	rig_close(&rig);
}

/* The frame of one run is the next one's: a shorter reply would be a different packet, so each run is a call of its own. */
static void show_cookie(const char *what, const struct packet_recipe *r)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	uint8_t frame[PACKET_MAX], out[PACKET_MAX];
	size_t n = packet_build(r, frame), out_n;
	int listening = deluge_listen(r->family == 4 ? AF_INET : AF_INET6, true);
	struct skin_rig rig;
	uint64_t sum = 0;

	rig_open_limited(&rig, false, 16, &limits);
	for (int i = 0; i < 10000; i++)
		rig_turn(&rig, frame, n, out, &out_n);
	for (int i = 0; i < 1000; i++)
		sum += rig_cost(&rig, frame, n, 1);
	printf("  %-44s %4u ns, each measured alone, clock included\n", what, (unsigned)(sum / 1000));
	rig_close(&rig);
	close(listening);
}

Test(skin_cost, zz_floods)
{
	static const struct packet_recipe syn_v4 = { PACKET_V4 }, syn_v6 = { PACKET_V6 };
	static const struct packet_recipe data_v4 = { PACKET_V4, .flags = ACK }, data_v6 = { PACKET_V6, .flags = ACK };
	const struct rig_limits syns = { .syn_rate = 1000000000, .cookie_rate = 0 };
	const struct rig_limits packets = { .syn_rate = 20000, .packet_rate = 1000000000 };
	const struct rig_limits tight = { .syn_rate = 1000 };
	const struct rig_limits asleep = { .syn_rate = 20000, .cookie_rate = 4000000000 };

	printf("\nskin, limits of a source:\n");
	show_flood("v4 data, limit of SYNs, cookies at rest", &asleep, &data_v4);
	show_flood("v6 data, limit of SYNs, cookies at rest", &asleep, &data_v6);
	show_flood("v4 SYN within its limit", &syns, &syn_v4);
	show_flood("v6 SYN within its limit", &syns, &syn_v6);
	show_flood("v4 SYN beyond its limit, dropped", &tight, &syn_v4);
	show_flood("v4 data, limit of packets", &packets, &data_v4);
	show_flood("v6 data, limit of packets", &packets, &data_v6);
	show_cookie("v4 SYN answered with a cookie", &syn_v4);
	show_cookie("v6 SYN answered with a cookie", &syn_v6);
}
