/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Deaths: whichever cells are killed, the family is whole again within seconds, its tree is connected, requests are answered. */
#include <criterion/criterion.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_40_death, 120);

#define CELLS_MAX 64
#define HEALED_S  2 /* the promise for the census; answers have longer */
#define NOBODY    -1

/* The family as one reading of status shows it. */
struct kin {
	int slot[CELLS_MAX], mother[CELLS_MAX];
	pid_t pid[CELLS_MAX];
	bool neuron[CELLS_MAX];
	unsigned n;
};

static void read_kin(struct kin *k)
{
	json_t *all = lab_status(&lab), *cell;
	size_t i;

	k->n = 0;
	json_array_foreach(json_object_get(all, "cells"), i, cell)
	{
		json_t *mother = json_object_get(cell, "mother");
		const char *class = json_string_value(json_object_get(cell, "class"));

		k->slot[i] = (int)json_integer_value(json_object_get(cell, "slot"));
		k->pid[i] = (pid_t)json_integer_value(json_object_get(cell, "pid"));
		k->mother[i] = json_is_integer(mother) ? (int)json_integer_value(mother) : NOBODY;
		k->neuron[i] = class && !strcmp(class, "neuron");
		k->n++;
	}
	json_decref(all);
}

static int index_of(const struct kin *k, int slot)
{
	for (unsigned i = 0; i < k->n; i++)
		if (k->slot[i] == slot)
			return (int)i;
	return -1;
}

/* From each cell the way up ends at the neuron, through the living. */
static bool is_connected(const struct kin *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		int at = (int)i;

		for (unsigned steps = 0; at >= 0 && !k->neuron[at] && steps <= k->n; steps++)
			at = index_of(k, k->mother[at]);
		if (at < 0 || !k->neuron[at])
			return false;
	}
	return k->n > 0;
}

/* Killed, and what has to be true afterwards. */
static struct {
	pid_t pid[CELLS_MAX];
	unsigned n;
} victims;

static bool none_of_the_victims(const struct kin *k)
{
	for (unsigned i = 0; i < k->n; i++)
		for (unsigned v = 0; v < victims.n; v++)
			if (k->pid[i] == victims.pid[v])
				return false;
	return true;
}

static bool is_whole(void *arg)
{
	struct kin k;

	(void)arg;
	read_kin(&k);
	/* A stem that leaves as another class leaves a daughter behind first: the pool may be a little fuller than it must. */
	return none_of_the_victims(&k) && is_connected(&k) && lab_number(&lab, "census.neuron") == 1 &&
	       lab_number(&lab, "census.blood") == 1 && lab_number(&lab, "census.drone") == 1 &&
	       lab_number(&lab, "census.stem") >= 3;
}

/* All of a class at once, or one of them. */
static void note(const char *class, unsigned n)
{
	victims.n += lab_pids(&lab, class, victims.pid + victims.n, n < CELLS_MAX - victims.n ? n : CELLS_MAX - victims.n);
}

static void strike(void)
{
	cr_assert_gt(victims.n, 0);
	for (unsigned i = 0; i < victims.n; i++)
		cr_assert_eq(kill(victims.pid[i], SIGKILL), 0);
}

static void expect_answers(void)
{
	static const char *const paths[] = { "/index.html", "/hello", "/", "/nothing" };

	for (int i = 0; i < 12; i++) {
		int status = lab_get(i % 2 ? LAB_SERVER_V4 : LAB_SERVER_V6, paths[i % 4], NULL);

		cr_expect_eq(status, i % 4 == 3 ? 404 : 200, "%s is answered %d after the death", paths[i % 4], status);
	}
}

static void expect_recovery(void)
{
	strike();
	cr_expect(lab_wait(HEALED_S, is_whole, NULL), "not whole after %d s: %s", HEALED_S, lab.out);
	expect_answers();
	cr_expect(is_whole(NULL), "not whole after some requests");
	cr_expect_eq(lab_processes(&lab), lab_census(&lab, NULL), "there are processes that are no cells");
}

static void live(void)
{
	lab_up(&lab, "", "");
	lab_wake(&lab);
	victims.n = 0;
	cr_assert(lab_wait(LAB_SOON_S, is_whole, NULL), "%s", lab.out);
}

Test(lab_40_death, a_a_drone)
{
	live();
	note("drone", 1);
	expect_recovery();
}

