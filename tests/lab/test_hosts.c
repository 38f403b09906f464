/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family on three hosts: links, bans that cross at once, a killed gamete, hosts that are cut off, a mother that dies and returns. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "trio.h"

TRIO_SUITE(lab_96_hosts, 90);

struct look {
	const char *host; /* NULL: the mother's */
	const char *prefix;
	bool wanted;
};

static bool is_banned_as_wanted(void *arg)
{
	const struct look *l = arg;

	if (l->host)
		trio_at(&trio, l->host, "immune list --json");
	else
		lab_ctl(&lab, "immune list --json");
	return (strstr(lab.out, l->prefix) != NULL) == l->wanted;
}

static void expect_ban(const char *host, const char *prefix, bool wanted)
{
	struct look l = { host, prefix, wanted };

	cr_expect(lab_wait(LAB_SOON_S, is_banned_as_wanted, &l), "%s is %sbanned on %s", prefix, wanted ? "not " : "",
		host ? host : "the mother's host");
}

Test(lab_96_hosts, a_bans_and_their_ends_cross)
{
	trio_grow(&trio);
	trio_at(&trio, lab.client, "immune ban 198.51.100.7 --ttl 1h");
	lab_expect(&lab, 0, "is banned");
	expect_ban(NULL, "198.51.100.7", true);
	expect_ban(trio.third, "198.51.100.7", true);
	trio_at(&trio, trio.third, "immune log");
	cr_expect(strstr(lab.out, "as another host has decided"), "%s", lab.out);
	trio_at(&trio, trio.third, "immune unban 198.51.100.7");
	expect_ban(lab.client, "198.51.100.7", false);
	expect_ban(NULL, "198.51.100.7", false);
	/* What is wider than T cells may ban stays where it was said; what is allowed somewhere is not banned there, but goes on. */
	lab_ctl(&lab, "immune allow 198.51.100.9");
	trio_at(&trio, lab.client, "immune ban 44.0.0.0/8");
	trio_at(&trio, lab.client, "immune ban 198.51.100.9");
	trio_at(&trio, lab.client, "immune ban 203.0.113.0/24");
	expect_ban(trio.third, "203.0.113.0/24", true);
	expect_ban(trio.third, "198.51.100.9", true);
	expect_ban(trio.third, "44.0.0.0/8", false);
	lab_ctl(&lab, "immune why 198.51.100.9");
	cr_expect(strstr(lab.out, "is not banned"), "%s", lab.out);
}

static pid_t gamete(void)
{
	pid_t pid = 0;

	return lab_pids(&lab, "gamete", &pid, 1) ? pid : 0;
}

static bool is_another(void *arg)
{
	pid_t now = gamete();

	return now && now != *(pid_t *)arg;
}

Test(lab_96_hosts, b_a_killed_gamete_is_replaced_and_nothing_is_missed)
{
	pid_t before;

	trio_grow(&trio);
	before = gamete();
	cr_assert(before);
	kill(before, SIGSTOP);
	trio_at(&trio, lab.client, "immune ban 198.51.100.7");
	lab_ctl(&lab, "immune ban 198.51.100.8");
	kill(before, SIGKILL);
	cr_assert(lab_wait(LAB_SOON_S, is_another, &before), "nobody takes its place");
	cr_expect(trio_linked(&trio), "not all are linked again");
	expect_ban(trio.third, "198.51.100.7", true);
	expect_ban(trio.third, "198.51.100.8", true);
	expect_ban(lab.client, "198.51.100.8", true);
}

static bool two_are_linked(void *arg)
{
	(void)arg;
	return trio_links(&trio, lab.client) == 1 && trio_links(&trio, trio.third) == 1;
}

static bool nobody_lives(void *arg)
{
	(void)arg;
	lab_ctl(&lab, "status");
	return lab.code == 3;
}

Test(lab_96_hosts, c_sisters_find_each_other_and_their_mother_again)
{
	char words[96];

	trio_grow(&trio);
	lab_kill_everything(&lab);
	cr_assert(lab_wait(LAB_SOON_S, nobody_lives, NULL));
	cr_expect(lab_wait(LAB_SOON_S, two_are_linked, NULL), "the sisters are not linked");
	trio_at(&trio, trio.third, "immune ban 198.51.100.7");
	expect_ban(lab.client, "198.51.100.7", true);
	snprintf(words, sizeof(words), "up eth0 --dna %s", lab.dna);
	lab_ctl(&lab, "%s", words);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	/* One link each, and to her. */
	cr_expect(trio_linked(&trio), "not all are linked again");
	trio_at(&trio, trio.third, "hosts");
	cr_expect(strstr(lab.out, "mother        linked"), "%s", lab.out);
	expect_ban(NULL, "198.51.100.7", true);
}

/* How the mother is, as a host has it from her. */
static bool says_dormant(void *host)
{
	trio_at(&trio, host, "hosts --json");
	return strstr(lab.out, "\"state\": \"dormant\"") && strstr(lab.out, "\"egg\": 1") && strstr(lab.out, "\"neuron\": 0");
}

static bool says_awake(void *host)
{
	trio_at(&trio, host, "hosts");
	return strstr(lab.out, " awake: 1 neuron") && strstr(lab.out, "2 bans");
}

static bool says_vitals(void *host)
{
	trio_at(&trio, host, "hosts --json");
	return strstr(lab.out, "\"vitals\": {") && strstr(lab.out, "\"gamete\": 1") && strstr(lab.out, "\"bans\": 2,") &&
	       strstr(lab.out, "\"key_generation\": 1");
}

Test(lab_96_hosts, d_hosts_say_how_they_are_doing)
{
	trio_grow(&trio);
	trio_at(&trio, NULL, "immune ban 198.51.100.7");
	trio_at(&trio, NULL, "immune ban 198.51.100.8");
	trio_at(&trio, NULL, "immune ban 198.51.100.9");
	trio_at(&trio, NULL, "immune unban 198.51.100.9");
	cr_expect(lab_wait(2 * LAB_SOON_S, says_vitals, trio.third), "%s", lab.out);
	cr_expect(lab_wait(LAB_SOON_S, says_dormant, trio.third), "%s", lab.out);
	lab_wake(&lab);
	cr_expect(lab_wait(LAB_SOON_S, says_awake, trio.third), "%s", lab.out);
	trio_at(&trio, trio.third, "status --json");
	cr_expect(strstr(lab.out, "\"vitals\""), "%s", lab.out);
}

static bool says_a_queue(void *host)
{
	json_t *all, *mother;
	bool queue;

	trio_at(&trio, host, "hosts --json");
	all = json_loads(lab.out, 0, NULL);
	mother = json_object_get(json_array_get(all, 0), "vitals");
	queue = json_real_value(json_object_get(mother, "queue_ms")) > 0 && json_real_value(json_object_get(mother, "busy")) >= 0;
	json_decref(all);
	return queue;
}

/* One drone, and more requests that hold it than it can take. */
Test(lab_96_hosts, e_a_queue_is_seen_from_elsewhere)
{
	struct lab_conn c[40];

	trio_grow_with(&trio, "cells { drone { max = 1 } }");
	for (unsigned i = 0; i < sizeof(c) / sizeof(*c); i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], "GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	cr_expect(lab_wait(LAB_SOON_S, says_a_queue, lab.client), "%s", lab.out);
	for (unsigned i = 0; i < sizeof(c) / sizeof(*c); i++)
		lab_hang_up(&c[i]);
}
