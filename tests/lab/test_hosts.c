/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family on three hosts: links, bans that cross at once, a killed gamete, hosts that are cut off, a mother that dies and returns. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"

#define LINKED "\"state\": \"linked\""
#define DAUGHTER_1 "10.99.0.2"
#define DAUGHTER_2 "10.98.0.3"

static struct lab lab;
static char third[40], key[64];

/* The third host hangs on the second interface of the mother's, which passes packets on. */
static void open_three(void)
{
	lab_open(&lab);
	snprintf(third, sizeof(third), "%s3", lab.server);
	lab_sh(&lab, "set -e; ip netns add %s; ip -n %s link add eth1 type veth peer name eth0 netns %s\n"
		"ip -n %s addr add 10.98.0.1/24 dev eth1; ip -n %s link set eth1 up; ip -n %s addr add " DAUGHTER_2 "/24 dev eth0\n"
		"ip -n %s link set eth0 up; ip -n %s link set lo up; ip -n %s route add default via 10.98.0.1\n"
		"ip -n %s route add 10.98.0.0/24 via " LAB_SERVER_V4 "; nsenter --net=/run/netns/%s -- sysctl -qw net.ipv4.ip_forward=1",
		third, lab.server, third, lab.server, lab.server, third, third, third, third, lab.client, lab.server);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
}

/* cellctl on a daughter's host. */
static int at(const char *host, const char *words)
{
	return lab_sh(&lab, "mkdir -p %s/%s && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/%s --bpffs %s/%s", lab.bpffs,
		host, host, lab_here(), words, lab.dir, host, lab.bpffs, host);
}

static void close_three(void)
{
	at(third, "down");
	lab_sh(&lab, "ip netns del %s", third);
	lab_close(&lab);
}

TestSuite(lab_96_hosts, .init = open_three, .fini = close_three, .timeout = 90);

/* How many hosts are linked to the one (NULL: the mother's). */
static unsigned links(const char *host)
{
	unsigned n = 0;

	if (host)
		at(host, "hosts --json");
	else
		lab_ctl(&lab, "hosts --json");
	for (const char *p = lab.out; (p = strstr(p, LINKED)); p++)
		n++;
	return n;
}

static bool all_linked(void *arg)
{
	(void)arg;
	return links(NULL) == 2 && links(lab.client) == 1 && links(third) == 1;
}

static void grow_three(void)
{
	char words[160], more[256];

	lab_ctl(&lab, "keygen %s/secret", lab.dir);
	lab_ctl(&lab, "key --public %s/secret", lab.dir);
	cr_assert_lt(snprintf(key, sizeof(key), "%s", lab.out), (int)sizeof(key));
	key[strcspn(key, "\n")] = 0;
	snprintf(more, sizeof(more), "key = \"%s/secret\"\nlink { listen = \"0.0.0.0:7946\" }\n", lab.dir);
	lab_up(&lab, more, "");
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:7946 --trust %s", key);
	for (int i = 0; i < 2; i++) {
		at(i ? third : lab.client, words);
		lab_expect(&lab, 0, "an egg waits");
		lab_ctl(&lab, "reproduce %s:7946", i ? DAUGHTER_2 : DAUGHTER_1);
		lab_expect(&lab, 0, "lab is laid there");
	}
	cr_assert(lab_wait(LAB_SOON_S, all_linked, NULL), "not all are linked");
}

struct look {
	const char *host; /* NULL: the mother's */
	const char *prefix;
	bool wanted;
};

static bool is_banned_as_wanted(void *arg)
{
	const struct look *l = arg;

	if (l->host)
		at(l->host, "immune list --json");
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
	grow_three();
	at(lab.client, "immune ban 198.51.100.7 --ttl 1h");
	lab_expect(&lab, 0, "is banned");
	expect_ban(NULL, "198.51.100.7", true);
	expect_ban(third, "198.51.100.7", true);
	at(third, "immune log");
	cr_expect(strstr(lab.out, "as another host has decided"), "%s", lab.out);
	at(third, "immune unban 198.51.100.7");
	expect_ban(lab.client, "198.51.100.7", false);
	expect_ban(NULL, "198.51.100.7", false);
	/* What is wider than T cells may ban stays where it was said; what is allowed somewhere is not banned there, but goes on. */
	lab_ctl(&lab, "immune allow 198.51.100.9");
	at(lab.client, "immune ban 44.0.0.0/8");
	at(lab.client, "immune ban 198.51.100.9");
	at(lab.client, "immune ban 203.0.113.0/24");
	expect_ban(third, "203.0.113.0/24", true);
	expect_ban(third, "198.51.100.9", true);
	expect_ban(third, "44.0.0.0/8", false);
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

	grow_three();
	before = gamete();
	cr_assert(before);
	kill(before, SIGSTOP);
	at(lab.client, "immune ban 198.51.100.7");
	lab_ctl(&lab, "immune ban 198.51.100.8");
	kill(before, SIGKILL);
	cr_assert(lab_wait(LAB_SOON_S, is_another, &before), "nobody takes its place");
	cr_expect(lab_wait(LAB_SOON_S, all_linked, NULL), "not all are linked again");
	expect_ban(third, "198.51.100.7", true);
	expect_ban(third, "198.51.100.8", true);
	expect_ban(lab.client, "198.51.100.8", true);
}

static bool two_are_linked(void *arg)
{
	(void)arg;
	return links(lab.client) == 1 && links(third) == 1;
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

	grow_three();
	lab_kill_everything(&lab);
	cr_assert(lab_wait(LAB_SOON_S, nobody_lives, NULL));
	cr_expect(lab_wait(LAB_SOON_S, two_are_linked, NULL), "the sisters are not linked");
	at(third, "immune ban 198.51.100.7");
	expect_ban(lab.client, "198.51.100.7", true);
	snprintf(words, sizeof(words), "up eth0 --dna %s", lab.dna);
	lab_ctl(&lab, "%s", words);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	/* One link each, and to her. */
	cr_expect(lab_wait(LAB_SOON_S, all_linked, NULL), "not all are linked again");
	at(third, "hosts");
	cr_expect(strstr(lab.out, "mother        linked"), "%s", lab.out);
	expect_ban(NULL, "198.51.100.7", true);
}
