/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end: open requests get their whole answer, clients that do not read are waited for only so long, nothing is left. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include "lab.h"

LAB_SUITE(lab_60_down, 60);

#define CELLS_MAX 32
#define BOUND_S   8 /* for an end that has nothing to wait for, on a slow machine; the default drain is 10 s */

static double down(void)
{
	double began = lab_now();

	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	return lab_now() - began;
}

static bool has_connection(void *arg)
{
	return lab_number(&lab, "circulation.connections") >= *(int *)arg;
}

static void wait_for_connections(int n)
{
	cr_assert(lab_wait(LAB_SOON_S, has_connection, &n), "%d connections are not open: %s", n, lab.out);
}

Test(lab_60_down, a_awake_and_idle)
{
	pid_t pids[CELLS_MAX];
	unsigned n;

	lab_up(&lab, "", "");
	lab_wake(&lab);
	n = lab_pids(&lab, NULL, pids, CELLS_MAX);
	cr_expect_lt(down(), BOUND_S);
	for (unsigned i = 0; i < n; i++)
		cr_expect(!lab_alive(pids[i]), "pid %d lives", (int)pids[i]);
	lab_expect_nothing_left(&lab);
	lab_ctl(&lab, "status");
	lab_expect(&lab, 3, "not running");
	cr_expect(!lab_reaches(LAB_SERVER_V4, NULL, 1));
}

Test(lab_60_down, b_a_request_in_progress_is_answered)
{
	struct lab_conn c;
	struct lab_answer a;

	lab_up(&lab, "", "");
	lab_wake(&lab);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /sleep HTTP/1.1\r\nHost: lab\r\n\r\n");
	wait_for_connections(1);
	down();
	lab_read(&c, &a, false, 1);
	cr_expect_eq(a.status, 200);
	cr_expect(a.whole && a.body_n == 13 && !memcmp(a.body, "slept 300 ms\n", 13), "%s", a.bytes);
	const char *connection = lab_field(&a, "Connection");

	cr_expect(connection && !strcmp(connection, "close"), "Connection: %s", connection ? connection : "(none)");
	cr_expect(lab_closes(&c, 1));
	lab_answer_free(&a);
	lab_hang_up(&c);
	lab_expect_nothing_left(&lab);
}

Test(lab_60_down, c_a_large_file_in_progress_arrives_whole)
{
	struct lab_conn c;
	struct lab_answer a;
	size_t size = 20 * 1000 * 1000;
	char *bytes = malloc(size);

	cr_assert_not_null(bytes);
	memset(bytes, 'x', size);
	lab_put(&lab, "big", bytes, size);
	free(bytes);
	lab_up(&lab, "", "");
	lab_wake(&lab);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /big HTTP/1.1\r\nHost: lab\r\n\r\n");
	wait_for_connections(1);
	lab_sh(&lab, "nsenter --net=/run/netns/%s -- %s/cellctl down --run-dir %s --bpffs %s > %s/said 2>&1 &", lab.server,
		lab_here(), lab.run_dir, lab.bpffs, lab.dir);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 200);
	cr_expect(a.whole && a.body_n == size, "%zu of %zu bytes came", a.body_n, size);
	lab_answer_free(&a);
	cr_expect(lab_closes(&c, LAB_SOON_S));
	lab_hang_up(&c);
}

Test(lab_60_down, d_idle_connections_are_closed_at_once)
{
	struct lab_conn used, fresh;
	struct lab_answer a;

	lab_up(&lab, "", "");
	lab_wake(&lab);
	lab_connect(&used, LAB_SERVER_V4);
	lab_connect(&fresh, LAB_SERVER_V6);
	lab_say(&used, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n");
	lab_read(&used, &a, false, LAB_SOON_S);
	lab_answer_free(&a);
	wait_for_connections(2);
	cr_expect_lt(down(), BOUND_S);
	cr_expect(lab_closes(&used, 1));
	cr_expect(lab_closes(&fresh, 1));
	lab_hang_up(&used);
	lab_hang_up(&fresh);
	lab_expect_nothing_left(&lab);
}

Test(lab_60_down, e_a_client_that_never_reads_is_waited_for_only_so_long)
{
	struct lab_conn c;

	lab_put(&lab, "big", NULL, 20 * 1000 * 1000);
	lab_up(&lab, "timeouts { drain = \"500ms\" }", "");
	lab_wake(&lab);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /big HTTP/1.1\r\nHost: lab\r\n\r\n");
	wait_for_connections(1);
	cr_expect_lt(down(), BOUND_S);
	cr_expect_str_empty(lab.err, "not of itself: %s", lab.err);
	lab_expect_nothing_left(&lab);
	lab_hang_up(&c);
}

Test(lab_60_down, f_a_half_request_is_waited_for_only_so_long)
{
	struct lab_conn c;

	lab_up(&lab, "timeouts { drain = \"500ms\" }", "");
	lab_wake(&lab);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /index.html HTT");
	wait_for_connections(1);
	cr_expect_lt(down(), BOUND_S);
	cr_expect_str_empty(lab.err, "not of itself: %s", lab.err);
	lab_expect_nothing_left(&lab);
	lab_hang_up(&c);
}

Test(lab_60_down, g_a_cell_that_is_stopped_is_killed)
{
	lab_up(&lab, "timeouts { drain = \"500ms\" }", "");
	lab_wake(&lab);
	cr_assert_eq(kill(lab_pid(&lab, "drone"), SIGSTOP), 0);
	cr_expect_lt(down(), BOUND_S);
	cr_expect(strstr(lab.err, "had not ended in time"), "says %s", lab.err);
	lab_expect_nothing_left(&lab);
}

Test(lab_60_down, h_up_again_after_it)
{
	lab_up(&lab, "", "");
	for (int i = 0; i < 3; i++) {
		lab_wake(&lab);
		down();
		lab_expect_nothing_left(&lab);
		lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
		lab_expect(&lab, 0, NULL);
		cr_expect_str_empty(lab.err, "up says %s", lab.err);
	}
}
