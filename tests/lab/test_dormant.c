/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An organism with links that nobody needs: an egg and a gamete, asleep but for heartbeats, and what wakes the rest. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_96_dormant, 60);

#define LINKS "link { listen = \"0.0.0.0:7946\" }\n"

static bool is_a_pair(void *arg)
{
	(void)arg;
	return lab_census(&lab, NULL) == 2 && lab_census(&lab, "gamete") == 1 && strstr(lab.out, "\"dormant\"");
}

static bool is_awake(void *arg)
{
	(void)arg;
	return lab_census(&lab, "neuron") == 1 && lab_census(&lab, "blood") && lab_census(&lab, "drone") &&
	       lab_census(&lab, "gamete") == 1 && strstr(lab.out, "\"awake\"");
}

static long switches(pid_t pid)
{
	char a[32] = "", b[32] = "";

	cr_assert(lab_proc_line(pid, "voluntary_ctxt_switches", a, sizeof(a)));
	cr_assert(lab_proc_line(pid, "nonvoluntary_ctxt_switches", b, sizeof(b)));
	return atol(a) + atol(b);
}

/* cellctl on the daughter's host. */
static int far(const char *words)
{
	return lab_sh(&lab, "mkdir -p %s/far && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/far --bpffs %s/far",
		lab.bpffs, lab.client, lab_here(), words, lab.dir, lab.bpffs);
}

static void lay(void)
{
	lab_up(&lab, LINKS, "");
	cr_assert(lab_wait(LAB_SOON_S, is_a_pair, NULL), "%s", lab.out);
}

/* Whether it has slept for a while, at any time soon: what it does after its birth may last a little. */
static bool sleeps(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	long before = switches(pid);

	sleep(2);
	return switches(pid) == before;
}

Test(lab_96_dormant, a_two_processes_without_a_timer)
{
	pid_t egg, gamete;

	lay();
	egg = lab_pid(&lab, "egg");
	gamete = lab_pid(&lab, "gamete");
	cr_expect(lab_is_sealed(gamete));
	cr_expect(lab_wait(LAB_SOON_S, sleeps, &egg), "the egg does not sleep");
	cr_expect(lab_wait(LAB_SOON_S, sleeps, &gamete), "the gamete does not sleep");
	/* Whatever the time since the last proof: nobody asks for any. */
	sleep(7);
	cr_expect(sleeps(&gamete), "the gamete looks for a neuron");
}

Test(lab_96_dormant, b_the_first_request_wakes_it)
{
	lay();
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	cr_expect(lab_wait(LAB_SOON_S, is_awake, NULL), "%s", lab.out);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	lab_expect_nothing_left(&lab);
}

Test(lab_96_dormant, c_a_signal_for_growth_wakes_it)
{
	lay();
	lab_ctl(&lab, "secrete alarm 1");
	lab_expect(&lab, 0, NULL);
	cr_expect(is_a_pair(NULL), "it woke for an alarm");
	lab_ctl(&lab, "secrete growth:drone 0.1");
	lab_expect(&lab, 0, NULL);
	cr_expect(lab_wait(LAB_SOON_S, is_awake, NULL), "%s", lab.out);
}

static bool is_another(void *arg)
{
	pid_t now = 0;

	return lab_pids(&lab, "gamete", &now, 1) && now != *(pid_t *)arg;
}

Test(lab_96_dormant, d_a_killed_gamete_is_replaced_without_waking_the_rest)
{
	pid_t first;

	lay();
	first = lab_pid(&lab, "gamete");
	for (int i = 0; i < 5; i++) {
		kill(first, SIGKILL);
		cr_assert(lab_wait(LAB_SOON_S, is_another, &first), "nobody takes its place");
		cr_assert(lab_wait(LAB_SOON_S, is_a_pair, NULL), "%s", lab.out);
		first = lab_pid(&lab, "gamete");
	}
}

/* Of itself: its relatives' states are there, too. */
static bool daughter_says(const char *wanted)
{
	json_t *status;
	const char *state;
	bool is;

	far("status --json");
	status = json_loads(lab.out, 0, NULL);
	state = json_string_value(json_object_get(json_object_get(status, "organism"), "state"));
	is = state && !strcmp(state, wanted);
	json_decref(status);
	return is;
}

static bool daughter_is_linked_and_dormant(void *arg)
{
	(void)arg;
	return daughter_says("dormant") && strstr(lab.out, "\"state\": \"linked\"");
}

static bool daughter_is_awake(void *arg)
{
	(void)arg;
	return daughter_says("awake");
}

Test(lab_96_dormant, e_a_copy_on_another_host_sleeps_until_it_is_called)
{
	char words[160], key[64];

	lay();
	lab_ctl(&lab, "key --public");
	cr_assert_lt(snprintf(key, sizeof(key), "%s", lab.out), (int)sizeof(key));
	key[strcspn(key, "\n")] = 0;
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:7946 --trust %s", key);
	far(words);
	lab_expect(&lab, 0, "an egg waits");
	lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":7946");
	lab_expect(&lab, 0, "lab is laid there");
	cr_assert(lab_wait(LAB_SOON_S, daughter_is_linked_and_dormant, NULL), "%s", lab.out);
	sleep(3);
	cr_expect(daughter_is_linked_and_dormant(NULL), "%s", lab.out);
	cr_expect(is_a_pair(NULL), "the mother woke: %s", lab.out);
	far("secrete growth:blood 0.1");
	lab_expect(&lab, 0, NULL);
	cr_expect(lab_wait(LAB_SOON_S, daughter_is_awake, NULL), "%s", lab.out);
	far("down");
	lab_expect(&lab, 0, "down");
}
