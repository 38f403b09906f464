/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long a client waits when the blood cell that serves it is killed: from SIGKILL to the first byte of the adopter's answer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "trial.h"

#define TRIALS     100
#define PATIENCE_S 2.0
#define BETWEEN_US 3000
#define BOUND_S    0.05 /* for machines that others share; on an idle one the median is below 2 ms */

LAB_SUITE(crash_20_time, 120);

/* Upper ends of the bars, in milliseconds; what is above the last falls into one more. */
static const double bars[] = { 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 50 };
#define BARS (sizeof(bars) / sizeof(*bars))

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void print_bar(const char *what, unsigned n)
{
	fprintf(stderr, "    %10s %3u ", what, n);
	while (n--)
		putc('*', stderr);
	putc('\n', stderr);
}

/* Prints the histogram and the median of times in seconds, which are sorted. */
static double print_times(const char *title, const double *times, unsigned n)
{
	char what[32];
	unsigned at = 0;

	fprintf(stderr, "  %s: %u trials, median %.2f ms, 90 of 100 below %.2f ms, most %.2f ms\n", title, n, times[n / 2] * 1e3,
		times[n * 9 / 10] * 1e3, times[n - 1] * 1e3);
	for (unsigned i = 0; i <= BARS; i++) {
		unsigned from = at;

		while (at < n && (i == BARS || times[at] * 1e3 < bars[i]))
			at++;
		snprintf(what, sizeof(what), i < BARS ? "< %g ms" : "more", i < BARS ? bars[i] : 0);
		if (at > from)
			print_bar(what, at - from);
	}
	return times[n / 2];
}

/* Seconds from the kill to the first byte; the rest of the answer is checked. */
static double die_and_ask(struct trial *t, struct lab_conn *c, pid_t blood)
{
	static const char ask[] = "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n";
	struct lab_answer a;
	double killed = lab_now(), served;
	char byte;

	cr_assert_eq(kill(blood, SIGKILL), 0);
	cr_assert_eq(send(c->fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL), (ssize_t)sizeof(ask) - 1);
	cr_assert_eq(recv(c->fd, &byte, 1, MSG_PEEK), 1, "the connection is lost: %s", strerror(errno));
	served = lab_now();
	lab_read(c, &a, false, PATIENCE_S);
	cr_expect_eq(a.status, 200);
	cr_expect(a.whole && a.body_n == 13 && !memcmp(a.body, "hello, world\n", 13));
	lab_answer_free(&a);
	t->tried++;
	return served - killed;
}

static void measure(const char *cells, const char *title)
{
	struct timeval patience = { .tv_sec = (time_t)PATIENCE_S };
	double times[TRIALS];
	struct lab_conn c;
	struct trial t;
	pid_t blood;

	trial_open(&t, &lab, cells);
	for (unsigned i = 0; i < TRIALS; i++) {
		cr_assert(trial_settle(&t, title));
		blood = lab_family_next_blood(&t.family);
		lab_connect(&c, LAB_SERVER_V4);
		setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		usleep(BETWEEN_US);
		times[i] = die_and_ask(&t, &c, blood);
		lab_hang_up(&c);
	}
	qsort(times, TRIALS, sizeof(*times), compare);
	cr_expect_lt(print_times(title, times, TRIALS), BOUND_S, "%s: adoption takes too long", title);
	trial_close(&t);
}

Test(crash_20_time, a_with_one_blood_cell)
{
	measure("stem { min = 3 } blood { min = 1 max = 1 } drone { min = 1 max = 2 }", "adoption with one blood cell");
}

Test(crash_20_time, b_with_two_blood_cells)
{
	measure("stem { min = 3 } blood { min = 2 max = 2 } drone { min = 1 max = 2 }", "adoption with two blood cells");
}
