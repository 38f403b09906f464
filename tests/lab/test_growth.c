/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The colony and its load: it grows when requests wait, settles, shrinks again; and what root says to a cell is heard. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab_bus.h"
#include "shared/receptor.h"

LAB_SUITE(lab_49_growth, 90);

#define DRONES_MAX 12
#define CLIENTS	   8

static struct lab_family family;

static void live(const char *drones)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"route \"/nap\" { gene = \"%s/build/genes/sleep.so\" args = \"20\" }\n"
		"cells { stem { min = 3 } blood { min = 1 max = 1 } drone { %s } }\n",
		lab_here(), drones);
	lab_up(&lab, text, "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	cr_assert(lab_family_whole(&family, LAB_SOON_S));
}

static unsigned drones(void)
{
	return family.census[CLASS_DRONE].living;
}

struct grown {
	double second, enough; /* seconds after the load began */
	unsigned least, most;  /* in the last part of the load */
	unsigned ever;
};

/* Watches while wrk runs; pid: wrk's shell. */
static void watch(struct grown *g, double seconds)
{
	double begin = lab_now(), now;

	*g = (struct grown){ .second = -1, .enough = -1, .least = UINT32_MAX };
	while ((now = lab_now() - begin) < seconds) {
		unsigned n = drones();

		if (n >= 2 && g->second < 0)
			g->second = now;
		if (n >= CLIENTS * 8 / 10 && g->enough < 0)
			g->enough = now;
		g->ever = n > g->ever ? n : g->ever;
		if (now > seconds - 3) {
			g->least = n < g->least ? n : g->least;
			g->most = n > g->most ? n : g->most;
		}
		usleep(2000);
	}
}

static bool is_small(void *arg)
{
	(void)arg;
	return drones() <= 2;
}

static struct receptors receptors_of(pid_t pid)
{
	uint32_t id = lab_bus_id(&family, pid);
	struct receptors r;

	cr_assert_neq(id, 0);
	lab_bus_look(&lab, "receptors", cell_slot_of_id(id), &r);
	return r;
}

/* The neuron hears what it says itself; its daughters hear it from the neuron. */
static void expect_levels(void)
{
	struct receptors neuron = receptors_of(lab_family_pid(&family, CLASS_NEURON));
	struct receptors stem = receptors_of(lab_family_pid(&family, CLASS_STEM));

	cr_expect(neuron.growth.drone.heard && neuron.growth.drone.level_q16, "the neuron calls for no drone");
	cr_expect(stem.growth.drone.heard, "no stem has heard the call");
}

Test(lab_49_growth, a_it_grows_settles_and_shrinks)
{
	struct grown g;

	live("min = 1 max = 12");
	cr_assert_eq(drones(), 1);
	lab_sh(&lab, "(wrk -t1 -c%d -d7 http://%s:%d/nap > %s/wrk 2>&1; echo $? >> %s/wrk) < /dev/null > /dev/null 2>&1 &", CLIENTS,
		LAB_SERVER_V4, LAB_PORT, lab.dir, lab.dir);
	watch(&g, 6.5);
	fprintf(stderr, "second drone after %.0f ms, %d of %d after %.0f ms, then %u to %u, at most %u\n", g.second * 1e3,
		CLIENTS * 8 / 10, CLIENTS, g.enough * 1e3, g.least, g.most, g.ever);
	cr_expect(g.second >= 0 && g.second <= 0.5, "the second drone comes after %.3f s", g.second);
	cr_expect(g.enough >= 0 && g.enough <= 3, "enough are there after %.3f s", g.enough);
	cr_expect_leq(g.most - g.least, 4, "it flaps between %u and %u", g.least, g.most);
	cr_expect_leq(g.ever, DRONES_MAX);
	expect_levels();
	cr_expect(lab_wait(30, is_small, NULL), "%u drones without load", drones());
	cr_expect_geq(family.census[CLASS_STEM].living, 3);
	lab_sh(&lab, "cat %s/wrk", lab.dir);
	cr_expect(strstr(lab.out, "requests in") && !strstr(lab.out, "Non-2xx") && !strstr(lab.out, "Socket errors"), "%s", lab.out);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 0);
}

/* class * 10000 + strength in ten-thousandths */
static void post(pid_t pid, int kind, int class, int strength)
{
	union sigval value = { .sival_int = class * 10000 + strength };

	cr_assert_eq(sigqueue(pid, SIGRTMIN + kind, value), 0);
}

static bool hears_alarm(void *pid)
{
	return receptors_of(*(pid_t *)pid).alarm.heard;
}

/* A level of the neuron is what root has said; that of its relatives is what the neuron passes on. */
Test(lab_49_growth, b_a_signal_raises_a_level)
{
	pid_t neuron, drone;
	struct receptor alarm;
	struct event e;

	live("min = 1 max = 3");
	neuron = lab_family_pid(&family, CLASS_NEURON);
	drone = lab_family_pid(&family, CLASS_DRONE);
	cr_assert(!receptors_of(neuron).alarm.heard && !receptors_of(drone).alarm.heard);
	post(neuron, HORMONE_ALARM, 0, 8000);
	cr_expect(lab_wait(LAB_SOON_S, hears_alarm, &neuron));
	alarm = receptors_of(neuron).alarm;
	cr_expect_eq(alarm.level_q16, 8000 * Q16_ONE / 10000, "the level is %u", alarm.level_q16);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_SECRETE, lab_bus_id(&family, neuron), &e) > 0, true);
	cr_expect(lab_wait(LAB_SOON_S, hears_alarm, &drone), "the drone has not heard of it");
	alarm = receptors_of(drone).alarm;
	cr_expect(alarm.level_q16 && alarm.level_q16 <= 8000 * Q16_ONE / 10000, "the drone's level is %u", alarm.level_q16);
}

/* A cell that is told to say more than it may says as much as it may. */
Test(lab_49_growth, c_a_signal_to_a_drone_is_as_loud_as_a_drone)
{
	pid_t drone;

	live("min = 1 max = 3");
	drone = lab_family_pid(&family, CLASS_DRONE);
	post(drone, HORMONE_ALARM, 0, 10000 - 1);
	cr_expect(lab_wait(LAB_SOON_S, hears_alarm, &drone));
	cr_expect_eq(receptors_of(drone).alarm.level_q16, Q16_ONE / 2, "%u", receptors_of(drone).alarm.level_q16);
}

static bool has_two(void *arg)
{
	(void)arg;
	return drones() >= 2;
}

Test(lab_49_growth, d_growth_that_root_says_grows)
{
	live("min = 1 max = 3");
	for (int i = 0; i < 200 && drones() < 2; i++) {
		post(lab_family_pid(&family, CLASS_NEURON), HORMONE_GROWTH, CLASS_DRONE, 10000 - 1);
		usleep(50000);
	}
	cr_expect(has_two(NULL), "%u drones", drones());
	cr_expect(lab_wait(30, is_small, NULL));
}

/* What is no value of ours, or comes without one, does nothing. */
Test(lab_49_growth, e_other_signals_do_nothing)
{
	pid_t neuron;

	live("min = 1 max = 3");
	neuron = lab_family_pid(&family, CLASS_NEURON);
	cr_assert_eq(kill(neuron, SIGRTMIN + HORMONE_ALARM), 0);
	post(neuron, HORMONE_ALARM, 0, -5);
	post(neuron, HORMONE_DANGER, 0, 5000);
	usleep(500000);
	cr_expect_eq(lab_family_pid(&family, CLASS_NEURON), neuron, "it has died of a signal");
	cr_expect(!receptors_of(neuron).alarm.heard && !receptors_of(neuron).danger.heard);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}
