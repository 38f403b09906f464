/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whole classes killed at once while many clients ask: none of them notices, and the family is back within a second. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "lab.h"

LAB_SUITE(lab_53_kill_load, 120);

#define SECONDS  3 /* of load; wrk takes whole ones */
#define ROUNDS   4 /* of killing */
#define BACK_S   1.0
#define ALL      64u

static const char cells[] = "cells { stem { min = 3 } blood { min = 2 max = 2 } drone { min = 2 max = 4 } }";

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static bool is_back(void *arg)
{
	(void)arg;
	return lab_census(&lab, "neuron") == 1 && lab_census(&lab, "blood") == 2 && lab_census(&lab, "drone") >= 2 &&
	       lab_census(&lab, "stem") >= 3;
}

static void load_begin(const char *path)
{
	lab_sh(&lab, "wrk -t1 -c32 -d%d http://%s:%d%s >%s/wrk.out 2>&1 & echo $! >%s/wrk.pid", SECONDS, LAB_SERVER_V4, LAB_PORT,
		path, lab.dir, lab.dir);
}

/* Every connection was served to the end, every answer was good. */
static void load_end(const char *path)
{
	lab_sh(&lab, "while kill -0 $(cat %s/wrk.pid) 2>/dev/null; do sleep .05; done; cat %s/wrk.out", lab.dir, lab.dir);
	cr_expect(strstr(lab.out, "requests in"), "wrk says %s", lab.out);
	cr_expect(!strstr(lab.out, "Socket errors") && !strstr(lab.out, "Non-2xx"), "%s: %s", path, lab.out);
}

static void kill_under_load(const char *const *classes, const char *path)
{
	load_begin(path);
	for (int i = 0; i < ROUNDS; i++) {
		pause_ms(400);
		for (const char *const *class = classes; *class; class++)
			lab_kill(&lab, *class, ALL);
	}
	load_end(path);
	cr_expect(lab_wait(BACK_S, is_back, NULL), "the family is not whole again: %s", lab.out);
}

static void try_classes(const char *const *classes)
{
	lab_up(&lab, cells, "");
	lab_wake(&lab);
	cr_assert(lab_wait(LAB_SOON_S, is_back, NULL));
	kill_under_load(classes, "/index.html");
	kill_under_load(classes, "/hello");
}

Test(lab_53_kill_load, a_all_blood)
{
	try_classes((const char *const[]){ "blood", NULL });
}

Test(lab_53_kill_load, b_all_drones)
{
	try_classes((const char *const[]){ "drone", NULL });
}

Test(lab_53_kill_load, c_all_stems)
{
	try_classes((const char *const[]){ "stem", NULL });
}

Test(lab_53_kill_load, d_neuron_and_blood)
{
	try_classes((const char *const[]){ "neuron", "blood", NULL });
}
