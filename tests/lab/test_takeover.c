/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* After the death of every cell: what status says, how `up` takes over with the bans in force, how `down` clears up. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_50_takeover, 60);

#define BANNED "10.99.7.7"

static void die_out(void)
{
	lab_up(&lab, "", "");
	lab_wake(&lab);
	lab_sh(&lab, "ip -n %s addr add %s/16 dev eth0", lab.client, BANNED);
	lab_ctl(&lab, "immune ban %s --ttl 1h", BANNED);
	lab_expect(&lab, 0, NULL);
	lab_kill_everything(&lab);
}

Test(lab_50_takeover, a_status_says_dead_and_why)
{
	die_out();
	lab_ctl(&lab, "status");
	lab_expect(&lab, 3, "every cell is dead");
	lab_expect(&lab, 3, "was killed by signal 9");
	lab_ctl(&lab, "tree");
	lab_expect(&lab, 3, "dead");
	json_t *all = lab_status(&lab);
	const char *state = json_string_value(json_object_get(json_object_get(all, "organism"), "state"));

	lab_expect(&lab, 3, NULL);
	cr_expect(state && !strcmp(state, "dead"), "the state is %s", state ? state : "(nothing)");
	json_decref(all);
}

Test(lab_50_takeover, b_pins_and_skin_stay)
{
	char path[160];

	die_out();
	snprintf(path, sizeof(path), "%s/cellws/lab/antibody_v4", lab.bpffs);
	cr_expect_eq(access(path, F_OK), 0, "%s is gone", path);
	lab_sh(&lab, "ip -n %s link show eth0", lab.server);
	cr_expect(strstr(lab.out, "xdp"), "the skin is off: %s", lab.out);
}

Test(lab_50_takeover, c_up_takes_over_and_says_so)
{
	die_out();
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "every cell of an earlier lab is dead");
	lab_expect(&lab, 0, "bans are kept");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BANNED, 1), "a banned address is let in after the takeover");
	cr_expect(lab_reaches(LAB_SERVER_V4, LAB_CLIENT_V4, LAB_SOON_S));
	lab_ctl(&lab, "immune list");
	lab_expect(&lab, 0, BANNED);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
	lab_expect_nothing_left(&lab);
}

Test(lab_50_takeover, d_bans_hold_while_everybody_is_dead)
{
	die_out();
	lab_ctl(&lab, "immune list --json");
	lab_expect(&lab, 0, BANNED);
	lab_ctl(&lab, "immune ban 10.99.7.8");
	lab_expect(&lab, 0, NULL);
}

Test(lab_50_takeover, e_down_clears_up_after_the_dead)
{
	die_out();
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
	lab_expect_nothing_left(&lab);
	lab_ctl(&lab, "status");
	lab_expect(&lab, 3, "not running");
}

Test(lab_50_takeover, f_from_an_egg_that_was_killed)
{
	lab_up(&lab, "", "");
	lab_kill_everything(&lab);
	lab_ctl(&lab, "status");
	lab_expect(&lab, 3, "egg 0");
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "dead");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}

/* Bans kept for another size cannot be kept in their maps: said, and not fatal. */
static void up_with_another_size(const char *more)
{
	die_out();
	lab_write_dna(&lab, more);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "do not fit this DNA");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}

Test(lab_50_takeover, g_a_dna_with_another_number_of_bans)
{
	up_with_another_size("immune { antibodies = 4096 }");
	lab_expect(&lab, 0, "taken from the memory");
	cr_expect(!lab_reaches(LAB_SERVER_V4, BANNED, 1), "the ban is not remembered");
}

Test(lab_50_takeover, h_and_without_a_memory)
{
	up_with_another_size("immune { antibodies = 4096  memory = \"\" }");
	lab_expect(&lab, 0, "dropped");
	cr_expect(lab_reaches(LAB_SERVER_V4, BANNED, LAB_SOON_S), "the ban was said to be dropped");
}
