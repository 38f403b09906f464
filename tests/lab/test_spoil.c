/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Drones that overwrite what all drones share, as fast as they can: nobody dies of it, and the service goes on. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include "lab_bus.h"
#include "lab_memory.h"
#include "tissue/synapse.h"

LAB_SUITE(lab_48_spoil, 60);

#define DRONES	 3
#define SPOIL_MS 1500
#define BEGIN_MS 300 /* till all that are to spoil have begun */
#define HASTY_S	 0.05
#define LARGE	 200000 /* bytes: an answer that leaves as a file */

static struct lab_family family;
static pid_t drones[DRONES], blood;
static unsigned long shared; /* where the drones have it */

static void live(void)
{
	char text[1024];

	snprintf(text, sizeof(text), "%scells { blood { min = 1 max = 1 } drone { min = %d max = %d } }", lab_bus_rogue("10s"), DRONES,
		DRONES);
	lab_put(&lab, "large", NULL, LARGE);
	lab_up(&lab, text, "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	cr_assert(lab_family_whole(&family, LAB_SOON_S));
	cr_assert_eq(lab_family_pids(&family, CLASS_DRONE, drones, DRONES), DRONES);
	blood = lab_family_pid(&family, CLASS_BLOOD);
	shared = lab_synapse_of(drones[0]);
}

/* The status, 0 when there is none in so many seconds. */
static int get(const char *path, double seconds)
{
	struct lab_conn c;
	struct lab_answer a;
	int status;

	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET %s HTTP/1.1\r\nHost: lab\r\n\r\n", path);
	lab_read(&c, &a, false, seconds);
	status = a.status;
	lab_answer_free(&a);
	lab_hang_up(&c);
	return status;
}

/* Clients that come, and go when they were not answered in so many seconds. How many were answered 200. */
static unsigned ask_on(const char *path, double seconds, double patience)
{
	unsigned served = 0;

	for (double until = lab_now() + seconds; lab_now() < until;)
		served += get(path, patience) == 200;
	return served;
}

static bool all_free(void *arg)
{
	static struct slot slots[SYNAPSE_SLOTS];
	unsigned n = 0;

	(void)arg;
	lab_peek(drones[0], shared + offsetof(struct synapse, slot), slots, sizeof(slots));
	for (unsigned i = 0; i < SYNAPSE_SLOTS; i++)
		n += slot_state(slots[i].word) == SLOT_FREE;
	return n == SYNAPSE_SLOTS;
}

static bool serves(void *arg)
{
	return get(arg, 1) == 200;
}

static void expect_unharmed(void)
{
	cr_expect(!kill(blood, 0), "blood died of it");
	for (int i = 0; i < DRONES; i++)
		cr_expect(!kill(drones[i], 0), "drone %d died of it", i);
	cr_expect(!lab_bus_log_says(&lab, "bug at") && !lab_bus_log_says(&lab, "by signal"), "the log says %s", lab.out);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 0);
	cr_expect_eq(lab_number(&lab, "immune.pathogens"), 0);
	cr_expect(lab_wait(LAB_SOON_S, serves, "/hello"), "/hello is not answered any more");
	cr_expect(lab_wait(LAB_SOON_S, serves, "/large"), "/large is not answered any more");
	cr_expect(lab_wait(LAB_SOON_S, all_free, NULL), "a slot is lost");
}

/* One drone overwrites what blood has put into the slots, and what stands of it beside their word. */
Test(lab_48_spoil, a_requests)
{
	struct lab_conn c;

	live();
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c,
		"POST /rogue?do=spoil&ms=%d&at=%lu&count=%u&step=%zu&bytes=%zu&at2=%lu&count2=%u&step2=%u&bytes2=%zu HTTP/1.1\r\n"
		"Host: lab\r\nContent-Length: 0\r\n\r\n",
		SPOIL_MS, shared + offsetof(struct synapse, slot) + offsetof(struct slot, route), SYNAPSE_SLOTS, sizeof(struct slot),
		sizeof(struct slot) - offsetof(struct slot, route), shared + offsetof(struct synapse, data), SYNAPSE_SLOTS, SLOT_BYTES,
		sizeof(struct http_request));
	ask_on("/hello", SPOIL_MS / 1000.0, HASTY_S);
	lab_hang_up(&c);
	expect_unharmed();
}

/* Two of five adults overwrite everything: words, queue, flags, and what the slots hold. */
Test(lab_48_spoil, b_all_that_is_shared)
{
	struct lab_conn rogue[2], patient;
	struct lab_answer a;

	live();
	for (int i = 0; i < 2; i++) {
		lab_connect(&rogue[i], LAB_SERVER_V4);
		lab_say(&rogue[i],
			"POST /rogue?do=spoil&after=%d&ms=%d&at=%lu&count=1&bytes=%zu&at2=%lu&count2=%u&step2=%u&bytes2=%u HTTP/1.1\r\n"
			"Host: lab\r\nContent-Length: 0\r\n\r\n",
			BEGIN_MS, SPOIL_MS, shared, offsetof(struct synapse, data), shared + offsetof(struct synapse, data),
			SYNAPSE_SLOTS, SLOT_BYTES, SLOT_HEAD_AT + 64);
	}
	ask_on("/hello", (BEGIN_MS + SPOIL_MS / 2) / 1000.0, HASTY_S);
	/* Who comes in the middle of it and can wait is answered in the end. */
	lab_connect(&patient, LAB_SERVER_V4);
	lab_say(&patient, "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	ask_on("/large", SPOIL_MS / 2 / 1000.0, HASTY_S);
	lab_read(&patient, &a, false, LAB_SOON_S);
	cr_expect_neq(a.status, 0, "not answered");
	lab_answer_free(&a);
	lab_hang_up(&patient);
	lab_hang_up(&rogue[0]);
	lab_hang_up(&rogue[1]);
	expect_unharmed();
	cr_expect(lab_bus_log_says(&lab, "a drone has written over requests"), "the log says %s", lab.out);
}

/* One drone fills blood's bell, so that it does not ring for others, and the socket that files leave through. */
Test(lab_48_spoil, c_the_ways_to_blood)
{
	struct lab_conn c;
	int n = 0;

	live();
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "POST /rogue?do=fill&ms=%d HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\n\r\n", SPOIL_MS);
	cr_expect_gt(ask_on("/large", SPOIL_MS / 1000.0, LAB_SOON_S), 0, "no file is sent while it goes on");
	lab_hang_up(&c);
	expect_unharmed();
	/* Blood looks for answers ten times a second, if it does not hear of them. */
	for (double begin = lab_now(), until = begin + 1; n < 40; n++) {
		cr_assert_eq(get("/hello", LAB_SOON_S), 200);
		cr_assert_lt(lab_now(), until, "%d answers took %.1f s: blood is not told of them", n, lab_now() - begin);
	}
}
