/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the operator has of signals: keys and their files, `secrete`, levels in `status` and `tree`, `watch`. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lab.h"

LAB_SUITE(lab_25_signals, 60);

Test(lab_25_signals, a_a_key_is_made_once_and_for_its_owner_only)
{
	struct stat st;
	char path[128];

	snprintf(path, sizeof(path), "%s/key", lab.dir);
	lab_ctl(&lab, "keygen %s", path);
	lab_expect(&lab, 0, "name it in the DNA");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect((st.st_mode & 07777) == 0600 && st.st_size == 305, "mode %o, %ld bytes", st.st_mode, (long)st.st_size);
	lab_sh(&lab, "cat %s", path);
	lab_expect(&lab, 0, "cellws-key-1 ");
	lab_ctl(&lab, "keygen %s", path);
	lab_expect(&lab, 1, "is there already");
	lab_ctl(&lab, "keygen %s/nowhere/key", lab.dir);
	lab_expect(&lab, 1, "No such file");
	lab_ctl(&lab, "keygen %s %s", path, path);
	lab_expect(&lab, 2, "usage");
}

/* `up` and `check` with the key in this state say text. */
static void expect_key_refused(const char *text)
{
	lab_ctl(&lab, "check %s", lab.dna);
	lab_expect(&lab, 2, text);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 2, text);
	lab_expect_nothing_left(&lab);
}

Test(lab_25_signals, b_a_key_that_others_may_reach_is_refused)
{
	lab_write_dna(&lab, "key = \"key\"");
	expect_key_refused("/key does not exist");
	lab_ctl(&lab, "keygen %s/key", lab.dir);
	lab_sh(&lab, "chmod 640 %s/key", lab.dir);
	expect_key_refused("chmod 600");
	lab_sh(&lab, "chmod 602 %s/key", lab.dir);
	expect_key_refused("chmod 600");
	lab_sh(&lab, "chmod 600 %s/key && chown 65534 %s/key", lab.dir, lab.dir);
	expect_key_refused("chown root");
	lab_sh(&lab, "chown 0 %s/key && mv %s/key %s/k && ln -s k %s/key", lab.dir, lab.dir, lab.dir, lab.dir);
	expect_key_refused("is a link");
	lab_sh(&lab, "rm %s/key && echo secret > %s/key && chmod 600 %s/key", lab.dir, lab.dir, lab.dir);
	expect_key_refused("holds no key");
	lab_sh(&lab, "cat %s/k > %s/key", lab.dir, lab.dir);
	lab_up(&lab, "key = \"key\"", "");
	lab_sh(&lab, "grep -c \"$(cut -d' ' -f2 %s/k)\" %s/lab/log", lab.dir, lab.run_dir);
	cr_expect_str_eq(lab.out, "0\n", "the key is in the log");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}

Test(lab_25_signals, c_signals_that_are_none)
{
	static const char *const bad[] = { "secrete", "secrete alarm", "secrete alarm 1 1", "secrete panic 1", "secrete growth 1",
		"secrete growth:egg 1", "secrete alarm:drone 1", "secrete danger 1", "secrete alarm 0", "secrete alarm 1.5",
		"secrete alarm loud", "watch all" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		lab_ctl(&lab, "%s", bad[i]);
		cr_expect_eq(lab.code, 2, "%s: %d", bad[i], lab.code);
		cr_expect(*lab.err && !*lab.out, "%s says %s%s", bad[i], lab.out, lab.err);
	}
	lab_ctl(&lab, "secrete panic 1");
	lab_expect(&lab, 2, "signals are growth:CLASS, antigrowth:CLASS, alarm, calm");
	lab_ctl(&lab, "secrete alarm 1");
	lab_expect(&lab, 3, "not running");
	lab_ctl(&lab, "watch");
	lab_expect(&lab, 3, "not running");
}

static double level(json_t *status, const char *name)
{
	json_t *cell, *levels;
	double most = -1;
	size_t i;

	json_array_foreach(json_object_get(status, "cells"), i, cell)
	{
		levels = json_object_get(cell, "levels");
		cr_assert_eq(json_object_size(levels), 13);
		if (json_real_value(json_object_get(levels, name)) > most)
			most = json_real_value(json_object_get(levels, name));
	}
	return most;
}

static bool is_heard(void *name)
{
	json_t *status = lab_status(&lab);
	bool heard = status && level(status, name) > 0.5;

	json_decref(status);
	return heard;
}

Test(lab_25_signals, d_a_signal_is_heard_and_shown)
{
	char name[] = "calm";

	lab_up(&lab, "hormones { half_life = 1h } cells { max = 8 }", "");
	lab_wake(&lab);
	lab_ctl(&lab, "secrete calm 0.9");
	lab_expect(&lab, 0, "calm at 0.9: heard by 1 cell");
	cr_expect(lab_wait(LAB_SOON_S, is_heard, name), "no cell has the level");
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, "has heard: ");
	lab_ctl(&lab, "tree");
	lab_expect(&lab, 0, "calm 0.");
	lab_ctl(&lab, "tree --json");
	lab_expect(&lab, 0, "\"antigrowth.gamete\"");
}

/* Runs `watch` beside the test; what it says goes to a file of the lab's directory, in the end "ended CODE". */
static void start_watch(const char *arguments, const char *file)
{
	lab_sh(&lab, "cd %s; (timeout -s INT 30 nsenter --net=/run/netns/%s %s/cellctl watch %s --bpffs %s --run-dir %s; echo ended $?) "
		     "> %s 2>&1 < /dev/null & echo", lab.dir, lab.server, lab_here(), arguments, lab.bpffs, lab.run_dir, file);
}

/* Waits until the file says text, or fails. */
static void expect_watched(const char *file, const char *text)
{
	lab_sh(&lab, "for i in $(seq 100); do grep -qF '%s' %s/%s && exit 0; sleep 0.1; done; cat %s/%s; exit 1", text, lab.dir,
		file, lab.dir, file);
	cr_expect_eq(lab.code, 0, "does not say %s: %s", text, lab.out);
}

Test(lab_25_signals, e_watch_tells_what_happens)
{
	lab_up(&lab, "", "");
	start_watch("--json --since-start", "json");
	lab_wake(&lab);
	lab_kill(&lab, "drone", 1);
	lab_ctl(&lab, "secrete alarm 0.25");
	start_watch("--since-start", "text");
	expect_watched("text", " was born");
	expect_watched("text", "was killed by signal 9");
	expect_watched("text", "root signals alarm at 0.25");
	expect_watched("json", "\"event\":\"birth\"");
	expect_watched("json", "\"signal\":9");
	expect_watched("json", "\"hormone\":\"alarm\",\"of\":null,\"strength\":0.25");
}

Test(lab_25_signals, f_watch_ends_with_the_organism)
{
	lab_up(&lab, "", "");
	start_watch("--since-start", "text");
	start_watch("--json --since-start", "json");
	lab_wake(&lab);
	expect_watched("text", " was born");
	expect_watched("json", "\"event\":\"birth\"");
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
	expect_watched("text", "ended 0");
	expect_watched("json", "ended 0");
	expect_watched("text", "with exit code 0");
}
