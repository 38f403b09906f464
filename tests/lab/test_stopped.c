/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cells that hang: the others vote, the hung one is killed and replaced, its requests are served; nobody else is harmed. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab_bus.h"

LAB_SUITE(lab_49_stopped, 90);

#define PROMPT_MS   300
#define ANSWER_MS   300
#define DEADLINE_MS 700
#define NEAR_MS     1600 /* a gene's work, and what its route allows */
#define NEARLY_MS   2400
/* A cell is asked at random times, PROMPT_MS apart on average: that it is left out for this long is one in 10 000. */
#define MARGIN_MS 3000

static struct lab_family family;

static void live(const char *cells)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"%s%s"
		"route \"/slow\" { gene = \"%s/build/genes/sleep.so\" args = \"300\" deadline = \"%dms\" }\n"
		"route \"/near\" { gene = \"%s/build/genes/sleep.so\" args = \"%d\" deadline = \"%dms\" }\n"
		"health { prompt = \"%dms\" answer = \"%dms\" }\n",
		lab_bus_rogue("700ms"), cells, lab_here(), DEADLINE_MS, lab_here(), NEAR_MS, NEARLY_MS, PROMPT_MS, ANSWER_MS);
	lab_up(&lab, text, "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	cr_assert(lab_family_whole(&family, LAB_SOON_S));
}

static const char two_drones[] = "cells { stem { min = 3 } blood { min = 1 max = 2 } drone { min = 2 max = 4 } }\n";
static const char one_drone[] = "cells { stem { min = 3 } blood { min = 1 max = 2 } drone { min = 1 max = 1 } }\n";
static const char two_bloods[] = "cells { stem { min = 3 } blood { min = 2 max = 2 } drone { min = 2 max = 4 } }\n";

struct hung {
	pid_t pid;
	uint32_t id;
	enum cell_class class;
	double since;
};

static void hang(struct hung *h, pid_t pid)
{
	h->pid = pid;
	h->class = lab_family_class(&family, pid);
	h->id = lab_bus_id(&family, pid);
	cr_assert_neq(h->id, 0, "%d is no cell", (int)pid);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	h->since = lab_now();
}

static bool is_dead(void *arg)
{
	const struct hung *h = arg;

	return lab_family_class(&family, h->pid) == CLASS_NONE;
}

/* By vote, in time, for that reason; and only it. */
static void expect_condemned(struct hung *h, uint32_t reason, double within_ms)
{
	struct event e;
	unsigned n, votes;

	if (!lab_wait(2 * LAB_SOON_S, is_dead, h)) {
		kill(h->pid, SIGCONT);
		cr_assert_fail("a hung cell of class %d lives", h->class);
	}
	double took = (lab_now() - h->since) * 1000;

	cr_expect_leq(took, within_ms, "condemned after %.0f ms, not within %.0f", took, within_ms);
	n = lab_bus_events(&lab, HAPPENED_CONDEMN, 0, &e);
	cr_expect_eq(n, 1, "%u cells were condemned", n);
	cr_expect_eq(e.id, h->id);
	cr_expect_eq(e.b, reason, "condemned for reason %u", e.b);
	votes = e.c >> 16;
	cr_expect(2 * votes > (e.c & 0xffff) && (e.c & 0xffff) >= 3, "by %u of %u", votes, e.c & 0xffff);
	cr_expect_geq(lab_bus_events(&lab, HAPPENED_VOTE, 0, NULL), votes, "votes are not told");
	cr_expect_geq(lab_bus_events(&lab, HAPPENED_ACCUSE, 0, NULL), 1);
	cr_expect(lab_family_whole(&family, LAB_SOON_S), "it is not replaced");
	cr_expect(lab_bus_log_says(&lab, "votes against cell"), "the log says %s", lab.out);
	fprintf(stderr, "class %d condemned %.0f ms after it hung, by %u of %u\n", h->class, took, votes, e.c & 0xffff);
}

static void expect_served(void)
{
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/index.html", NULL), 200);
	}
}

static void expect_silent_condemned(struct hung *h)
{
	expect_condemned(h, REASON_SILENT, PROMPT_MS + ANSWER_MS + MARGIN_MS);
	expect_served();
}

Test(lab_49_stopped, a_an_idle_drone)
{
	struct hung h;

	live(two_drones);
	hang(&h, lab_family_pid(&family, CLASS_DRONE));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200, "the other drone serves");
	expect_silent_condemned(&h);
}

/* Three adults are left with it: two of three are a majority. */
Test(lab_49_stopped, b_the_only_drone)
{
	struct hung h;

	live(one_drone);
	hang(&h, lab_family_pid(&family, CLASS_DRONE));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200, "no drone takes its place");
	expect_silent_condemned(&h);
}

static void begin(struct lab_conn *c, const char *method, const char *path)
{
	lab_connect(c, LAB_SERVER_V4);
	lab_say(c, "%s %s HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\n\r\n", method, path);
}

static void expect_answer(struct lab_conn *c, int status)
{
	struct lab_answer a;

	lab_read(c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, status, "answered %d", a.status);
	lab_answer_free(&a);
	lab_hang_up(c);
}

