/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A drone that has been taken over meets the constitution: every forbidden call is refused by name, and a minority rules nobody. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab_bus.h"
#include "tissue/plan.h"

LAB_SUITE(lab_48_constitution, 90);

static struct lab_family family;

static void live(const char *more, const char *deadline)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", lab_bus_rogue(deadline), more);
	lab_up(&lab, text, "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	cr_assert(lab_family_whole(&family, LAB_SOON_S), "not everybody is there");
}

static uint32_t any_id(enum cell_class class)
{
	pid_t pid = lab_family_pid(&family, class);

	cr_assert_neq(pid, 0, "there is no cell of class %d", class);
	return lab_bus_id(&family, pid);
}

/* A number of what the gene tells of one call. */
static long said(const char *name, const char *query)
{
	struct lab_answer a;
	int status = lab_bus_ask(&a, query);
	long n = lab_bus_number(&a, name);

	cr_assert_eq(status, 200, "%s is answered %d", query, status);
	lab_answer_free(&a);
	return n;
}

/* Fails unless the gland's answer to a call is this. */
static void expect_answer(long answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void expect_answer(long answer, const char *format, ...)
{
	char query[256];
	va_list args;
	long is;

	va_start(args, format);
	vsnprintf(query, sizeof(query), format, args);
	va_end(args);
	is = said("answer", query);
	cr_expect_eq(is, answer, "%s is answered %ld, not %ld", query, is, answer);
}

/* Whether the refusal of a cell's call has been told by this name. */
static void expect_told(uint32_t id, uint32_t answer)
{
	struct event e;

	lab_bus_events(&lab, HAPPENED_REFUSE, id, &e);
	cr_expect_eq(e.a, answer, "the last refusal is told as %u, not %u", e.a, answer);
}

Test(lab_48_constitution, a_forged_strength)
{
	uint32_t me;

	live("", "5s");
	me = any_id(CLASS_DRONE);
	expect_answer(GLAND_OK, "do=bus&program=%d&kind=%d&strength=32768", FD_SECRETE, HORMONE_CALM);
	expect_answer(GLAND_LOUD, "do=bus&program=%d&kind=%d&strength=32769", FD_SECRETE, HORMONE_CALM);
	expect_told(me, GLAND_LOUD);
	expect_answer(GLAND_LOUD, "do=bus&program=%d&kind=%d&class=%d&strength=65536", FD_SECRETE, HORMONE_GROWTH, CLASS_DRONE);
	expect_answer(GLAND_RANGE, "do=bus&program=%d&kind=%d&class=%d&strength=9", FD_SECRETE, HORMONE_GROWTH, CLASS_EGG);
	expect_answer(GLAND_RANGE, "do=bus&program=%d&kind=77&strength=9", FD_SECRETE);
	cr_expect_eq(any_id(CLASS_DRONE), me, "the drone is another");
}

Test(lab_48_constitution, b_what_was_not_received)
{
	uint32_t me;

	live("", "5s");
	me = any_id(CLASS_DRONE);
	expect_answer(GLAND_UNHEARD, "do=bus&program=%d&molecule=123456789", FD_RELAY);
	expect_told(me, GLAND_UNHEARD);
	expect_answer(GLAND_UNHEARD, "do=bus&program=%d&molecule=0", FD_RELAY);
}

Test(lab_48_constitution, c_votes)
{
	uint32_t me, blood;

	live("", "5s");
	me = any_id(CLASS_DRONE);
	blood = any_id(CLASS_BLOOD);
	expect_answer(GLAND_TWICE, "do=bus&program=%d&times=2&target=%u&reason=%d", FD_VOTE, blood, REASON_SILENT);
	expect_told(me, GLAND_TWICE);
	expect_answer(GLAND_DEAD, "do=bus&program=%d&target=%u&reason=%d", FD_VOTE, blood + 256 * 999, REASON_SILENT);
	expect_told(me, GLAND_DEAD);
	expect_answer(GLAND_DEAD, "do=bus&program=%d&target=%u&reason=%d", FD_VOTE, me, REASON_SILENT);
	expect_answer(GLAND_RANGE, "do=bus&program=%d&target=%u&reason=99", FD_VOTE, blood);
	cr_expect_eq(any_id(CLASS_BLOOD), blood);
}

/* A drone has not even the descriptors. */
Test(lab_48_constitution, d_dividing_and_becoming)
{
	static const int programs[] = { FD_DIVIDE, FD_BECOME, FD_ANIMATE };
	struct lab_answer a;
	char query[128];

	live("", "5s");
	for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		snprintf(query, sizeof(query), "do=gland&program=%d&class=%d&seen=0", programs[i], CLASS_TCELL);
		cr_assert_eq(lab_bus_ask(&a, query), 200);
		cr_expect_eq(lab_bus_number(&a, "error"), EBADF, "program %d: error %ld", programs[i], lab_bus_number(&a, "error"));
		lab_answer_free(&a);
	}
	cr_expect_eq(lab_family_pid(&family, CLASS_TCELL), 0);
	expect_answer(GLAND_MINIMUM, "do=gland&program=%d", FD_LEAVE);
}

