/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Twenty thousand keep-alive connections held at once: what each costs the cells in memory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <stdlib.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_80_idle, 120);

#define HELD       20000
#define HELD_LEAST 2000
#define SPARE      1000 /* descriptors that the test and the cells need beside */
#define BATCH      500
#define BYTES_EACH 1100 /* 1 KiB and its share of pages that are not full */
#define CELLS_MAX  64

static int held[HELD];

static unsigned long pss_kb(void)
{
	pid_t pids[CELLS_MAX];
	unsigned n = lab_pids(&lab, NULL, pids, CELLS_MAX);
	unsigned long sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += lab_memory_kb(pids[i], "Pss:");
	return sum;
}

/* One answer on a connection that stays. */
static bool ask(int fd)
{
	struct lab_conn c = { .fd = fd };
	struct lab_answer a;
	bool ok;

	lab_say(&c, "GET /index.html HTTP/1.1\r\nHost: lab\r\n\r\n");
	lab_read(&c, &a, false, LAB_SOON_S);
	ok = a.status == 200 && a.whole;
	lab_answer_free(&a);
	free(c.in);
	return ok;
}

/* Each has been used once: that is what keep-alive connections are. */
static unsigned hold(unsigned n)
{
	static const char *const from[] = { "10.99.0.2", "10.99.2.1", "10.99.2.2" };
	unsigned answered = 0;

	lab_sh(&lab, "for i in 1 2; do ip -n %s addr add 10.99.2.$i/16 dev eth0; done", lab.client);
	for (unsigned i = 0; i < n; i++) {
		held[i] = lab_dial(LAB_SERVER_V4, from[i % 3]);
		cr_assert_geq(held[i], 0, "connection %u: %s", i, strerror(-held[i]));
		answered += ask(held[i]);
	}
	return answered;
}

/* HELD, or what the host lets a process open. */
static unsigned how_many(void)
{
	struct rlimit l;

	if (lab_allow_files(HELD + SPARE))
		return HELD;
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &l), 0);
	if (l.rlim_max < HELD_LEAST + SPARE || !lab_allow_files((unsigned)l.rlim_max))
		cr_skip("this host lets a process open %llu files only", (unsigned long long)l.rlim_max);
	return (unsigned)l.rlim_max - SPARE;
}

Test(lab_80_idle, a_memory_of_a_connection)
{
	unsigned long before, after;
	unsigned n = how_many();
	char more[128];
	double each;

	snprintf(more, sizeof(more), "limits { connections = %u } timeouts { idle = \"10m\" }", n + 16);
	lab_up(&lab, more, "");
	lab_wake(&lab);
	for (int i = 0; i < BATCH; i++)
		cr_assert_eq(lab_get(LAB_SERVER_V4, "/index.html", NULL), 200);
	before = pss_kb();
	cr_expect_eq(hold(n), n);
	cr_expect_eq(lab_number(&lab, "circulation.connections"), n);
	after = pss_kb();
	each = ((double)after - (double)before) * 1024 / n;
	fprintf(stderr, "%u connections held: the cells grew from %lu to %lu KiB, %.0f bytes each\n", n, before, after, each);
	cr_expect_leq(each, BYTES_EACH, "%.0f bytes each", each);
	for (unsigned i = 0; i < n; i += n / 100)
		cr_expect(ask(held[i]), "connection %u no longer answers", i);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	for (unsigned i = 0; i < n; i++)
		close(held[i]);
}
