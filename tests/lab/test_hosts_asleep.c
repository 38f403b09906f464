/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hosts that sleep learn what others tell them and sleep on; only a call for growth wakes them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "trio.h"

TRIO_SUITE(lab_97_hosts_asleep, 90);

/* What a host's status says of itself; the rest of it stays in lab.out. host: NULL for the mother's. */
static bool is_asleep(const char *host)
{
	const char *state;
	json_t *status;
	bool asleep;

	trio_at(&trio, host, "status --json");
	status = json_loads(lab.out, 0, NULL);
	state = json_string_value(json_object_get(json_object_get(status, "organism"), "state"));
	cr_assert(state, "%s%s", lab.out, lab.err);
	asleep = !strcmp(state, "dormant");
	json_decref(status);
	return asleep;
}

static bool is_awake(void *host)
{
	return !is_asleep(host);
}

struct said {
	const char *host, *words, *text;
	bool wanted;
};

static bool is_as_wanted(void *arg)
{
	const struct said *s = arg;

	trio_at(&trio, s->host, s->words);
	return (strstr(lab.out, s->text) != NULL) == s->wanted;
}

static void expect_said(const char *host, const char *words, const char *text, bool wanted)
{
	struct said s = { host, words, text, wanted };

	cr_expect(lab_wait(LAB_SOON_S, is_as_wanted, &s), "%s on %s: \"%s\" is%s said: %s", words, host ? host : "the mother's host", text,
		wanted ? " not" : "", lab.out);
}

static void expect_all_asleep(const char *after)
{
	cr_expect(is_asleep(NULL), "the mother woke after %s", after);
	cr_expect(is_asleep(lab.client), "the first daughter woke after %s", after);
	cr_expect(is_asleep(trio.third), "the second daughter woke after %s", after);
}

Test(lab_97_hosts_asleep, a_bans_cross_and_nobody_wakes)
{
	trio_grow(&trio);
	trio_at(&trio, lab.client, "immune ban 198.51.100.7 --ttl 1h");
	lab_expect(&lab, 0, "is banned");
	expect_said(trio.third, "immune list --json", "198.51.100.7", true);
	trio_at(&trio, trio.third, "immune unban 198.51.100.7");
	expect_said(lab.client, "immune list --json", "198.51.100.7", false);
	expect_all_asleep("a ban and its end");
}

static void expect_nobody_wakes_for(const char *signal, const char *source)
{
	char words[64];

	snprintf(words, sizeof(words), "secrete %s 1", signal);
	trio_at(&trio, lab.client, words);
	lab_expect(&lab, 0, NULL);
	/* What comes later on the same links has come: so had this. */
	snprintf(words, sizeof(words), "immune ban %s", source);
	trio_at(&trio, lab.client, words);
	expect_said(trio.third, "immune list --json", source, true);
	expect_all_asleep(signal);
}

Test(lab_97_hosts_asleep, b_an_alarm_wakes_nobody_and_growth_does)
{
	trio_grow(&trio);
	expect_nobody_wakes_for("alarm", "198.51.100.7");
	expect_nobody_wakes_for("calm", "198.51.100.8");
	trio_at(&trio, lab.client, "secrete growth:drone 1");
	lab_expect(&lab, 0, NULL);
	cr_expect(lab_wait(LAB_SOON_S, is_awake, NULL), "the mother sleeps on");
	cr_expect(lab_wait(LAB_SOON_S, is_awake, trio.third), "the sister sleeps on");
}

Test(lab_97_hosts_asleep, c_deadly_requests_are_known_before_anybody_wakes)
{
	trio_grow_deadly(&trio);
	cr_assert_eq(trio_die(LAB_SERVER_V4), 502);
	cr_assert_eq(trio_die(LAB_SERVER_V4), 502);
	expect_said(trio.third, "status --json", "\"pathogens\": 1", true);
	cr_expect(is_asleep(trio.third), "it woke");
	cr_expect_eq(trio_die(TRIO_DAUGHTER_2), 403, "the first request it ever got");
	cr_expect(!is_asleep(trio.third));
}
