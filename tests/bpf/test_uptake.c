/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What hosts make of a DNA: only a gamete writes it down, in its place, with an end to its text. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include "bus_rig.h"
#include "shared/spread.h"
#include "cellws.skel.h"

static struct bus_rig rig;

static void open_rig(void)
{
	bus_open(&rig);
}

static void close_rig(void)
{
	bus_close(&rig);
}

TestSuite(uptake, .init = open_rig, .fini = close_rig, .timeout = 30);

static uint32_t say(int class, uint32_t index)
{
	struct uptake_call call = { .index = index, .answer = 0xffff, .what = { .host = 5, .stamp = 1, .generation = 3 } };
	struct actor a;

	memset(call.what.why, 'x', sizeof(call.what.why));
	actor_start(&rig, &a, 2, class, CELL_NOBODY);
	actor_run(&a, bpf_program__fd(rig.kin.skel->progs.gland_uptake), &call, sizeof(call));
	actor_end(&a);
	return call.answer;
}

Test(uptake, a_no_other_class_writes_it)
{
	struct uptake u;

	for (int class = CLASS_EGG; class < CLASS_COUNT; class++)
		if (class != CLASS_GAMETE)
			cr_expect_eq(say(class, 0), GLAND_CLASS, "class %d", class);
	bus_look(bpf_map__fd(rig.kin.skel->maps.uptakes), 0, &u);
	cr_expect_eq(u.host, 0);
}

Test(uptake, b_a_gamete_does_in_its_place)
{
	struct uptake u;

	cr_expect_eq(say(CLASS_GAMETE, UPTAKES_MAX), GLAND_RANGE);
	cr_expect_eq(say(CLASS_GAMETE, UPTAKES_MAX - 1), GLAND_OK);
	bus_look(bpf_map__fd(rig.kin.skel->maps.uptakes), UPTAKES_MAX - 1, &u);
	cr_expect(u.host == 5 && u.generation == 3 && strnlen(u.why, sizeof(u.why)) == UPTAKE_WHY - 1);
}
