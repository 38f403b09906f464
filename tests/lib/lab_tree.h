/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family on nine hosts: each a network namespace on one switch; hosts can be killed, pairs of them cut off, the switch parted. */
#ifndef CELLWS_TESTS_LAB_TREE_H
#define CELLWS_TESTS_LAB_TREE_H

#include "lab.h"
#include "shared/link.h"

/*
 * Host 0 is the first; its daughters are 1 and 2, theirs 3, 4 and 5, 6; 7 is the daughter of 3, 8 that of 4. Hosts stand in
 * namespaces named after the lab's, which the guard clears away. One that is alone on the switch's second bridge is cut off.
 */
#define TREE_HOSTS 9
#define TREE_ALL   ((1u << TREE_HOSTS) - 1)
#define TREE_PORT  7946

struct tree {
	struct lab *lab;
	char host[TREE_HOSTS][32], wire[32]; /* names of the namespaces */
	char key[64];	/* public */
	unsigned alive; /* bits */
};

/* More DNA text than what all have; hosts, addresses, a switch. The organisms grow one from the other, and are linked at the end. */
void tree_open(struct tree *t, struct lab *lab);
void tree_grow(struct tree *t, const char *more);

extern const int tree_mother[TREE_HOSTS]; /* -1: none */

/* "10.97.0.N" */
const char *tree_address(int host);
/* cellctl there. The exit code. */
int tree_ctl(const struct tree *t, int host, const char *words);
/* Begins the organism of a host that was killed, or was never there: from an egg, by its mother; that of host 0 by `up`. */
void tree_bear(struct tree *t, int host);
/* SIGKILLs every process there. */
void tree_kill(struct tree *t, int host);

/* No packet passes between the two, or all do again. */
void tree_cut(const struct tree *t, int a, int b);
void tree_mend(const struct tree *t, int a, int b);
/* Those hosts (bits) are on the second bridge, the others on the first. */
void tree_part(const struct tree *t, unsigned hosts);
/* Packets that the switch has had from all hosts. */
unsigned long tree_packets(const struct tree *t);

/* tree_look.c: what the pinned maps say. */
/* A descriptor of a host's pinned map; fails the test when there is none. */
int tree_map(const struct tree *t, int host, const char *leaf);
uint64_t tree_id(const struct tree *t, int host);
bool tree_minority(const struct tree *t, int host);
unsigned tree_family(const struct tree *t, int host); /* how many hosts it believes that there are */
unsigned tree_links(const struct tree *t, int host); /* bits of the hosts that it is linked to */
/* Whether those hosts (bits) are linked as one tree: each link known to both, none twice, one mother at most, no other connection. */
bool tree_is_one(const struct tree *t, unsigned hosts);
/* Waits for that; the seconds it took. Fails the test after so many. */
double tree_expect_one(const struct tree *t, unsigned hosts, double seconds);
/* The same, with the links that it grew by. */
double tree_expect_grown(const struct tree *t, double seconds);

/* Bans n addresses by hand, as cellctl does: 100.64.0.0 and up, from the first on. */
void tree_ban(const struct tree *t, int host, unsigned first, unsigned n);
/* How many IPv4 addresses are banned there; how many prefixes. */
unsigned tree_banned(const struct tree *t, int host);
unsigned tree_prefixes(const struct tree *t, int host);
/* Whether those hosts hold the same bans. */
bool tree_bans_agree(const struct tree *t, unsigned hosts);

#endif