/* What may be repeated is answered by another drone. */
Test(lab_49_stopped, c_a_drone_at_a_request)
{
	struct lab_conn c;
	struct hung h;

	live(one_drone);
	begin(&c, "GET", "/slow");
	usleep(100000);
	hang(&h, lab_family_pid(&family, CLASS_DRONE));
	expect_condemned(&h, REASON_DEADLINE, DEADLINE_MS + MARGIN_MS);
	expect_answer(&c, 200);
	expect_served();
}

static void expect_endless(const char *deed)
{
	struct lab_conn c;
	struct hung h = { .class = CLASS_DRONE };

	live(two_drones);
	h.since = lab_now();
	lab_bus_begin(&c, deed);
	usleep(200000);
	/* Which of them has taken it is known when one is condemned. */
	struct event e = { 0 };

	for (int i = 0; i < 500 && !lab_bus_events(&lab, HAPPENED_CONDEMN, 0, &e); i++)
		usleep(20000);
	h.id = e.id;
	h.pid = -1;
	expect_condemned(&h, REASON_DEADLINE, DEADLINE_MS + MARGIN_MS);
	expect_answer(&c, 504);
	expect_served();
}

Test(lab_49_stopped, d_a_gene_in_an_endless_loop)
{
	expect_endless("do=spin");
}

Test(lab_49_stopped, e_a_gene_that_sleeps_for_ever)
{
	expect_endless("do=sleep_on");
}

/* Its connections go on: one idle, one whose answer is being made, one with half a request. */
static void expect_connections_outlive_blood(void)
{
	struct lab_conn idle, asked, half;
	struct hung h;

	lab_connect(&idle, LAB_SERVER_V4);
	lab_connect(&half, LAB_SERVER_V4);
	lab_say(&half, "GET /hello HTTP/1.1\r\nHo");
	begin(&asked, "GET", "/slow");
	usleep(100000);
	hang(&h, lab_family_pid(&family, CLASS_BLOOD));
	lab_say(&half, "st: lab\r\n\r\n");
	lab_say(&idle, "GET /index.html HTTP/1.1\r\nHost: lab\r\n\r\n");
	expect_condemned(&h, REASON_SILENT, PROMPT_MS + ANSWER_MS + MARGIN_MS);
	expect_answer(&asked, 200);
	expect_answer(&half, 200);
	expect_answer(&idle, 200);
	expect_served();
}

Test(lab_49_stopped, f_the_only_blood_cell)
{
	live(two_drones);
	expect_connections_outlive_blood();
}

Test(lab_49_stopped, g_one_of_two_blood_cells)
{
	live(two_bloods);
	expect_connections_outlive_blood();
}

/* Nobody asks while it hangs: the others notice that nobody does, ask it, and judge. */
Test(lab_49_stopped, h_the_neuron)
{
	struct hung h;

	live(two_drones);
	hang(&h, lab_family_pid(&family, CLASS_NEURON));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200, "no answer without a neuron");
	expect_condemned(&h, REASON_SILENT, 3 * PROMPT_MS + 2 * ANSWER_MS + MARGIN_MS);
	expect_served();
	cr_expect_neq(lab_family_pid(&family, CLASS_NEURON), 0);
}

Test(lab_49_stopped, i_the_neuron_of_the_smallest_family)
{
	struct hung h;

	live(one_drone);
	hang(&h, lab_family_pid(&family, CLASS_NEURON));
	expect_condemned(&h, REASON_SILENT, 3 * PROMPT_MS + 2 * ANSWER_MS + MARGIN_MS);
	expect_served();
}

/* Ten seconds of work, with a slow gene beside quick ones. */
Test(lab_49_stopped, j_nobody_innocent_is_killed)
{
	unsigned deaths, more;

	live(two_drones);
	deaths = lab_bus_events(&lab, HAPPENED_DEATH, 0, NULL);
	lab_sh(&lab, "wrk -t1 -c4 -d10 http://%s:%d/slow > %s/slow & wrk -t1 -c12 -d10 http://%s:%d/hello; wait; cat %s/slow",
		LAB_SERVER_V4, LAB_PORT, lab.dir, LAB_SERVER_V4, LAB_PORT, lab.dir);
	lab_expect(&lab, 0, "requests in");
	cr_expect(!strstr(lab.out, "Non-2xx") && !strstr(lab.out, "Socket errors"), "%s", lab.out);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 0, "somebody was condemned");
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_ACCUSE, 0, NULL), 0, "somebody was accused");
	more = lab_bus_events(&lab, HAPPENED_DEATH, 0, NULL) - deaths;
	cr_expect_leq(more, lab_bus_events(&lab, HAPPENED_LEAVE, 0, NULL), "%u deaths, more than have left", more);
}

/* While it works it cannot answer, though it is asked several times: its own chart says that it is in time. */
Test(lab_49_stopped, k_a_lawful_gene_near_its_deadline)
{
	pid_t drone;

	live(one_drone);
	drone = lab_family_pid(&family, CLASS_DRONE);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/near", NULL), 200);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_ACCUSE, 0, NULL), 0, "somebody was accused");
	cr_expect_eq(lab_family_pid(&family, CLASS_DRONE), drone, "the drone is another");
	expect_served();
}
