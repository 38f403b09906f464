/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans of other hosts: only a gamete takes them over, each once, the newest word holds, within what this host allows. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include "bus_rig.h"
#include "shared/link.h"
#include "shared/verdict.h"
#include "cellws.skel.h"

#define SELF	 3u /* slot of the process that acts */
#define THIS	 77u /* number of this host */
#define OTHER	 5u

static struct bus_rig rig;

static void open_rig(void)
{
	struct link_state l = { .self = THIS, .on = 1 };
	uint32_t zero = 0;

	bus_open(&rig);
	rig.rules.bans_per_minute = 1000;
	rig.rules.widest_v4 = 16;
	rig.rules.widest_v6 = 48;
	bus_rule(&rig);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig.kin.skel->maps.link_state), &zero, &l, BPF_ANY));
}

static void close_rig(void)
{
	bus_close(&rig);
}

TestSuite(peer, .init = open_rig, .fini = close_rig, .timeout = 30);

#define MAP(name) bpf_map__fd(r->skel->maps.name)

static void expect_holds(int class, int (*act)(struct kin_rig *r))
{
	int status = kin_act(&rig.kin, (int)SELF, class, act);

	cr_expect_eq(status, 0, "it ended with %x; line %u does not hold", (unsigned)status, rig.kin.notes->flag[0]);
}

static uint32_t four(const char *address)
{
	uint32_t to = 0;

	inet_pton(AF_INET, address, &to);
	return to;
}

static uint32_t learn(struct kin_rig *r, const char *address, unsigned bits, uint64_t origin, uint64_t stamp, bool lifted)
{
	uint64_t a[LEARN_ARGUMENTS] = { [LEARN_KEY] = four(address), [LEARN_FAMILY_BITS] = 4u << 16 | bits, [LEARN_ORIGIN] = origin,
		[LEARN_STAMP] = stamp, [LEARN_FROM] = origin, [LEARN_LEFT_MS] = 60000,
		[LEARN_KIND] = (uint64_t)lifted << 16 | ANTIGEN_TRAP };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = a, .ctx_size_in = sizeof(a));

	memcpy(&a[LEARN_DETAIL], "/trap", 6);
	return bpf_prog_test_run_opts(bpf_program__fd(r->skel->progs.gland_learn), &opts) ? 99 : opts.retval;
}

static bool is_banned(struct kin_rig *r, const char *address, struct antibody *a)
{
	uint32_t key = four(address);

	return !bpf_map_lookup_elem(MAP(antibody_v4), &key, a);
}

static int by_another_class(struct kin_rig *r)
{
	struct antibody a;

	HOLDS(learn(r, "192.0.2.7", 0, OTHER, 1, false) == GLAND_CLASS);
	HOLDS(!is_banned(r, "192.0.2.7", &a));
	return 0;
}

Test(peer, a_no_other_class_learns)
{
	for (int class = CLASS_EGG; class < CLASS_COUNT; class++)
		if (class != CLASS_GAMETE)
			expect_holds(class, by_another_class);
}

static int once(struct kin_rig *r)
{
	struct source s = { .family = 4, .key = four("192.0.2.7") };
	struct antibody a, again;
	struct tiding t;

	HOLDS(learn(r, "192.0.2.7", 0, OTHER, 9, false) == GLAND_OK);
	HOLDS(is_banned(r, "192.0.2.7", &a) && a.reason == ANTIBODY_BY_PEER && a.bits == 32 && a.expires_ns > a.since_ns);
	HOLDS(!bpf_map_lookup_elem(MAP(shared), &s, &t) && t.origin == OTHER && t.stamp == 9 && t.number == 1 && !strcmp(t.detail, "/trap"));
	HOLDS(learn(r, "192.0.2.7", 0, OTHER, 9, false) == GLAND_TWICE);
	HOLDS(learn(r, "192.0.2.7", 0, OTHER, 8, true) == GLAND_TWICE);
	HOLDS(learn(r, "192.0.2.7", 0, OTHER - 1, 9, true) == GLAND_TWICE);
	HOLDS(is_banned(r, "192.0.2.7", &again) && again.since_ns == a.since_ns);
	/* A newer word, and of two with one stamp that of the higher host. */
	HOLDS(learn(r, "192.0.2.7", 0, OTHER + 1, 9, true) == GLAND_OK && !is_banned(r, "192.0.2.7", &a));
	HOLDS(learn(r, "192.0.2.7", 0, OTHER, 10, false) == GLAND_OK && is_banned(r, "192.0.2.7", &a));
	return 0;
}

