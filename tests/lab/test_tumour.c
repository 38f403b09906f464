/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Genes that try what a drone may not, or die: only their own request is lost. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "lab.h"

LAB_SUITE(lab_45_tumour, 60);

static void live(void)
{
	char text[512];

	snprintf(text, sizeof(text), "route \"/fork\" { gene = \"%s/build/tests/genes/fork.so\" }", lab_here());
	lab_up(&lab, text, "");
	lab_wake(&lab);
}

static bool has_a_drone(void *arg)
{
	(void)arg;
	return lab_number(&lab, "census.drone") >= 1 && lab_processes(&lab) == lab_census(&lab, NULL);
}

/* Its death is announced a moment before its process is gone. */
static bool is_dead(void *arg)
{
	return !lab_alive(*(pid_t *)arg);
}

static int post(const char *path)
{
	struct lab_conn c;
	struct lab_answer a;

	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "POST %s HTTP/1.1\r\nHost: lab\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", path);
	lab_read(&c, &a, false, LAB_SOON_S);
	lab_hang_up(&c);
	int status = a.status;

	lab_answer_free(&a);
	return status;
}

static void expect_others_go_on(void)
{
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/index.html", NULL), 200);
	}
	cr_expect(lab_wait(LAB_SOON_S, has_a_drone, NULL), "processes: %u, cells: %s", lab_processes(&lab), lab.out);
}

Test(lab_45_tumour, a_a_fork_ends_the_drone)
{
	live();
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/fork", NULL), 502);
	expect_others_go_on();
	lab_sh(&lab, "cat %s/lab/log", lab.run_dir);
	cr_expect(strstr(lab.out, "a system call that is not allowed"), "the log says %s", lab.out);
}

Test(lab_45_tumour, b_what_may_not_be_repeated_is_tried_once)
{
	live();
	pid_t drone = lab_pid(&lab, "drone");

	cr_expect_eq(post("/fork"), 502);
	cr_expect(lab_wait(LAB_SOON_S, is_dead, &drone), "drone %d lives", (int)drone);
	expect_others_go_on();
	lab_sh(&lab, "grep -c 'not allowed' %s/lab/log", lab.run_dir);
	cr_expect_eq(atoi(lab.out), 1, "%s drones died of one POST", lab.out);
}

Test(lab_45_tumour, c_a_gene_that_crashes)
{
	live();
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/crash", NULL), 200);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/crash?now=1", NULL), 502);
	expect_others_go_on();
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/crash", NULL), 200);
}

Test(lab_45_tumour, d_a_crash_keeps_the_connection)
{
	/* Requests of one shape would be refused after the second death. */
	static const char *const crashes[] = { "now=1", "now=1&again=1", "now=1&for=ever" };
	struct lab_conn c;
	struct lab_answer a;

	live();
	lab_connect(&c, LAB_SERVER_V4);
	for (int i = 0; i < 3; i++) {
		lab_say(&c, "GET /crash?%s HTTP/1.1\r\nHost: lab\r\n\r\nGET /hello HTTP/1.1\r\nHost: lab\r\n\r\n", crashes[i]);
		lab_read(&c, &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 502);
		lab_answer_free(&a);
		lab_read(&c, &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200, "what came behind a crash is answered %d", a.status);
		lab_answer_free(&a);
	}
	lab_hang_up(&c);
}
