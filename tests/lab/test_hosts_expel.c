/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Expulsion on three hosts: one vote does nothing, two of three cut the third off, whatever number it comes back under. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "trio.h"

TRIO_SUITE(lab_98_hosts_expel, 120);

struct said {
	const char *host; /* NULL: the mother's */
	const char *words, *text;
};

static bool is_said(void *arg)
{
	const struct said *s = arg;

	trio_at(&trio, s->host, s->words);
	return strstr(lab.out, s->text) != NULL;
}

static void expect_said(const char *host, const char *words, const char *text)
{
	struct said s = { host, words, text };

	cr_expect(lab_wait(LAB_SOON_S, is_said, &s), "%s on %s does not say %s: %s%s", words, host ? host : "the mother's host", text, lab.out,
		lab.err);
}

static bool is_alone(void *host)
{
	return trio_links(&trio, host) == 0;
}

static void vote(const char *host, const char *id, const char *more)
{
	char words[64];

	snprintf(words, sizeof(words), "hosts expel %s%s", id, more);
	trio_at(&trio, host, words);
	lab_expect(&lab, 0, "vote");
}

Test(lab_98_hosts_expel, a_most_of_the_family_cuts_a_host_off)
{
	char id[17], words[64];

	trio_grow(&trio);
	trio_id(&trio, trio.third, id);
	vote(NULL, id, "");
	expect_said(NULL, "hosts --json", "\"votes_to_expel\": 1");
	/* Taken back before there are enough; the other's alone does nothing either. */
	vote(NULL, id, " --withdraw");
	expect_said(NULL, "hosts --json", "\"votes_to_expel\": 0");
	vote(lab.client, id, "");
	expect_said(NULL, "hosts --json", "\"votes_to_expel\": 1");
	cr_expect_eq(trio_links(&trio, trio.third), 1);
	vote(NULL, id, "");
	expect_said(NULL, "hosts", "expelled");
	cr_expect(lab_wait(LAB_SOON_S, is_alone, trio.third), "it is linked");
	expect_said(lab.client, "hosts", "expelled");
	snprintf(words, sizeof(words), "hosts expel %s --withdraw", id);
	lab_ctl(&lab, "%s", words);
	lab_expect(&lab, 1, "expelled already");
	cr_expect_eq(trio_links(&trio, NULL), 1, "the others stay linked");
	trio_at(&trio, NULL, "immune ban 198.51.100.7");
	expect_said(lab.client, "immune list --json", "198.51.100.7");
	trio_at(&trio, trio.third, "immune list --json");
	cr_expect(!strstr(lab.out, "198.51.100.7"), "what was decided afterwards has come to it");
}

Test(lab_98_hosts_expel, b_neither_a_new_number_nor_a_restart_of_the_others_lets_it_in)
{
	char id[17], again[17], words[160];

	trio_grow(&trio);
	trio_id(&trio, trio.third, id);
	vote(NULL, id, "");
	vote(lab.client, id, "");
	expect_said(NULL, "hosts", "expelled");
	expect_said(lab.client, "hosts", "expelled");
	/* The same host, laid anew: its own key stays. */
	trio_at(&trio, trio.third, "down");
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:" TRIO_PORT " --trust %s", trio.key);
	trio_at(&trio, trio.third, words);
	lab_expect(&lab, 0, "an egg waits");
	lab_ctl(&lab, "reproduce " TRIO_DAUGHTER_2 ":" TRIO_PORT);
	lab_expect(&lab, 0, "is laid there");
	trio_id(&trio, trio.third, again);
	cr_expect_str_neq(id, again);
	expect_said(NULL, "hosts", id);
	lab_sh(&lab, "for i in $(seq 100); do grep -q 'turned away' %s/lab/log && exit 0; sleep 0.1; done; exit 1", lab.run_dir);
	cr_expect_eq(lab.code, 0, "nobody was turned away");
	cr_expect_eq(trio_links(&trio, trio.third), 0);
	/* The mother forgets nothing. */
	lab_kill_everything(&lab);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	expect_said(NULL, "hosts", "expelled");
	expect_said(NULL, "hosts --json", "\"linked\"");
	cr_expect_eq(trio_links(&trio, NULL), 1);
	cr_expect_eq(trio_links(&trio, trio.third), 0);
}

static bool sisters_are_linked(void *arg)
{
	(void)arg;
	return trio_links(&trio, lab.client) == 1 && trio_links(&trio, trio.third) == 1;
}

Test(lab_98_hosts_expel, c_daughters_of_an_expelled_mother_find_each_other)
{
	char id[17];

	trio_grow(&trio);
	trio_id(&trio, NULL, id);
	vote(trio.third, id, "");
	vote(lab.client, id, "");
	/* That they are three is believed after some seconds only. */
	cr_expect(lab_wait(2 * LAB_SOON_S, is_alone, NULL), "the mother is linked");
	cr_expect(lab_wait(LAB_SOON_S, sisters_are_linked, NULL), "the sisters are not linked");
	expect_said(trio.third, "hosts --json", "\"relation\": \"expelled\"");
	trio_at(&trio, trio.third, "immune ban 198.51.100.7");
	expect_said(lab.client, "immune list --json", "198.51.100.7");
}

Test(lab_98_hosts_expel, d_votes_that_are_none)
{
	static const char *const bad[] = { "hosts expel", "hosts expel 12", "hosts expel 000000000000000g", "hosts expel 0000000000000000",
		"hosts --withdraw", "hosts all" };
	char id[17];

	lab_up(&lab, "", "");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		lab_ctl(&lab, "%s", bad[i]);
		cr_expect_eq(lab.code, 2, "%s: %d", bad[i], lab.code);
	}
	lab_ctl(&lab, "hosts expel 0123456789abcdef");
	lab_expect(&lab, 1, "linked to no other host");
	lab_ctl(&lab, "down");
	trio_grow(&trio);
	trio_id(&trio, NULL, id);
	lab_ctl(&lab, "hosts expel %s", id);
	lab_expect(&lab, 1, "that is this host");
}