Test(peer, b_each_word_counts_once_and_the_newest_holds)
{
	expect_holds(CLASS_GAMETE, once);
}

static int own_word(struct kin_rig *r)
{
	struct record_call call = { .source = { .family = 4, .key = four("192.0.2.7") }, .act = INCIDENT_LIFTED };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &call, .ctx_size_in = sizeof(call));
	struct tiding t;

	HOLDS(learn(r, "192.0.2.7", 0, OTHER, 41, false) == GLAND_OK);
	HOLDS(!bpf_prog_test_run_opts(bpf_program__fd(r->skel->progs.gland_record), &opts) && call.answer == GLAND_OK);
	/* What is decided here is newer than what was heard, and is told with this host's number. */
	HOLDS(!bpf_map_lookup_elem(MAP(shared), &call.source, &t) && t.origin == THIS && t.stamp == 42 && t.lifted && t.number == 2);
	HOLDS(learn(r, "192.0.2.7", 0, THIS, 43, false) == GLAND_RANGE);
	return 0;
}

Test(peer, c_what_is_decided_here_is_newer_than_what_was_heard)
{
	expect_holds(CLASS_GAMETE, own_word);
}

static int bounds(struct kin_rig *r)
{
	struct prefix_v4 allowed = { .bits = 24, .addr = four("198.51.100.0") }, wide = { .bits = 16, .addr = four("203.0.0.0") };
	struct allowance by_hand = { .origin = ALLOWANCE_BY_HAND };
	struct antibody a;

	HOLDS(!bpf_map_update_elem(MAP(allow_v4), &allowed, &by_hand, BPF_ANY));
	HOLDS(learn(r, "198.51.100.7", 0, OTHER, 1, false) == GLAND_SPARED && !is_banned(r, "198.51.100.7", &a));
	HOLDS(learn(r, "203.0.0.0", 8, OTHER, 1, false) == GLAND_RANGE);
	HOLDS(learn(r, "203.0.0.0", 16, OTHER, 1, false) == GLAND_OK && !bpf_map_lookup_elem(MAP(prefix_v4), &wide, &a));
	HOLDS(learn(r, "203.0.0.0", 16, OTHER, 2, true) == GLAND_OK && bpf_map_lookup_elem(MAP(prefix_v4), &wide, &a));
	return 0;
}

Test(peer, d_never_ban_list_and_widest_hold)
{
	expect_holds(CLASS_GAMETE, bounds);
}

static int budget(struct kin_rig *r)
{
	HOLDS(learn(r, "192.0.2.1", 0, OTHER, 1, false) == GLAND_OK);
	HOLDS(learn(r, "192.0.2.2", 0, OTHER, 2, false) == GLAND_RATE);
	/* It may come again, and an end of a ban always goes. */
	HOLDS(learn(r, "192.0.2.1", 0, OTHER, 3, true) == GLAND_OK);
	return 0;
}

Test(peer, e_the_budget_holds)
{
	rig.rules.bans_per_minute = 1;
	bus_rule(&rig);
	expect_holds(CLASS_GAMETE, budget);
}

static int observes(struct kin_rig *r)
{
	struct antibody a;

	HOLDS(learn(r, "192.0.2.1", 0, OTHER, 1, false) == GLAND_OBSERVED && !is_banned(r, "192.0.2.1", &a));
	return 0;
}

Test(peer, f_who_observes_bans_nobody)
{
	rig.rules.observe = 1;
	bus_rule(&rig);
	expect_holds(CLASS_GAMETE, observes);
}