Test(lab_48_constitution, e_any_other_command_of_bpf_is_deadly)
{
	struct lab_answer a;
	uint32_t me;

	live("", "5s");
	me = any_id(CLASS_DRONE);
	cr_expect_eq(lab_bus_ask(&a, "do=update&fd=9"), 502);
	lab_answer_free(&a);
	cr_expect(lab_family_whole(&family, LAB_SOON_S));
	cr_expect_neq(any_id(CLASS_DRONE), me);
	cr_expect(lab_bus_log_says(&lab, "a system call that is not allowed"), "the log says %s", lab.out);
}

/* Of all descriptors only the own inbox's first page, which says how far it has been read, can be mapped for writing. */
Test(lab_48_constitution, f_no_map_can_be_written)
{
	struct lab_answer a;
	uint32_t drone, inbox;
	struct plan plan;

	live("", "5s");
	drone = any_id(CLASS_DRONE);
	plan = (struct plan){ .vessels = family.census[CLASS_BLOOD].max, .slots = family.slots };
	cr_assert_eq(lab_bus_ask(&a, "do=maps"), 200);
	inbox = (uint32_t)lab_bus_number(&a, "mapped");
	cr_expect_eq(lab_bus_number(&a, "total"), 1, "mapped: %s", a.body);
	cr_expect_eq(inbox, plan_inbox(&plan, cell_slot_of_id(drone)), "descriptor %u is mapped", inbox);
	lab_answer_free(&a);
	/* What was written to its descriptors has rung bells and filled gift boxes, no more. */
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/index.html", NULL), 200);
	}
}

/* Mappings of BPF maps in a process as they may be used; f for each. How many. */
static unsigned each_map_of(pid_t pid, const char *may, void (*f)(unsigned long at, unsigned long n))
{
	char name[64], line[512], rights[8], file[256];
	unsigned long from, to;
	unsigned n = 0;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "re");
	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from, &to, rights, file) != 4)
			continue;
		if (!strstr(file, "bpf-map") || strcmp(rights, may))
			continue;
		f(from, to - from);
		n++;
	}
	fclose(maps);
	return n;
}

static void expect_sealed(unsigned long at, unsigned long n)
{
	char query[128];
	long error;

	snprintf(query, sizeof(query), "do=protect&at=%lu&bytes=%lu", at, n);
	error = said("error", query);
	cr_expect_eq(error, EACCES, "the mapping at %lx: %s", at, strerror((int)error));
}

static void ignore(unsigned long at, unsigned long n)
{
	(void)at;
	(void)n;
}

Test(lab_48_constitution, g_what_is_mapped_for_reading_stays_so)
{
	pid_t drone;
	unsigned n;

	live("", "5s");
	drone = lab_family_pid(&family, CLASS_DRONE);
	n = each_map_of(drone, "r--s", expect_sealed);
	cr_expect_geq(n, 8, "only %u maps: cells, census, organism, vessels, constitution, receptors, pulses, proofs", n);
	n = each_map_of(drone, "rw-s", ignore);
	cr_expect_eq(n, 3, "%u can be written, not vitals, loads and the inbox alone", n);
	cr_expect_eq(lab_family_pid(&family, CLASS_DRONE), drone);
}

static const char seven[] = "cells { stem { min = 3 } blood { min = 1 max = 1 } drone { min = 7 max = 9 } }\n"
			    "health { prompt = \"300ms\" answer = \"3s\" }\n";

static unsigned most_living(unsigned most)
{
	unsigned is = family.census[CLASS_DRONE].living;

	return is > most ? is : most;
}

/* Cells that have died by a signal; who leaves by its own decision exits with 0. */
static unsigned killed(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < EVENTS_MAX; i++) {
		struct event e;

		lab_bus_look(&lab, "events", i, &e);
		n += e.seq && e.kind == HAPPENED_DEATH && e.a;
	}
	return n;
}

#define STORM_MS 4000

