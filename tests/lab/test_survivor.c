/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everybody but one cell is killed at once: whoever shares the sockets grows the organism again; a lone drone ends. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include "lab.h"

LAB_SUITE(lab_52_survivor, 120);

#define CELLS_MAX 64

static bool is_complete(void *arg)
{
	(void)arg;
	return lab_census(&lab, "neuron") == 1 && lab_census(&lab, "blood") >= 2 && lab_census(&lab, "drone") >= 2 &&
	       lab_census(&lab, "stem") >= 3;
}

static bool is_dead(void *arg)
{
	(void)arg;
	return lab_processes(&lab) == 0;
}

static void begin(void)
{
	lab_up(&lab, "cells { stem { min = 3 } blood { min = 2 max = 2 } drone { min = 2 max = 4 } }", "");
	lab_wake(&lab);
	cr_assert(lab_wait(LAB_SOON_S, is_complete, NULL));
}

static void kill_all_but_one(const char *class)
{
	pid_t pids[CELLS_MAX], keep = lab_pid(&lab, class);
	unsigned n = lab_pids(&lab, NULL, pids, CELLS_MAX);

	/* All are stopped first: else those killed last would have borne others meanwhile. */
	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGSTOP);
	for (unsigned i = 0; i < n; i++)
		if (pids[i] != keep)
			kill(pids[i], SIGKILL);
	kill(keep, SIGCONT);
}

/* Three times over: what was grown must be as good as what it grew from. */
static void expect_regrowth(const char *class)
{
	begin();
	for (int round = 0; round < 3; round++) {
		kill_all_but_one(class);
		cr_assert(lab_wait(LAB_SOON_S, is_complete, NULL), "round %d: not grown again", round);
		cr_assert_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
		cr_assert_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	}
}

Test(lab_52_survivor, a_neuron_grows_the_organism_again)
{
	expect_regrowth("neuron");
}

Test(lab_52_survivor, a_stem_grows_the_organism_again)
{
	expect_regrowth("stem");
}

Test(lab_52_survivor, a_blood_cell_grows_the_organism_again)
{
	expect_regrowth("blood");
}

Test(lab_52_survivor, a_lone_drone_ends_and_status_says_what_happened)
{
	begin();
	kill_all_but_one("drone");
	cr_assert(lab_wait(LAB_SOON_S, is_dead, NULL));
	lab_ctl(&lab, "status");
	lab_expect(&lab, 3, "every cell is dead");
}
