/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family on nine hosts: whichever host dies, whichever link is cut, however it is parted, it becomes one tree with one state again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab_tree.h"

#define AGAIN_S	   20   /* until the tree is one again, however slow the machine is */
#define RECONCILED_S 10 /* 10 000 bans, on any machine; `make bench` asks for 2 */
#define BANS	   10000u
#define STORM_S	   3
#define MINORITY   (1u << 0 | 1u << 2 | 1u << 5 | 1u << 6) /* all but the branch of host 1 */
#define MAJORITY   (TREE_ALL & ~MINORITY)

static struct lab lab;
static struct tree tree;

static void open_tree(void)
{
	lab_open(&lab);
	tree_open(&tree, &lab);
	tree_grow(&tree, "");
}

static void close_tree(void)
{
	lab_close(&lab);
}

TestSuite(lab_97_nine_hosts, .init = open_tree, .fini = close_tree, .timeout = 100);

/* The host dies, the others go on as one; it is borne anew, and the tree is as it was. */
static void expect_survived(int host)
{
	double without, with;

	tree_kill(&tree, host);
	without = tree_expect_one(&tree, tree.alive, AGAIN_S);
	tree_bear(&tree, host);
	with = tree_expect_grown(&tree, AGAIN_S);
	fprintf(stderr, "host %d killed: one tree after %.1f s; back: the old tree after %.1f s\n", host, without, with);
}

Test(lab_97_nine_hosts, a_the_first_and_a_leaf_are_killed)
{
	expect_survived(0);
	expect_survived(8);
}

Test(lab_97_nine_hosts, b_hosts_between_are_killed)
{
	expect_survived(1);
	expect_survived(3);
	expect_survived(2);
}

static bool is_unlinked(void *arg)
{
	int host = *(int *)arg;

	return !(tree_links(&tree, host) >> tree_mother[host] & 1);
}

/* No packet between a host and its mother: there is another way, and the old one when that is free again. */
static void expect_way_round(int host)
{
	double without, with;

	tree_cut(&tree, host, tree_mother[host]);
	cr_assert(lab_wait(AGAIN_S, is_unlinked, &host), "host %d takes its mother for linked", host);
	without = tree_expect_one(&tree, TREE_ALL, AGAIN_S);
	tree_mend(&tree, host, tree_mother[host]);
	with = tree_expect_grown(&tree, AGAIN_S);
	fprintf(stderr, "link of host %d cut: one tree %.1f s after it was noticed; mended: the old tree after %.1f s\n", host, without, with);
}

Test(lab_97_nine_hosts, c_the_links_of_the_first_are_cut)
{
	expect_way_round(1);
	expect_way_round(2);
}

Test(lab_97_nine_hosts, d_links_below_are_cut)
{
	expect_way_round(3);
	expect_way_round(7);
}

/* Both parts are one tree each; which of its hosts know that they are the smaller one. */
static bool is_parted(void *arg)
{
	(void)arg;
	for (int i = 0; i < TREE_HOSTS; i++)
		if (tree_minority(&tree, i) != (MINORITY >> i & 1))
			return false;
	return true;
}

static bool is_whole(void *arg)
{
	(void)arg;
	for (int i = 0; i < TREE_HOSTS; i++)
		if (tree_minority(&tree, i))
			return false;
	return true;
}

static bool bans_agree(void *arg)
{
	(void)arg;
	return tree_bans_agree(&tree, TREE_ALL);
}

static bool have_all_bans(void *arg)
{
	const unsigned *hosts = arg;

	return tree_banned(&tree, __builtin_ctz(*hosts)) >= BANS && tree_bans_agree(&tree, *hosts);
}

static bool reaches_again(void *arg)
{
	(void)arg;
	return tree_links(&tree, 1) & 1;
}

static bool has_ten(void *arg)
{
	(void)arg;
	return tree_banned(&tree, 5) == 10;
}

static bool is_counted(void *arg)
{
	(void)arg;
	for (int i = 0; i < TREE_HOSTS; i++)
		if (tree_family(&tree, i) != TREE_HOSTS)
			return false;
	return true;
}

/* All know how many they are, which they believe when it has been so for some seconds. Then the switch is parted. */
static void part(void)
{
	cr_assert(lab_wait(AGAIN_S, is_counted, NULL), "the hosts do not know how many they are");
	tree_part(&tree, MINORITY);
	cr_assert(lab_wait(AGAIN_S, is_parted, NULL), "the parts do not know of it");
	tree_expect_one(&tree, MINORITY, AGAIN_S);
	tree_expect_one(&tree, MAJORITY, AGAIN_S);
}

static double reconciled_s(void)
{
	const char *strict = getenv("RECONCILED_S");

	return strict ? strtod(strict, NULL) : RECONCILED_S;
}

