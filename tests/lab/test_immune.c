/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans by hand on a living organism: packets of a banned source are dropped, of others not; lists, ends, refusals. */
#include <criterion/criterion.h>
#include <string.h>
#include "lab.h"

LAB_SUITE(lab_90_immune, 60);

#define BAD      "10.99.7.7"
#define BAD_V6   "fd99:0:0:7::5"
#define UNHEARD  1 /* seconds after which a connection attempt counts as dropped */

static void live(const char *more)
{
	lab_sh(&lab,
		"ip -n %s addr add " BAD "/16 dev eth0 && ip -n %s addr add " BAD_V6 "/64 dev eth0 nodad && "
		"ip -n %s route add fd99:0:0:7::/64 dev eth0",
		lab.client, lab.client, lab.server);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	lab_up(&lab, more, "");
	lab_wake(&lab);
	cr_assert(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
	cr_assert(lab_reaches(LAB_SERVER_V6, BAD_V6, LAB_SOON_S));
}

static void immune(int code, const char *words, const char *says)
{
	lab_ctl(&lab, "immune %s", words);
	lab_expect(&lab, code, says);
}

Test(lab_90_immune, a_a_ban_drops_and_is_lifted)
{
	live("");
	immune(0, "ban " BAD, BAD);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_banned"), 0);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 1);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200, "another source is dropped too");
	immune(0, "unban " BAD, "no longer banned");
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
	immune(1, "unban " BAD, "not banned");
}

Test(lab_90_immune, b_a_ban_ends_by_itself)
{
	live("");
	immune(0, "ban " BAD " --ttl 2s", "2 s");
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
}

Test(lab_90_immune, c_ipv6_is_judged_by_its_64)
{
	live("");
	immune(0, "ban " BAD_V6, "fd99:0:0:7::/64");
	cr_expect(!lab_reaches(LAB_SERVER_V6, BAD_V6, UNHEARD));
	cr_expect(lab_reaches(LAB_SERVER_V6, LAB_CLIENT_V6, LAB_SOON_S));
	immune(0, "unban " BAD_V6, NULL);
	cr_expect(lab_reaches(LAB_SERVER_V6, BAD_V6, LAB_SOON_S));
}

Test(lab_90_immune, d_a_prefix)
{
	live("");
	immune(0, "ban 10.99.7.0/24", "10.99.7.0/24");
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	cr_expect(lab_reaches(LAB_SERVER_V4, LAB_CLIENT_V4, LAB_SOON_S));
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_banned_prefix"), 0);
}

Test(lab_90_immune, e_an_open_connection_is_cut_off_too)
{
	struct lab_conn c = { .fd = -1 };
	struct lab_answer a;

	live("");
	c.fd = lab_dial(LAB_SERVER_V4, BAD);
	cr_assert_geq(c.fd, 0);
	lab_say(&c, "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 200);
	lab_answer_free(&a);
	immune(0, "ban " BAD, NULL);
	lab_say(&c, "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	lab_read(&c, &a, false, UNHEARD);
	cr_expect_eq(a.status, 0, "a banned client is answered %d", a.status);
	lab_answer_free(&a);
	lab_hang_up(&c);
}

Test(lab_90_immune, f_allow_is_stronger)
{
	live("");
	immune(0, "ban " BAD, NULL);
	immune(0, "allow " BAD, "will not be banned");
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
	immune(1, "ban " BAD, "never-ban list");
	immune(1, "ban 10.99.7.0/24", "never-ban list");
	immune(0, "disallow " BAD, NULL);
	immune(0, "ban " BAD, NULL);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
}

Test(lab_90_immune, g_what_the_dna_allows)
{
	live("immune { allow = { \"" BAD "\" } }");
	immune(1, "ban " BAD, "never-ban list (the DNA)");
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
}

Test(lab_90_immune, h_nobody_bans_himself_or_everybody)
{
	live("");
	immune(1, "ban " LAB_SERVER_V4, "is not banned");
	immune(1, "ban 0.0.0.0/0", "is not banned");
	immune(1, "ban ::/0", "is not banned");
	immune(1, "allow 0.0.0.0/0", "every address");
	immune(2, "ban 10.99.7.300", NULL);
	immune(2, "ban " BAD " --ttl soon", "no duration");
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
}

static long long number_of(json_t *entry, const char *key)
{
	return json_integer_value(json_object_get(entry, key));
}

Test(lab_90_immune, i_the_list_as_json)
{
	json_t *all, *bans, *allowed, *entry;

	live("");
	immune(0, "ban " BAD " --ttl 1h", NULL);
	immune(0, "allow 192.0.2.0/24", NULL);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	immune(0, "list --json", NULL);
	all = json_loads(lab.out, 0, NULL);
	bans = json_object_get(all, "antibodies");
	allowed = json_object_get(all, "allow");
	cr_assert_eq(json_array_size(bans), 1, "%s", lab.out);
	entry = json_array_get(bans, 0);
	cr_expect(!strncmp(json_string_value(json_object_get(entry, "prefix")), BAD, strlen(BAD)), "%s", lab.out);
	cr_expect(number_of(entry, "expires_in_s") > 3500 && number_of(entry, "expires_in_s") <= 3600, "%s", lab.out);
	cr_expect_gt(number_of(entry, "hits"), 0);
	cr_assert_geq(json_array_size(allowed), 1, "%s", lab.out);
	json_decref(all);
	immune(0, "list", BAD);
}

Test(lab_90_immune, j_while_dormant)
{
	lab_sh(&lab, "ip -n %s addr add " BAD "/16 dev eth0", lab.client);
	lab_up(&lab, "", "");
	immune(0, "ban " BAD, NULL);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	cr_expect_eq(lab_census(&lab, "egg"), 1, "a dropped packet has woken the egg");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}
