/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long hosts are apart when a gamete is killed: until another is linked to all that the first was linked to. */
#include <criterion/criterion.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lab_family.h"
#include "shared/link.h"
#include "trio.h"

#define ROUNDS   15
#define MEDIAN_S 0.5 /* generous: it is some 10 ms on a machine with nothing else to do */
#define STEP_NS  200000L

TRIO_SUITE(lab_96_gamete_killed, 90);

/* An organism as its kernel's maps show it. */
struct seen {
	struct lab_family family;
	int hosts;
};

/* host: NULL for the mother's. */
static struct seen see(const char *host)
{
	struct lab there = lab;
	struct seen s;
	char path[160];

	if (host)
		cr_assert_lt(snprintf(there.bpffs, sizeof(there.bpffs), "%s/%s", lab.bpffs, host), (int)sizeof(there.bpffs));
	lab_family_open(&s.family, &there);
	snprintf(path, sizeof(path), "%s/cellws/lab/hosts", there.bpffs);
	s.hosts = bpf_obj_get(path);
	cr_assert_geq(s.hosts, 0, "%s: %s", path, strerror(errno));
	return s;
}

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Mother and daughters with whom a link has worked since then. */
static unsigned linked_since(const struct seen *s, uint64_t then_ns)
{
	unsigned n = 0;
	struct host h;

	for (uint32_t i = 0; i < HOSTS_MAX; i++)
		n += !bpf_map_lookup_elem(s->hosts, &i, &h) && (h.relation == RELATION_MOTHER || h.relation == RELATION_DAUGHTER) &&
		     h.state == HOST_LINKED && h.heard_ns > then_ns;
	return n;
}

/* Seconds from the death of its gamete to the last link of the next one; links: how many it has. */
static double apart(const struct seen *s, unsigned links)
{
	struct timespec step = { .tv_nsec = STEP_NS };
	pid_t first = lab_family_pid(&s->family, CLASS_GAMETE);
	double since = lab_now();
	uint64_t then;

	cr_assert(first, "there is no gamete");
	then = boot_ns();
	cr_assert_eq(kill(first, SIGKILL), 0);
	while (lab_family_pid(&s->family, CLASS_GAMETE) == first || linked_since(s, then) < links) {
		cr_assert_lt(lab_now() - since, LAB_SOON_S, "%u of %u are linked again", linked_since(s, then), links);
		nanosleep(&step, NULL);
	}
	return lab_now() - since;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void expect_short(const char *whose, const char *host, unsigned links)
{
	struct seen s = see(host);
	double took[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++)
		took[i] = apart(&s, links);
	close(s.hosts);
	qsort(took, ROUNDS, sizeof(*took), compare);
	fprintf(stderr, "%s gamete killed, linked again after: median %.1f ms, most %.1f ms of %d\n", whose, 1e3 * took[ROUNDS / 2],
		1e3 * took[ROUNDS - 1], ROUNDS);
	cr_expect_lt(took[ROUNDS / 2], MEDIAN_S, "%s: %.3f s", whose, took[ROUNDS / 2]);
}

static unsigned neurons(const char *host)
{
	struct seen s = see(host);
	unsigned n = lab_family_pid(&s.family, CLASS_NEURON) != 0;

	close(s.hosts);
	return n;
}

Test(lab_96_gamete_killed, a_while_all_sleep)
{
	trio_grow(&trio);
	expect_short("a sleeping daughter's", lab.client, 1);
	expect_short("a sleeping mother's", NULL, 2);
	cr_expect(!neurons(NULL) && !neurons(lab.client), "somebody woke");
}

static bool daughter_is_awake(void *arg)
{
	(void)arg;
	return neurons(lab.client);
}

Test(lab_96_gamete_killed, b_while_they_live)
{
	trio_grow(&trio);
	lab_wake(&lab);
	trio_at(&trio, lab.client, "secrete growth:drone 0.5");
	lab_expect(&lab, 0, NULL);
	cr_assert(lab_wait(LAB_SOON_S, daughter_is_awake, NULL));
	expect_short("a daughter's", lab.client, 1);
	expect_short("a mother's", NULL, 2);
}
