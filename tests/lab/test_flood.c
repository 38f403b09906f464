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
	flood_lab_measure(flood_text(kind));
	cr_expect_gt(flood_end(&f), f.per_second / 4, "the flood was none");
}

Test(lab_91_flood, a_packets)
{
	struct live l = { .kept = 8, .anew = 2 };

	flood_lab_open(&lab, "immune { cookie_rate = 5000 }\n", &l);
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
	flood_lab_open(&lab, "immune { requests_per_second = 1500 }\n", &l);
	for (int kind = 0; kind < SIEGE_KIND_COUNT; kind++) {
		struct siege s = { .kind = kind };

		siege_start(&s);
		flood_lab_measure(siege_text(kind));
		cr_expect_gt(siege_end(&s), 100, "the siege was none");
	}
	flood_lab_close(&lab);
}
