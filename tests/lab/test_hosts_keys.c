/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new key on three hosts: it reaches all, also who was away; it outlives gametes and the next `up`. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "trio.h"

TRIO_SUITE(lab_99_hosts_keys, 120);

struct said {
	const char *host; /* NULL: the mother's */
	unsigned generation, times;
};

static bool is_said(void *arg)
{
	const struct said *s = arg;
	json_t *all, *host;
	unsigned n = 0;
	size_t i;

	trio_at(&trio, s->host, "hosts --json");
	all = json_loads(lab.out, 0, NULL);
	json_array_foreach(all, i, host)
	{
		json_t *vitals = json_object_get(host, "vitals");
		const char *state = json_string_value(json_object_get(host, "state"));

		n += state && !strcmp(state, "linked") && json_integer_value(json_object_get(vitals, "key_generation")) == s->generation;
	}
	json_decref(all);
	return n == s->times;
}

/* So many of the hosts that this one is linked to say that they have that key. */
static void expect_generation(const char *host, unsigned generation, unsigned times)
{
	struct said s = { .host = host, .generation = generation, .times = times };

	cr_expect(lab_wait(LAB_SOON_S, is_said, &s), "%s: generation %u is not there %u times: %s", host ? host : "the mother's host", generation,
		times, lab.out);
}

static void public_key(const char *host, char key[64])
{
	trio_at(&trio, host, "key --public");
	snprintf(key, 64, "%s", lab.out);
	key[strcspn(key, "\n")] = 0;
}

Test(lab_99_hosts_keys, a_a_new_key_reaches_all_and_outlives_gametes_and_up)
{
	char here[64], there[64];

	trio_grow(&trio);
	trio_at(&trio, trio.third, "key rotate");
	lab_expect(&lab, 0, "generation 2");
	expect_generation(NULL, 2, 2);
	expect_generation(lab.client, 2, 1);
	/* The next gamete finds it, and links with it. */
	lab_kill(&lab, "gamete", 1);
	cr_expect(trio_linked(&trio), "not all are linked again");
	expect_generation(lab.client, 2, 1);
	/* Root's file follows when it is asked for, and at `up`. */
	lab_kill_everything(&lab);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "now the key of generation 2");
	cr_expect(trio_linked(&trio), "not all are linked again");
	public_key(NULL, here);
	public_key(trio.third, there);
	cr_expect_str_eq(here, there);
	cr_expect_str_neq(here, trio.key);
	public_key(lab.client, there);
	cr_expect_str_eq(here, there);
	/* And from there on. */
	lab_ctl(&lab, "key rotate");
	lab_expect(&lab, 0, "generation 3");
	expect_generation(trio.third, 3, 1);
}

static bool has_lost_one(void *arg)
{
	(void)arg;
	return trio_links(&trio, NULL) == 1;
}

Test(lab_99_hosts_keys, b_who_was_away_gets_it_as_long_as_the_old_one_is_accepted)
{
	trio_grow(&trio);
	lab_sh(&lab, "ip -n %s link set eth0 down", trio.third);
	/* What is sent until then would come through later. */
	cr_assert(lab_wait(LAB_SOON_S, has_lost_one, NULL), "the link holds");
	lab_ctl(&lab, "key rotate");
	lab_expect(&lab, 0, "generation 2");
	expect_generation(lab.client, 2, 1);
	lab_sh(&lab, "ip -n %s link set eth0 up; ip -n %s route add default via 10.98.0.1", trio.third, trio.third);
	cr_expect(trio_linked_again(&trio), "not all are linked again");
	expect_generation(trio.third, 2, 1);
	expect_generation(NULL, 2, 2);
}

Test(lab_99_hosts_keys, c_a_mother_who_has_come_back_knows_the_key_before)
{
	trio_grow(&trio);
	lab_sh(&lab, "ip -n %s link set eth0 down", trio.third);
	lab_ctl(&lab, "key rotate");
	lab_expect(&lab, 0, "generation 2");
	lab_kill_everything(&lab);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "the egg is laid");
	lab_sh(&lab, "ip -n %s link set eth0 up; ip -n %s route add default via 10.98.0.1", trio.third, trio.third);
	cr_expect(trio_linked_again(&trio), "not all are linked again");
	expect_generation(NULL, 2, 2);
}
