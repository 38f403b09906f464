// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Bans in the real maps: what is written is what the skin finds, what is listed is what was written, full means full.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/bpf.h>
#include <criterion/criterion.h>
#include "immune/ttl.h"
#include "packet.h"
#include "skin_rig.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

static struct skin_rig rig;

static void setup(void)
{
	rig_open(&rig, false, 4);
}

static void teardown(void)
{
	rig_close(&rig);
}

TestSuite(ban, .init = setup, .fini = teardown);

static struct address addr(const char *text)
{
	struct address a;

	cr_assert(!address_parse(text, &a, NULL), "%s", text);
	return a;
}

static int add(const char *text, uint64_t expires_ns)
{
	struct address a = addr(text);

	return ban_add(&rig.maps, &a, rig_now(), expires_ns, ANTIBODY_BY_HAND);
}

static int lift(const char *text)
{
	struct address a = addr(text);

	return ban_remove(&rig.maps, &a);
}

static uint32_t run(const char *source)
{
	struct packet_recipe v4 = { PACKET_V4, .source = source }, v6 = { PACKET_V6, .source = source };
	uint8_t frame[PACKET_MAX];

	return rig_run(&rig, frame, packet_build(strchr(source, ':') ? &v6 : &v4, frame));
}

struct seen {
	char text[512];
	uint64_t hits;
};

static int note(void *arg, const struct address *a, const struct antibody *antibody)
{
	struct seen *seen = arg;
	char name[ADDRESS_TEXT];

	strcat(strcat(seen->text, address_format(a, name)), " ");
	seen->hits += antibody->hits;
	return 0;
}

static int note_allow(void *arg, const struct address *a, const struct allowance *allowance)
{
	struct seen *seen = arg;
	char name[ADDRESS_TEXT];

	strcat(strcat(seen->text, address_format(a, name)), " ");
	seen->hits += allowance->hits;
	return 0;
}

static struct seen list(void)
{
	struct seen seen = { 0 };

	cr_assert(!ban_list(&rig.maps, note, &seen));
	return seen;
}

Test(ban, a_each_kind_binds_and_is_lifted)
{
	static const char *const bans[][2] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.0/31", "192.0.2.1" },
		{ "2001:db8::/64", "2001:db8::5" },
		{ "2001:db8::7", "2001:db8::5" }, /* the /64 around it */
		{ "2001:db8::/63", "2001:db8:0:1::5" },
	};

	for (size_t i = 0; i < sizeof(bans) / sizeof(*bans); i++) {
		cr_expect(run(bans[i][1]) == XDP_PASS, "%s before", bans[i][0]);
		cr_assert(!add(bans[i][0], 0), "%s", bans[i][0]);
		cr_expect(run(bans[i][1]) == XDP_DROP, "%s", bans[i][0]);
		cr_assert(!lift(bans[i][0]), "%s", bans[i][0]);
		cr_expect(run(bans[i][1]) == XDP_PASS, "%s after", bans[i][0]);
		cr_expect(lift(bans[i][0]) == -ENOENT, "%s", bans[i][0]);
	}
}

Test(ban, b_hits_are_counted_and_kept)
{
	cr_assert(!add("192.0.2.1", 0) && !add("192.0.2.0/24", 0));
	run("192.0.2.1");
	run("192.0.2.1");
	run("192.0.2.9");
	cr_expect(list().hits == 3, "%lu", list().hits);
	cr_assert(!add("192.0.2.1", rig_now() + RIG_HOUR));
	cr_expect(list().hits == 3, "a renewed ban has lost its hits");
	cr_assert(!add("192.0.2.0/25", 0));
	cr_expect(list().hits == 3, "a new prefix inside another took over its hits");
}

Test(ban, c_list_names_all_kinds)
{
	cr_assert(!add("192.0.2.1", 0) && !add("10.0.0.0/8", 1) && !add("2001:db8::1", 0) && !add("2001:db8::/48", 0));
	cr_expect_str_eq(list().text, "192.0.2.1 2001:db8::/64 10.0.0.0/8 2001:db8::/48 ");
}

Test(ban, d_expire_leaves_what_was_renewed)
{
	struct address a = addr("192.0.2.1"), prefix = addr("192.0.2.0/24");

	cr_assert(!add("192.0.2.1", 5) && !add("192.0.2.0/24", rig_now() + RIG_HOUR));
	cr_expect(!ban_expire(&rig.maps, &a, rig_now()));
	cr_expect(!ban_expire(&rig.maps, &prefix, rig_now()));
	cr_expect_str_eq(list().text, "192.0.2.0/24 ");
	cr_expect(!ban_expire(&rig.maps, &a, rig_now()), "gone already is no error");
}

Test(ban, e_a_ban_ends_by_itself)
{
	cr_assert(!add("192.0.2.1", rig_now() + 50 * 1000 * 1000));
	cr_expect(run("192.0.2.1") == XDP_DROP);
	for (uint64_t end = rig_now() + 60 * 1000 * 1000; rig_now() < end;)
		;
	cr_expect(run("192.0.2.1") == XDP_PASS);
}

Test(ban, f_a_full_map_says_so)
{
	char text[32];

	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		cr_expect(!add(text, 0));
		snprintf(text, sizeof(text), "10.%d.0.0/16", i);
		cr_expect(!add(text, 0));
	}
	cr_expect(add("192.0.2.9", 0) == -ENOSPC);
	cr_expect(add("10.9.0.0/16", 0) == -ENOSPC);
	cr_expect(!add("192.0.2.3", 7), "what is there can be renewed in a full map");
}

static int remove_it(void *arg, const struct address *a, const struct antibody *antibody)
{
	(void)arg;
	(void)antibody;
	return ban_remove(&rig.maps, a);
}

Test(ban, g_the_list_may_be_emptied_while_it_is_read)
{
	cr_assert(!add("192.0.2.1", 0) && !add("10.0.0.0/8", 0) && !add("10.1.0.0/16", 0) && !add("2001:db8::/64", 0));
	cr_expect(!ban_list(&rig.maps, remove_it, NULL));
	cr_expect_str_eq(list().text, "");
}

Test(ban, h_never_ban_list)
{
	struct address a = addr("192.0.2.1"), wide = addr("2001:db8::/32");
	struct seen seen = { 0 };

	cr_assert(!add("192.0.2.1", 0));
	cr_assert(!ban_allow(&rig.maps, &a, ALLOWANCE_BY_HAND) && !ban_allow(&rig.maps, &wide, ALLOWANCE_DNA));
	cr_expect(run("192.0.2.1") == XDP_PASS);
	cr_expect(!ban_allow(&rig.maps, &a, ALLOWANCE_BY_HAND));
	cr_expect(!ban_list_allow(&rig.maps, note_allow, &seen));
	cr_expect_str_eq(seen.text, "192.0.2.1 2001:db8::/32 ");
	cr_expect(seen.hits == 1, "allowing twice keeps the hits");
	cr_expect(!ban_disallow(&rig.maps, &a) && ban_disallow(&rig.maps, &a) == -ENOENT);
	cr_expect(run("192.0.2.1") == XDP_DROP);
}
