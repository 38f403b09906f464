/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Birth: the egg is laid and sleeps without a privilege; the verbs that read say so; what is not there is said too. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lab.h"

LAB_SUITE(lab_10_birth, 60);

static const char *text_at(json_t *all, const char *object, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(all, object), key));

	return text ? text : "(nothing)";
}

static void expect_state(const char *state)
{
	json_t *all = lab_status(&lab);

	cr_expect_eq(lab.code, 0, "status ends with %d: %s", lab.code, lab.err);
	cr_expect_str_eq(text_at(all, "organism", "state"), state);
	json_decref(all);
}

Test(lab_10_birth, a_up_lays_one_dormant_egg)
{
	lab_up(&lab, "", "");
	cr_expect(strstr(lab.out, "listens on 0.0.0.0:8080, [::]:8080"), "up says: %s", lab.out);
	expect_state("dormant");
	cr_expect_eq(lab_census(&lab, NULL), 1);
	cr_expect_eq(lab_census(&lab, "egg"), 1);
	cr_expect_eq(lab_processes(&lab), 1, "the egg is the only process");
}

Test(lab_10_birth, b_the_egg_has_no_privilege)
{
	char line[64];

	lab_write_dna(&lab, "");
	/* In a group beside root's own, as an administrator may be. */
	lab_sh(&lab, "nsenter --net=/run/netns/%s setpriv --groups 12345 %s/cellctl up eth0 --dna %s --run-dir %s --bpffs %s", lab.server,
		lab_here(), lab.dna, lab.run_dir, lab.bpffs);
	lab_expect(&lab, 0, NULL);
	pid_t egg = lab_pid(&lab, "egg");

	cr_expect(lab_is_sealed(egg));
	cr_assert(lab_proc_line(egg, "CapBnd", line, sizeof(line)));
	cr_expect_eq(strtoull(line, NULL, 16), 0, "bounding set %s", line);
	cr_assert(lab_proc_line(egg, "Groups", line, sizeof(line)));
	cr_expect_str_empty(line, "groups %s", line);
}

struct watch {
	pid_t pid;
	long switches;
};

static long switches(pid_t pid)
{
	char willing[32], unwilling[32];

	cr_assert(lab_proc_line(pid, "voluntary_ctxt_switches", willing, sizeof(willing)));
	cr_assert(lab_proc_line(pid, "nonvoluntary_ctxt_switches", unwilling, sizeof(unwilling)));
	return atol(willing) + atol(unwilling);
}

/* Asleep, and was already when it was looked at last. */
static bool is_calm(void *arg)
{
	struct watch *w = arg;
	long was = w->switches;
	char state[32];

	w->switches = switches(w->pid);
	return lab_proc_line(w->pid, "State", state, sizeof(state)) && state[0] == 'S' && w->switches == was;
}

Test(lab_10_birth, c_the_egg_sleeps_and_is_small)
{
	struct timespec second = { .tv_sec = 1 };

	lab_up(&lab, "", "");
	struct watch w = { .pid = lab_pid(&lab, "egg") };

	cr_assert(lab_wait(LAB_SOON_S, is_calm, &w));
	nanosleep(&second, NULL);
	cr_expect_eq(switches(w.pid), w.switches, "it ran %ld times in a second", switches(w.pid) - w.switches);
	cr_expect_leq(lab_memory_kb(w.pid, "Private_"), 2048, "%lu KiB of its own", lab_memory_kb(w.pid, "Private_"));
}

Test(lab_10_birth, d_the_verbs_that_read)
{
	lab_up(&lab, "", "");
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, "dormant");
	lab_ctl(&lab, "tree");
	lab_expect(&lab, 0, "egg 0");
	lab_ctl(&lab, "tree --json");
	lab_expect(&lab, 0, "\"egg\"");
	lab_ctl(&lab, "check %s", lab.dna);
	lab_expect(&lab, 0, "organism  lab");
	lab_ctl(&lab, "doctor");
	lab_expect(&lab, 0, NULL);
	lab_ctl(&lab, "doctor eth0 --json");
	lab_expect(&lab, 0, "{");
	lab_ctl(&lab, "status --name lab");
	lab_expect(&lab, 0, NULL);
	lab_ctl(&lab, "status --name other");
	lab_expect(&lab, 3, "other is not running");
}

Test(lab_10_birth, e_what_is_not_running_is_said)
{
	static const char *const verbs[] = { "status", "status --json", "tree", "down", "immune list" };

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		lab_ctl(&lab, "%s", verbs[i]);
		lab_expect(&lab, 3, "not running");
	}
}

Test(lab_10_birth, f_wrong_words_are_usage)
{
	static const char *const words[] = { "", "upp", "up", "up eth0 --xdp fast", "up --dna", "down now", "status now",
		"immune", "immune ban", "check a b" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		lab_ctl(&lab, "%s", words[i]);
		cr_expect_eq(lab.code, 2, "cellctl %s ends with %d: %s", words[i], lab.code, lab.err);
		cr_expect(lab.err[0], "cellctl %s says nothing", words[i]);
	}
	lab_expect_nothing_left(&lab);
}

Test(lab_10_birth, g_a_second_up_is_refused_and_the_first_goes_on)
{
	lab_up(&lab, "", "");
	pid_t egg = lab_pid(&lab, "egg");

	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 1, "already running");
	cr_expect_eq(lab_pid(&lab, "egg"), egg);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 1, "already running");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}

Test(lab_10_birth, h_down_while_dormant)
{
	lab_up(&lab, "", "");
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	lab_expect_nothing_left(&lab);
}

Test(lab_10_birth, i_in_the_foreground_until_it_is_told)
{
	lab_write_dna(&lab, "");
	lab_sh(&lab,
		"nsenter --net=/run/netns/%s -- %s/cellctl up eth0 --foreground --dna %s --run-dir %s --bpffs %s > %s/said 2>&1 & "
		"p=$!; n=0; until grep -q 'egg is laid' %s/said || [ $n -gt 200 ]; do n=$((n+1)); sleep .05; done; kill -TERM $p; "
		"wait $p; code=$?; cat %s/said; exit $code",
		lab.server, lab_here(), lab.dna, lab.run_dir, lab.bpffs, lab.dir, lab.dir, lab.dir);
	lab_expect(&lab, 0, "the egg is laid");
	lab_expect_nothing_left(&lab);
}
