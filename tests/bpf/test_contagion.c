/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that have killed on other hosts: only a gamete hands them over, each death counts once, the second anywhere is deadly. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include "bus_rig.h"
#include "shared/link.h"
#include "cellws.skel.h"

#define THIS  77u
#define OTHER 5u
#define PRINT 0x123456789abcdefull

static struct bus_rig rig;
static struct actor gamete;

static void open_rig(void)
{
	struct link_state l = { .self = THIS, .on = 1 };
	uint32_t zero = 0;

	bus_open(&rig);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig.kin.skel->maps.link_state), &zero, &l, BPF_ANY));
	actor_start(&rig, &gamete, 1, CLASS_GAMETE, CELL_NOBODY);
}

static void close_rig(void)
{
	actor_end(&gamete);
	bus_close(&rig);
}

TestSuite(contagion, .init = open_rig, .fini = close_rig, .timeout = 30);

static uint32_t infect(struct actor *by, uint64_t host, uint32_t deaths, uint32_t *total)
{
	struct infect_call call = { .what = { .fingerprint = PRINT, .host = host }, .from = host, .deaths = deaths, .route = 2, .cause = 11,
		.answer = 0xffff, .detail = "GET /x\n" };

	actor_run(by, bpf_program__fd(rig.kin.skel->progs.gland_infect), &call, sizeof(call));
	*total = call.total;
	return call.answer;
}

static uint32_t deaths(void)
{
	struct pathogen p;

	for (uint32_t i = 0; i < PATHOGEN_WAYS; i++) {
		bus_look(bpf_map__fd(rig.kin.skel->maps.pathogens), pathogen_set(PRINT) + i, &p);
		if (p.fingerprint == PRINT)
			return p.deaths;
	}
	return 0;
}

static uint64_t deadly(void)
{
	struct lymph count;

	bus_look(bpf_map__fd(rig.kin.skel->maps.lymph), 0, &count);
	return count.pathogens;
}

Test(contagion, a_no_other_class_hands_one_over)
{
	uint32_t total;

	for (int class = CLASS_EGG; class < CLASS_COUNT; class++) {
		struct actor a;

		if (class == CLASS_GAMETE)
			continue;
		actor_start(&rig, &a, 2, class, CELL_NOBODY);
		cr_expect_eq(infect(&a, OTHER, 1, &total), GLAND_CLASS, "class %d", class);
		actor_end(&a);
	}
	cr_expect_eq(deaths(), 0);
}

Test(contagion, b_each_death_counts_once_and_the_second_anywhere_is_deadly)
{
	uint32_t total;

	cr_assert_eq(infect(&gamete, OTHER, 1, &total), GLAND_OK);
	cr_expect(total == 1 && deaths() == 1 && deadly() == 0);
	cr_expect_eq(infect(&gamete, OTHER, 1, &total), GLAND_TWICE);
	cr_expect(deaths() == 1 && deadly() == 0);
	cr_assert_eq(infect(&gamete, OTHER + 1, 1, &total), GLAND_OK);
	cr_expect(total == 2 && deaths() == 2 && deadly() == 1);
	cr_assert_eq(infect(&gamete, OTHER, 2, &total), GLAND_OK);
	cr_expect(total == 3 && deadly() == 1, "deadly once");
	cr_expect_eq(infect(&gamete, OTHER, 1, &total), GLAND_TWICE, "fewer than are known");
}

Test(contagion, c_what_is_impossible_is_refused)
{
	uint32_t total;

	cr_expect_eq(infect(&gamete, THIS, 1, &total), GLAND_RANGE, "this host's own");
	cr_expect_eq(infect(&gamete, 0, 1, &total), GLAND_RANGE);
	cr_expect_eq(infect(&gamete, OTHER, 0, &total), GLAND_RANGE);
	cr_expect_eq(infect(&gamete, OTHER, PATHOGEN_DEADLY + 1, &total), GLAND_RANGE);
	cr_expect_eq(deaths(), 0);
}

Test(contagion, d_it_is_told_on_and_written_down_with_its_host)
{
	struct link_state l;
	struct contagion c;
	struct incident i;
	uint32_t total;

	cr_assert_eq(infect(&gamete, OTHER, 1, &total), GLAND_OK);
	bus_look(bpf_map__fd(rig.kin.skel->maps.link_state), 0, &l);
	cr_assert_eq(l.contagions, 1);
	bus_look(bpf_map__fd(rig.kin.skel->maps.contagions), 1, &c);
	cr_expect(c.number == 1 && c.what.host == OTHER && c.what.fingerprint == PRINT && c.from == OTHER && c.deaths == 1);
	bus_look(bpf_map__fd(rig.kin.skel->maps.incidents), 1, &i);
	cr_expect(i.act == INCIDENT_CONTAGION && i.host == OTHER && i.count == 1);
	cr_expect_str_eq(i.detail, "GET /x?", "made printable");
}