Test(lab_40_death, b_a_stem)
{
	live();
	note("stem", 1);
	expect_recovery();
}

Test(lab_40_death, c_a_blood_cell)
{
	live();
	note("blood", 1);
	expect_recovery();
}

Test(lab_40_death, d_the_neuron)
{
	live();
	note("neuron", 1);
	expect_recovery();
}

Test(lab_40_death, e_all_stems)
{
	live();
	note("stem", 3);
	expect_recovery();
}

Test(lab_40_death, f_neuron_and_blood)
{
	live();
	note("neuron", 1);
	note("blood", 1);
	expect_recovery();
}

Test(lab_40_death, g_all_but_one_stem)
{
	live();
	note("stem", 2);
	note("neuron", 1);
	note("blood", 1);
	note("drone", 1);
	expect_recovery();
}

Test(lab_40_death, h_all_but_the_neuron)
{
	live();
	note("stem", 3);
	note("blood", 1);
	note("drone", 1);
	expect_recovery();
}

Test(lab_40_death, i_again_and_again)
{
	static const char *const classes[] = { "drone", "blood", "neuron", "stem" };

	live();
	for (int i = 0; i < 8; i++) {
		victims.n = 0;
		note(classes[i % 4], 1);
		expect_recovery();
	}
}

/* Larger minima are kept as well. */
Test(lab_40_death, j_several_of_each)
{
	lab_up(&lab, "cells { stem { min = 4 } blood { min = 2 max = 2 } drone { min = 3 max = 4 } }", "");
	lab_wake(&lab);
	for (int i = 0; i < 3; i++) {
		lab_kill(&lab, "drone", 2);
		lab_kill(&lab, "blood", 2);
		expect_answers();
	}
	double until = lab_now() + LAB_SOON_S;

	while (lab_now() < until && !(lab_number(&lab, "census.drone") == 3 && lab_number(&lab, "census.blood") == 2 &&
					    lab_number(&lab, "census.stem") == 4))
		;
	cr_expect_eq(lab_number(&lab, "census.drone"), 3);
	cr_expect_eq(lab_number(&lab, "census.blood"), 2);
	cr_expect_eq(lab_number(&lab, "census.stem"), 4);
	cr_expect_eq(lab_number(&lab, "census.neuron"), 1);
}

/* Whether a cell may have daughters, as far as the system is asked. Its own user may set that; root may not everywhere. */
static void allow_daughters(pid_t cell, bool allow)
{
	char ids[64];
	unsigned uid;
	pid_t pid;
	int status;

	cr_assert(lab_proc_line(cell, "Uid", ids, sizeof(ids)) && sscanf(ids, "%u", &uid) == 1);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		struct rlimit l;

		if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
			prlimit(cell, RLIMIT_NPROC, NULL, &l))
			_exit(1);
		l.rlim_cur = allow ? l.rlim_max : 0;
		_exit(prlimit(cell, RLIMIT_NPROC, &l, NULL) ? 1 : 0);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d cannot be limited", cell);
}

/* A division that fails must leave nothing behind that counts as a stem, and is not tried again without a pause. */
Test(lab_40_death, k_all_stems_while_the_system_has_no_room)
{
	struct timespec tries = { .tv_nsec = 500000000 };
	pid_t neuron;
	double used;

	live();
	neuron = lab_pid(&lab, "neuron");
	note("stem", CELLS_MAX);
	allow_daughters(neuron, false);
	strike();
	used = lab_cpu_s(neuron);
	nanosleep(&tries, NULL);
	cr_expect_lt(lab_cpu_s(neuron) - used, 0.2, "the neuron spins");
	cr_expect_eq(lab_number(&lab, "census.stem"), 0, "stems are counted that do not live");
	expect_answers();
	allow_daughters(neuron, true);
	cr_expect(lab_wait(HEALED_S, is_whole, NULL), "not whole after %d s: %s", HEALED_S, lab.out);
}

Test(lab_40_death, l_the_cause_is_in_the_log)
{
	char text[64];

	live();
	pid_t drone = lab_pid(&lab, "drone");

	note("drone", 1);
	expect_recovery();
	lab_sh(&lab, "cat %s/lab/log", lab.run_dir);
	snprintf(text, sizeof(text), "was killed by signal 9");
	cr_expect(strstr(lab.out, text) && strstr(lab.out, "drone"), "the log says nothing of drone %d: %s", (int)drone, lab.out);
}
