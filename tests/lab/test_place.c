/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where drones run: beside their blood cell while genes are quick, anywhere as soon as one is not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "lab.h"

LAB_SUITE(lab_46_place, 60);

#define ENOUGH 300 /* requests after which a gene counts as quick and the drone has looked where its blood cell runs */

static struct lab_conn conn;

static void ask(const char *path)
{
	struct lab_answer a;

	lab_say(&conn, "GET %s HTTP/1.1\r\nHost: lab\r\n\r\n", path);
	lab_read(&conn, &a, false, LAB_SOON_S);
	cr_assert_eq(a.status, 200, "%s", path);
	lab_answer_free(&a);
}

static unsigned drone_processors(void)
{
	char list[256];
	unsigned n = 0;

	cr_assert(lab_proc_line(lab_pid(&lab, "drone"), "Cpus_allowed", list, sizeof(list)));
	for (const char *p = list; *p; p++)
		n += *p == ',' ? 0 : (unsigned)__builtin_popcount((unsigned)strtoul((char[]){ *p, 0 }, NULL, 16));
	return n;
}

Test(lab_46_place, a_beside_the_blood_cell_while_genes_are_quick)
{
	unsigned all;

	lab_up(&lab, "", "");
	lab_wake(&lab);
	all = drone_processors();
	if (all < 2)
		cr_skip("this machine has one processor");
	lab_connect(&conn, LAB_SERVER_V4);
	for (int i = 0; i < ENOUGH; i++)
		ask("/hello");
	cr_expect_eq(drone_processors(), 1);
	ask("/sleep");
	cr_expect_eq(drone_processors(), all, "a slow gene sets the drone free");
	lab_hang_up(&conn);
}
