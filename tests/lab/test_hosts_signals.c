/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals and deadly requests on three hosts: heard on the others, signals weaker with each host, deaths counted together. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trio.h"

TRIO_SUITE(lab_97_hosts_signals, 90);

struct wanted {
	const char *host; /* NULL: the mother's */
	char text[96];
	unsigned times; /* that it was brought */
	double strength; /* of the last time */
};

/* What the events say so far: "brings KIND at STRENGTH from host ID". */
static bool is_brought(void *arg)
{
	struct wanted *w = arg;
	char words[96];

	w->times = 0;
	snprintf(words, sizeof(words), "watch --json --since-start");
	lab_sh(&lab, "timeout -s INT 0.5 nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s%s%s --bpffs %s%s%s", w->host ? w->host : lab.server,
		lab_here(), words, w->host ? lab.dir : lab.run_dir, w->host ? "/" : "", w->host ? w->host : "", lab.bpffs, w->host ? "/" : "",
		w->host ? w->host : "");
	for (char *line = strtok(lab.out, "\n"); line; line = strtok(NULL, "\n")) {
		const char *strength = strstr(line, "\"strength\":");

		if (!strstr(line, "\"event\":\"carry\"") || !strstr(line, w->text) || !strength)
			continue;
		w->times++;
		w->strength = atof(strength + strlen("\"strength\":"));
	}
	return w->times > 0;
}

static struct wanted expect_brought(const char *host, const char *kind, const char *id)
{
	struct wanted w = { .host = host };

	snprintf(w.text, sizeof(w.text), "%s\"host\":\"%s\"", kind, id);
	cr_expect(lab_wait(LAB_SOON_S, is_brought, &w), "%s was not brought to %s", w.text, host ? host : "the mother");
	return w;
}

Test(lab_97_hosts_signals, a_they_cross_once_and_fade_with_each_host)
{
	struct wanted near, far;
	char id[17];

	trio_grow(&trio);
	trio_id(&trio, trio.third, id);
	trio_at(&trio, trio.third, "secrete alarm 1");
	lab_expect(&lab, 0, "heard by 1 cell");
	near = expect_brought(NULL, "", id);
	far = expect_brought(lab.client, "", id);
	cr_expect_eq(near.times, 1, "%u times", near.times);
	cr_expect_eq(far.times, 1, "%u times", far.times);
	cr_expect(near.strength > 0.1 && near.strength <= 0.5, "%f", near.strength);
	cr_expect(far.strength > 0.49 * near.strength && far.strength < 0.51 * near.strength, "%f after %f", far.strength, near.strength);
	/* Nothing came back to where it was said. */
	trio_at(&trio, trio.third, "status");
	near = (struct wanted){ .host = trio.third };
	snprintf(near.text, sizeof(near.text), "\"host\":\"%s\"", id);
	cr_expect(!is_brought(&near));
}

Test(lab_97_hosts_signals, b_the_dna_says_how_much_is_left)
{
	struct wanted near;
	char id[17];

	trio_grow_with(&trio, "hormones { host_attenuation = 0 }");
	trio_id(&trio, trio.third, id);
	trio_at(&trio, trio.third, "secrete alarm 1");
	/* What comes later on the same link has come: so had this. */
	trio_at(&trio, trio.third, "immune ban 198.51.100.7");
	for (int i = 0; i < LAB_SOON_S * 10; i++) {
		trio_at(&trio, NULL, "immune list --json");
		if (strstr(lab.out, "198.51.100.7"))
			break;
	}
	near = (struct wanted){ .host = NULL };
	snprintf(near.text, sizeof(near.text), "\"host\":\"%s\"", id);
	cr_expect(!is_brought(&near), "at 0 nothing is heard");
}

static bool knows_contagion(void *host)
{
	trio_at(&trio, host, "immune log");
	return strstr(lab.out, "its request killed a drone on another host") != NULL;
}

static bool is_deadly(void *host)
{
	trio_at(&trio, host, "status --json");
	return strstr(lab.out, "\"pathogens\": 1") != NULL;
}

Test(lab_97_hosts_signals, c_the_second_death_anywhere_is_refused_everywhere)
{
	char id[17];

	trio_grow_deadly(&trio);
	trio_id(&trio, NULL, id);
	cr_assert_eq(trio_die(LAB_SERVER_V4), 502);
	cr_expect(lab_wait(LAB_SOON_S, knows_contagion, trio.third), "%s", lab.out);
	cr_expect(strstr(lab.out, id), "the host is not named: %s", lab.out);
	cr_expect(lab_wait(LAB_SOON_S, knows_contagion, lab.client), "%s", lab.out);
	cr_assert_eq(trio_die(TRIO_DAUGHTER_1), 502, "one death alone is not deadly");
	cr_expect(lab_wait(LAB_SOON_S, is_deadly, trio.third), "%s", lab.out);
	cr_expect(lab_wait(LAB_SOON_S, is_deadly, NULL), "%s", lab.out);
	/* Where no drone has died of it. */
	cr_expect_eq(trio_die(TRIO_DAUGHTER_2), 403);
}

static bool has_lost_one(void *arg)
{
	(void)arg;
	return trio_links(&trio, NULL) == 1;
}

Test(lab_97_hosts_signals, d_who_was_away_is_told)
{
	trio_grow_deadly(&trio);
	lab_sh(&lab, "ip -n %s link set eth0 down", trio.third);
	cr_assert(lab_wait(LAB_SOON_S, has_lost_one, NULL), "the link holds");
	cr_assert_eq(trio_die(LAB_SERVER_V4), 502);
	cr_assert_eq(trio_die(LAB_SERVER_V4), 502);
	cr_expect(lab_wait(LAB_SOON_S, is_deadly, lab.client));
	lab_sh(&lab, "ip -n %s link set eth0 up; ip -n %s route add default via 10.98.0.1", trio.third, trio.third);
	cr_expect(lab_wait(2 * LAB_SOON_S, is_deadly, trio.third), "%s", lab.out);
}