Test(lab_97_nine_hosts, e_two_parts_decide_on_their_own_and_agree_again)
{
	unsigned majority = MAJORITY;
	double since;

	part();
	tree_ban(&tree, 7, 0, BANS);
	tree_ban(&tree, 6, BANS, 10);
	cr_assert(lab_wait(RECONCILED_S, have_all_bans, &majority), "the greater part does not agree");
	cr_expect(lab_wait(LAB_SOON_S, has_ten, NULL), "the smaller part does not tell bans");
	tree_part(&tree, 0);
	cr_assert(lab_wait(AGAIN_S, reaches_again, NULL), "the parts do not find each other");
	since = lab_now();
	cr_assert(lab_wait(reconciled_s(), bans_agree, NULL), "not the same bans everywhere");
	fprintf(stderr, "%u bans, nine hosts: the same everywhere %.2f s after the link was back\n", BANS + 10, lab_now() - since);
	cr_expect_eq(tree_banned(&tree, 5), BANS + 10);
	tree_expect_grown(&tree, AGAIN_S);
	cr_expect(lab_wait(LAB_SOON_S, is_whole, NULL), "some host takes itself for cut off");
}

/* A client of the hosts on one bridge: one good address, then those of the /24 that attacks. */
static void move_client(int from, int to)
{
	if (from >= 0)
		lab_sh(&lab, "ip -n %s addr flush dev br%d", tree.wire, from);
	lab_sh(&lab, "for a in 8.1 9.1 9.2 9.3 9.4 9.5 9.6 9.7 9.8 9.9; do ip -n %s addr add 10.97.$a/16 dev br%d; done", tree.wire, to);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
}

/* From 10.97.9.N, until the trap has been asked for. */
static bool attacks(void *arg)
{
	struct lab_conn c = { 0 };
	char from[16];

	snprintf(from, sizeof(from), "10.97.9.%u", *(unsigned *)arg);
	c.fd = lab_dial(tree_address(5), from);
	if (c.fd < 0)
		return false;
	lab_say(&c, "GET /trap HTTP/1.1\r\nHost: lab\r\n\r\n");
	lab_hang_up(&c);
	return true;
}

static bool is_banned(void *arg)
{
	return tree_banned(&tree, 5) >= *(unsigned *)arg;
}

static void attack(unsigned source)
{
	cr_assert(lab_wait(LAB_SOON_S, attacks, &source), "source %u does not reach host 5", source);
	cr_assert(lab_wait(LAB_SOON_S, is_banned, &source), "source %u is not banned", source);
}

static bool prefixes_everywhere(void *arg)
{
	(void)arg;
	for (int i = 0; i < TREE_HOSTS; i++)
		if (tree_prefixes(&tree, i) != 1)
			return false;
	return true;
}

Test(lab_97_nine_hosts, f_the_smaller_part_serves_and_bans_but_judges_no_crowds)
{
	part();
	move_client(-1, 1);
	lab_enter(tree.wire);
	for (unsigned source = 1; source <= 8; source++)
		attack(source);
	cr_expect_eq(lab_get(tree_address(5), "/", NULL), 200);
	for (int i = 0; i < TREE_HOSTS; i++)
		cr_expect_eq(tree_prefixes(&tree, i), 0, "host %d has banned a whole prefix", i);
	tree_part(&tree, 0);
	tree_expect_grown(&tree, AGAIN_S);
	cr_assert(lab_wait(AGAIN_S, is_whole, NULL), "some host takes itself for cut off");
	/* One more of them, now that the others can be asked. */
	move_client(1, 0);
	attack(9);
	cr_expect(lab_wait(LAB_SOON_S, prefixes_everywhere, NULL), "the prefix is not banned everywhere");
}

/* How often any host but one has said in its log that it was linked. */
static unsigned linked_lines(int except)
{
	lab_sh(&lab, "cd %s; for h in cw*h[0-9]; do [ $h = %s ] || cat $h/lab/log; done | grep -c ': linked to '", lab.dir,
		tree.host[except]);
	return (unsigned)atoi(lab.out);
}

Test(lab_97_nine_hosts, g_a_mother_that_returns_raises_no_storm)
{
	unsigned long packets;
	unsigned lines;
	double since;

	tree_kill(&tree, 1);
	tree_expect_one(&tree, tree.alive, AGAIN_S);
	cr_expect_eq(tree_links(&tree, 0), 1u << 2 | 1u << 3 | 1u << 4, "the daughters are not with their grandmother");
	lines = linked_lines(1);
	packets = tree_packets(&tree);
	since = lab_now();
	tree_bear(&tree, 1);
	tree_expect_grown(&tree, AGAIN_S);
	/* A storm would show in this time. */
	sleep(STORM_S);
	packets = tree_packets(&tree) - packets;
	lines = linked_lines(1) - lines;
	fprintf(stderr, "a mother returned: %lu packets in %.1f s, %u new links\n", packets, lab_now() - since, lines);
	/* Two heartbeats and their acknowledgements for each of eight links in a second are 32; the spore and six handshakes. */
	cr_expect_lt((double)packets, 1000 + 100 * (lab_now() - since));
	/* One at the grandmother's host, one at each of her two daughters'. */
	cr_expect_eq(lines, 3, "%u links were made", lines);
	tree_expect_grown(&tree, AGAIN_S);
}