/* Three of seven call whatever there is, about everybody, as fast as they can. */
Test(lab_48_constitution, h_a_minority_of_rogues)
{
	struct lab_conn storm[3];
	struct lab_answer a;
	pid_t all[32];
	unsigned n, asked = 0, most = 0;
	double end;

	live(seven, "30s");
	n = lab_family_pids(&family, CLASS_DRONE, all, 16);
	cr_assert_eq(n, 7);
	n += lab_family_pids(&family, CLASS_BLOOD, all + n, 4);
	n += lab_family_pids(&family, CLASS_NEURON, all + n, 4);
	cr_assert_eq(n, 9);
	for (int i = 0; i < 3; i++)
		lab_bus_begin(&storm[i], "do=storm&ms=4000");
	for (end = lab_now() + STORM_MS / 1e3 - 0.5; lab_now() < end; asked++) {
		int status = lab_get(LAB_SERVER_V4, asked % 2 ? "/hello" : "/index.html", NULL);

		cr_assert_eq(status, 200, "request %u is answered %d", asked, status);
		most = most_living(most);
	}
	cr_expect_gt(asked, 50, "%u requests were answered in %d ms", asked, STORM_MS);
	cr_expect_leq(most, 9, "%u drones", most);
	cr_expect_geq(family.census[CLASS_DRONE].living, 7);
	for (int i = 0; i < 3; i++) {
		lab_read(&storm[i], &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200, "a storm ends with %d", a.status);
		cr_expect_gt(lab_bus_number(&a, "turns"), 1000);
		lab_answer_free(&a);
		lab_hang_up(&storm[i]);
	}
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 0, "somebody was condemned");
	cr_expect_eq(lab_family_pids(&family, CLASS_BLOOD, all + 16, 4) + lab_family_pids(&family, CLASS_NEURON, all + 16, 4), 2);
	cr_expect_eq(killed(), 0, "%u were killed", killed());
	cr_expect(lab_family_class(&family, all[7]) && lab_family_class(&family, all[8]), "blood or neuron was killed");
	fprintf(stderr, "three rogues of seven drones: %u requests answered meanwhile, at most %u drones\n", asked, most);
}

static uint32_t condemned_for(uint32_t id, double seconds)
{
	double end = lab_now() + seconds;
	struct event e;

	do {
		if (lab_bus_events(&lab, HAPPENED_CONDEMN, id, &e))
			return e.b;
		usleep(20000);
	} while (lab_now() < end);
	return REASON_NONE;
}

/* The taken drone's id, once it is at the request. */
static uint32_t begin_alone(struct lab_conn *c, const char *query)
{
	uint32_t id = any_id(CLASS_DRONE);

	lab_bus_begin(c, query);
	return id;
}

static const char quick[] = "cells { blood { min = 1 max = 1 } drone { min = 1 max = 1 } }\n"
			    "health { prompt = \"300ms\" answer = \"300ms\" memory = \"64M\" }\n";

Test(lab_48_constitution, i_who_proves_wrongly_is_condemned)
{
	struct lab_answer a;
	struct lab_conn c;
	uint32_t id;

	live(quick, "30s");
	id = begin_alone(&c, "do=lie&ms=9000");
	cr_expect_eq(condemned_for(id, LAB_SOON_S), REASON_PROOF);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 502, "a POST that a condemned drone had is answered %d", a.status);
	lab_answer_free(&a);
	lab_hang_up(&c);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	cr_expect_neq(any_id(CLASS_DRONE), id);
	cr_expect(lab_bus_log_says(&lab, "the proof of the key was wrong"), "the log says %s", lab.out);
}

Test(lab_48_constitution, j_who_eats_too_much_is_condemned)
{
	struct lab_answer a;
	uint32_t id;

	live(quick, "30s");
	id = any_id(CLASS_DRONE);
	cr_expect_eq(lab_bus_ask(&a, "do=eat&mb=30"), 200);
	lab_answer_free(&a);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	cr_expect_eq(condemned_for(id, 1), REASON_NONE, "condemned below the limit");
	cr_expect_eq(lab_bus_ask(&a, "do=eat&mb=50"), 200);
	lab_answer_free(&a);
	cr_expect_eq(condemned_for(id, LAB_SOON_S), REASON_MEMORY);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}

static bool is_gone(void *pid)
{
	return lab_family_class(&family, *(pid_t *)pid) == CLASS_NONE;
}

static bool are_two(void *arg)
{
	(void)arg;
	return family.census[CLASS_DRONE].living >= 2;
}

/* A gene that says in its drone's name that it leaves: counted no more, the drone must not stay and work uncounted. */
Test(lab_48_constitution, k_who_says_that_it_leaves_goes)
{
	union sigval growth = { .sival_int = CLASS_DRONE * 10000 + 9999 };
	struct lab_answer a;
	char query[64];
	pid_t by;

	live("cells { blood { min = 1 max = 1 } drone { min = 1 max = 3 } }\n", "5s");
	for (int i = 0; i < 100 && !are_two(NULL); i++) {
		cr_assert_eq(sigqueue(lab_family_pid(&family, CLASS_NEURON), SIGRTMIN + HORMONE_GROWTH, growth), 0);
		usleep(50000);
	}
	cr_assert(are_two(NULL), "no second drone");
	snprintf(query, sizeof(query), "do=gland&program=%d", FD_LEAVE);
	cr_assert_eq(lab_bus_ask(&a, query), 200);
	cr_expect_eq(lab_bus_number(&a, "answer"), GLAND_OK);
	by = (pid_t)lab_bus_number(&a, "pid");
	lab_answer_free(&a);
	cr_expect(lab_wait(2, is_gone, &by), "it stays");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}
