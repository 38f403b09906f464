/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* No T cell bans who is on the never-ban list, whatever it says of him: the kernel's program looks for itself. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/wait.h>
#include "cellws.skel.h"
#include "immune/ban.h"
#include "kin_rig.h"
#include "shared/hormone.h"
#include "tissue/tissue.h"

static struct kin_rig rig;

static void setup(void)
{
	const struct constitution rules = { .ban_s = 60, .ban_max_s = 60, .bans_per_minute = 1000 };
	__u32 zero = 0;

	kin_open(&rig);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig.skel->maps.constitution), &zero, &rules, BPF_ANY));
}

static void teardown(void)
{
	kin_close(&rig);
}

TestSuite(never_ban, .init = setup, .fini = teardown, .timeout = 30);

static struct source source_of(const char *text)
{
	struct source s = { .family = 4 };
	struct address a;
	__u32 v4;

	cr_assert(!address_parse(text, &a, NULL), "%s", text);
	a = address_of_ban(&a);
	if (a.family == AF_INET) {
		address_key_v4(&a, &v4);
		s.key = v4;
	} else {
		s.family = 6;
		address_key_v6(&a, &s.key);
	}
	return s;
}

/* The entry as ban_allow() makes it; the tries are the skin's, which is not loaded here. */
static void never(const char *text)
{
	struct never_key key;
	struct address a;
	__u32 one = 1;

	cr_assert(!address_parse(text, &a, NULL) && address_key_never(&a, &key), "%s", text);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig.skel->maps.never_ban), &key, &one, BPF_ANY));
}

static const char *victim;

/* A T cell that lies: it says of nobody that he is on the list. The answer. */
static int lie(struct kin_rig *r)
{
	struct ban_call call = { .source = source_of(victim), .score = 1000 };

	return lymph_run(bpf_program__fd(r->skel->progs.gland_ban), &call, sizeof(call)) ? 99 : (int)call.answer;
}

static int ban(const char *text)
{
	struct suspect s = { .last_ns = clock_boot_ns(), .count = 5, .reason = ANTIGEN_TRAP };
	struct source source = source_of(text);
	int status;

	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig.skel->maps.suspects), &source, &s, BPF_ANY));
	victim = text;
	status = kin_act(&rig, 0, CLASS_TCELL, lie);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool is_banned(const char *text)
{
	struct source s = source_of(text);
	struct antibody found;
	__u32 v4 = (__u32)s.key;

	if (s.family == 4)
		return !bpf_map_lookup_elem(bpf_map__fd(rig.skel->maps.antibody_v4), &v4, &found);
	return !bpf_map_lookup_elem(bpf_map__fd(rig.skel->maps.antibody_v6), &s.key, &found);
}

static void expect_banned(const char *text)
{
	cr_expect_eq(ban(text), GLAND_OK, "%s", text);
	cr_expect(is_banned(text), "%s", text);
}

static void expect_spared(const char *text)
{
	cr_expect_eq(ban(text), GLAND_SPARED, "%s", text);
	cr_expect(!is_banned(text), "%s", text);
}

Test(never_ban, a_single_addresses)
{
	never("203.0.113.9");
	never("2001:db8:0:7::/64");
	expect_spared("203.0.113.9");
	expect_banned("203.0.113.8");
	expect_spared("2001:db8:0:7::99");
	expect_banned("2001:db8:0:8::99");
}

Test(never_ban, b_prefixes_of_every_length)
{
	static const char *const in_v4 = "170.85.170.85", *const in_v6 = "aaaa:5555:aaaa:5555::1";
	char text[ADDRESS_TEXT];

	for (unsigned bits = 1; bits <= 64; bits++) {
		struct never_key key;
		struct address a;
		bool v4 = bits <= 32;

		snprintf(text, sizeof(text), "%s/%u", v4 ? in_v4 : in_v6, bits);
		never(text);
		expect_spared(v4 ? in_v4 : in_v6);
		cr_assert(!address_parse(text, &a, NULL) && address_key_never(&a, &key));
		cr_assert(!bpf_map_delete_elem(bpf_map__fd(rig.skel->maps.never_ban), &key));
	}
	expect_banned(in_v4);
	expect_banned(in_v6);
}

Test(never_ban, c_a_neighbour_is_not_meant)
{
	never("10.0.0.0/9");
	never("2001:db8::/33");
	expect_banned("10.128.0.1");
	expect_banned("11.0.0.1");
	expect_banned("2001:db8:8000::1");
	expect_spared("10.127.255.255");
	expect_spared("2001:db8:7fff:ffff::1");
	/* The same bits of the other family. */
	never("32.0.0.0/8");
	expect_banned("2000::1");
}

Test(never_ban, d_one_host_of_a_64_does_not_spare_the_others)
{
	struct never_key key;
	struct address a;

	cr_assert(!address_parse("2001:db8::1", &a, NULL));
	cr_expect(!address_key_never(&a, &key));
	expect_banned("2001:db8::2");
}
