/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waking: the first request is answered and leaves a neuron, blood, a drone and a stem pool, all sealed; IPv4, IPv6, XDP. */
#include <criterion/criterion.h>
#include <string.h>
#include "lab.h"

LAB_SUITE(lab_30_waking, 60);

#define CELLS_MAX 32

static bool has_pool(void *arg)
{
	(void)arg;
	/* The founder that became a drone may have left a daughter more than there must be. */
	return lab_number(&lab, "census.stem") >= 3 && lab_number(&lab, "census.drone") == 1 &&
	       lab_number(&lab, "census.blood") == 1 && lab_number(&lab, "census.neuron") == 1;
}

static void expect_answer(const char *address, const char *path, const char *body)
{
	struct lab_answer a;

	cr_expect_eq(lab_get(address, path, &a), 200, "%s is answered %d", path, a.status);
	cr_expect(a.whole && a.body_n == strlen(body) && !memcmp(a.body, body, a.body_n), "%s: %.*s", path, (int)a.body_n, a.body);
	lab_answer_free(&a);
}

Test(lab_30_waking, a_the_first_request_is_answered)
{
	lab_up(&lab, "", "");
	expect_answer(LAB_SERVER_V4, "/index.html", "cellws\n");
}

Test(lab_30_waking, b_over_ipv6_too)
{
	lab_up(&lab, "", "");
	expect_answer(LAB_SERVER_V6, "/index.html", "cellws\n");
	expect_answer(LAB_SERVER_V4, "/index.html", "cellws\n");
}

Test(lab_30_waking, c_a_gene_may_be_the_first)
{
	lab_up(&lab, "", "");
	expect_answer(LAB_SERVER_V4, "/hello", "hello, world\n");
}

Test(lab_30_waking, d_founders_and_a_pool_of_stems)
{
	lab_up(&lab, "", "");
	pid_t egg = lab_pid(&lab, "egg");

	lab_wake(&lab);
	cr_assert(lab_wait(LAB_SOON_S, has_pool, NULL), "%s", lab.out);
	cr_expect_eq(lab_pid(&lab, "neuron"), egg, "the egg has not become the neuron");
	cr_expect_eq(lab_census(&lab, "egg"), 0);
	cr_expect_eq(lab_processes(&lab), lab_census(&lab, NULL), "there are processes that are no cells");
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, "awake");
}

Test(lab_30_waking, e_every_cell_is_sealed)
{
	pid_t pids[CELLS_MAX];
	json_t *all, *cell;
	size_t i;

	lab_up(&lab, "", "");
	lab_wake(&lab);
	cr_assert(lab_wait(LAB_SOON_S, has_pool, NULL), "%s", lab.out);
	unsigned n = lab_pids(&lab, NULL, pids, CELLS_MAX);

	for (unsigned k = 0; k < n; k++)
		cr_expect(lab_is_sealed(pids[k]), "pid %d is not sealed", (int)pids[k]);
	all = lab_status(&lab);
	json_array_foreach(json_object_get(all, "cells"), i, cell)
		cr_expect(json_is_true(json_object_get(cell, "sealed")), "status does not call %s sealed",
			json_string_value(json_object_get(cell, "class")));
	json_decref(all);
}

Test(lab_30_waking, f_many_first_requests_at_once)
{
	struct lab_conn c[20];
	struct lab_answer a;

	lab_up(&lab, "", "");
	for (int i = 0; i < 20; i++)
		lab_connect(&c[i], i % 2 ? LAB_SERVER_V6 : LAB_SERVER_V4);
	for (int i = 0; i < 20; i++)
		lab_say(&c[i], "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	for (int i = 0; i < 20; i++) {
		lab_read(&c[i], &a, false, LAB_SOON_S);
		cr_expect(a.status == 200 && a.whole, "connection %d is answered %d", i, a.status);
		lab_answer_free(&a);
		lab_hang_up(&c[i]);
	}
}

static void expect_mode(const char *mode, const char *in_ip, bool counts)
{
	json_t *all = lab_status(&lab);
	const char *is = json_string_value(json_object_get(json_object_get(all, "organism"), "xdp_mode"));

	cr_expect(is && !strcmp(is, mode), "XDP is %s, not %s", is ? is : "(nothing)", mode);
	json_decref(all);
	expect_answer(LAB_SERVER_V4, "/", "cellws\n");
	cr_expect_eq(lab_number(&lab, "immune.reasons.pass_clean") > 0, counts, "counted in mode %s: %lld", mode,
		lab_number(&lab, "immune.reasons.pass_clean"));
	lab_sh(&lab, "ip -n %s link show eth0", lab.server);
	cr_expect_eq(strstr(lab.out, in_ip) != NULL, counts, "ip link says %s", lab.out);
}

Test(lab_30_waking, g_xdp_in_the_driver_unless_asked_otherwise)
{
	lab_up(&lab, "", "");
	cr_expect(strstr(lab.out, "native"), "up says %s", lab.out);
	expect_mode("native", " xdp ", true);
}

Test(lab_30_waking, h_xdp_native)
{
	lab_up(&lab, "", "--xdp native");
	expect_mode("native", " xdp ", true);
}

Test(lab_30_waking, i_xdp_generic)
{
	lab_up(&lab, "", "--xdp generic");
	cr_expect(strstr(lab.out, "generic"), "up says %s", lab.out);
	expect_mode("generic", "xdpgeneric", true);
}

Test(lab_30_waking, j_xdp_off)
{
	lab_up(&lab, "", "--xdp off");
	cr_expect(strstr(lab.out, "no XDP"), "up says %s", lab.out);
	expect_mode("off", "xdp", false);
}

/* On lo no driver runs XDP: up falls back and says why. */
Test(lab_30_waking, k_where_the_driver_cannot)
{
	lab_write_dna(&lab, "");
	lab_ctl(&lab, "up lo --dna %s", lab.dna);
	lab_expect(&lab, 0, "generic mode on lo");
	lab_expect(&lab, 0, "refuses native mode");
	lab_ctl(&lab, "down");
	lab_ctl(&lab, "up lo --dna %s --xdp native", lab.dna);
	lab_expect(&lab, 1, "does not take the XDP program in native mode");
	lab_expect_nothing_left(&lab);
}
