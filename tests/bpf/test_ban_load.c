// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Bans in bulk: every kind is found by the skin afterwards, a full map says how far it came, 100 000 take little time.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <criterion/criterion.h>
#include "packet.h"
#include "skin_rig.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

#define MANY	 100000
#define SLOW_NS	 (10 * 1000000000ULL) /* ten times what is wanted: the machine may be busy */

TestSuite(ban_load, .timeout = 60);

static struct ban_entry entry(const char *text)
{
	struct ban_entry e = { .antibody.hits = 7, .antibody.reason = ANTIBODY_IMPORTED };

	cr_assert(!address_parse(text, &e.prefix, NULL), "%s", text);
	e.antibody.bits = e.prefix.bits;
	return e;
}

static uint32_t run(const struct skin_rig *rig, const char *source)
{
	struct packet_recipe v4 = { PACKET_V4, .source = source }, v6 = { PACKET_V6, .source = source };
	uint8_t frame[PACKET_MAX];

	return rig_run(rig, frame, packet_build(strchr(source, ':') ? &v6 : &v4, frame));
}

Test(ban_load, a_each_kind_binds)
{
	const struct ban_entry all[] = { entry("192.0.2.1"), entry("192.0.2.2"), entry("2001:db8::/64"), entry("198.51.100.0/24"),
		entry("2001:db8:7::/48"), entry("192.0.2.3") };
	static const char *const hit[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.9", "2001:db8::9", "2001:db8:7:1::1" };
	static const char *const miss[] = { "192.0.2.4", "198.51.101.9", "2001:db8:0:1::9", "2001:db8:8::1" };
	struct skin_rig rig;
	size_t done;

	rig_open(&rig, false, 16);
	cr_assert(!ban_load(&rig.maps, all, 6, &done) && done == 6);
	for (size_t i = 0; i < 6; i++)
		cr_expect(run(&rig, hit[i]) == XDP_DROP, "%s", hit[i]);
	for (size_t i = 0; i < 4; i++)
		cr_expect(run(&rig, miss[i]) == XDP_PASS, "%s", miss[i]);
	rig_close(&rig);
}

Test(ban_load, b_a_full_map_says_how_far_it_came)
{
	const struct ban_entry all[] = { entry("192.0.2.1"), entry("192.0.2.2"), entry("192.0.2.3"), entry("192.0.2.4") };
	struct skin_rig rig;
	size_t done = 9;

	rig_open(&rig, false, 3);
	cr_expect(ban_load(&rig.maps, all, 4, &done) == -ENOSPC && done == 3, "%zu", done);
	cr_expect(run(&rig, "192.0.2.3") == XDP_DROP && run(&rig, "192.0.2.4") == XDP_PASS);
	cr_expect(!ban_load(&rig.maps, all, 3, &done) && done == 3, "what is there is replaced in a full map");
	rig_close(&rig);
}

static uint64_t timed(const struct skin_rig *rig, const struct ban_entry *all, const char *what)
{
	uint64_t began = rig_now(), took;
	size_t done;

	cr_assert(!ban_load(&rig->maps, all, MANY, &done) && done == MANY);
	took = rig_now() - began;
	printf("%d %s are loaded in %.0f ms\n", MANY, what, (double)took / 1e6);
	return took;
}

Test(ban_load, c_a_hundred_thousand)
{
	struct ban_entry *all = calloc(MANY, sizeof(*all));
	struct skin_rig rig;
	char text[32];

	rig_open(&rig, false, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "11.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		all[i] = entry(text);
	}
	cr_expect_lt(timed(&rig, all, "addresses"), SLOW_NS);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%u.%u.%u.0/24", 12 + (i >> 16), i >> 8 & 255, i & 255);
		all[i] = entry(text);
	}
	cr_expect_lt(timed(&rig, all, "prefixes"), SLOW_NS);
	cr_expect(run(&rig, "11.1.134.159") == XDP_DROP && run(&rig, "13.134.159.1") == XDP_DROP);
	rig_close(&rig);
	free(all);
}
