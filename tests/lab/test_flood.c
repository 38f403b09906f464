/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Floods of packets and of requests: clients go on as if a plain list dropped it all, and nobody is banned for others. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flood.h"
#include "flood_lab.h"
#include "lab.h"
#include "live.h"
#include "siege.h"

LAB_SUITE(lab_91_flood, 600);

static void pour(enum flood_kind kind)
{
	struct flood f = { .kind = kind, .per_second = flood_lab_rate() };

	flood_lab_mac(&lab, f.mac);
	flood_start(&f);
	flood_lab_measure(flood_text(kind), NULL);
	cr_expect_gt(flood_end(&f), f.per_second / 4, "the flood was none");
}

Test(lab_91_flood, a_packets)
{
	struct live l = { .kept = 8, .anew = 2 };

	/* One blood cell, so that both kinds of clients share what there is in the same way all the time. */
	flood_lab_open(&lab, "immune { cookie_rate = 5000 }\ncells { blood { max = 1 } }\n", &l);
	for (int kind = 0; kind < FLOOD_KIND_COUNT; kind++)
		pour(kind);
	flood_lab_close(&lab);
	cr_expect_gt(lab_number(&lab, "immune.reasons.answer_cookie"), 0, "no SYN was answered");
	cr_expect_gt(lab_number(&lab, "immune.reasons.pass_cookie"), 0, "no client came in by a cookie");
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_stray"), 0);
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_bad_tcp_flags"), 0);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0, "a flood with forged sources has banned somebody");
}

/* Those who do it can be told by what they do, or are no more than load. */
Test(lab_91_flood, b_clients)
{
	struct live l = { .kept = 16, .anew = 4, .sources = 16, .rest_ms = 2 };

	lab_put(&lab, "large", NULL, 4000000);
	siege_sources();
	flood_lab_open(&lab, "immune { requests_per_second = 1000 }\n", &l);
	for (int kind = 0; kind < SIEGE_KIND_COUNT; kind++) {
		struct siege s = { .kind = kind };

		flood_lab_measure(siege_text(kind), &s);
		cr_expect_gt(s.acts_all, 300, "the siege was none");
	}
	flood_lab_close(&lab);
}

static long setting(void)
{
	lab_sh(&lab, "nsenter --net=/run/netns/%s sysctl -n net.ipv4.tcp_syncookies", lab.server);
	return atol(lab.out);
}

static void down(void)
{
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
}

/* The kernel gives out cookies in an overflow unless it is told not to: only that is changed, and put back. */
Test(lab_91_flood, c_the_setting)
{
	static const struct {
		const char *dna, *before;
		long meanwhile;
	} cases[] = { { "", "1", 1 }, { "", "2", 2 }, { "", "0", 1 }, { "immune { cookie_rate = 0 }", "0", 0 } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		lab_sh(&lab, "nsenter --net=/run/netns/%s sysctl -w net.ipv4.tcp_syncookies=%s", lab.server, cases[i].before);
		lab_up(&lab, cases[i].dna, "--xdp generic");
		cr_expect_eq(setting(), cases[i].meanwhile, "found at %s", cases[i].before);
		down();
		cr_expect_eq(setting(), atol(cases[i].before), "put back to %s", cases[i].before);
	}
	lab_expect_nothing_left(&lab);
}

/* Whether a pair of veths takes what XDP sends back is for its other end to say. */
Test(lab_91_flood, d_the_other_end_of_a_veth)
{
	lab_up(&lab, "", "--xdp native");
	cr_expect(strstr(lab.out, "no SYN cookies in XDP: the other end"), "%s", lab.out);
	down();
	lab_sh(&lab, "ethtool -K eth0 gro on");
	lab_up(&lab, "", "--xdp native");
	cr_expect(strstr(lab.out, "SYN cookies beyond 20000"), "%s", lab.out);
	down();
	lab_up(&lab, "", "--xdp generic");
	cr_expect(strstr(lab.out, "SYN cookies beyond 20000"), "%s", lab.out);
}

static bool has_answered(void *unused)
{
	(void)unused;
	return lab_number(&lab, "immune.reasons.answer_cookie") > 0;
}

/* Connections by cookie, one after the other, more than there are ports for: ports whose last connection waits come again. */
Test(lab_91_flood, e_ports_used_again)
{
	struct flood f = { .kind = FLOOD_SYN_MANY, .per_second = 20000 };
	struct live l = { .anew = 8 };

	lab_sh(&lab, "sysctl -w net.ipv4.ip_local_port_range='40000 42000'");
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	flood_lab_route(&lab);
	lab_up(&lab, "immune { cookie_rate = 2000 }", "--xdp native");
	lab_wake(&lab);
	flood_lab_mac(&lab, f.mac);
	flood_start(&f);
	cr_assert(lab_wait(LAB_SOON_S, has_answered, NULL), "no SYN is answered");
	live_start(&l);
	while (l.so_far->anew < 10000 && !l.so_far->lost)
		lab_sh(&lab, "sleep 0.1");
	cr_expect_eq(live_end(&l).lost, 0, "a client hangs");
	flood_end(&f);
	cr_expect_gt(lab_number(&lab, "immune.reasons.pass_cookie"), 0, "no client came in by a cookie");
}
