/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Evidence that a drone has made up in shared memory: honest cells must not believe it, nor a word against anybody but itself. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lab_bus.h"
#include "lab_memory.h"
#include "tissue/chart.h"
#include "tissue/plan.h"

LAB_SUITE(lab_48_framing, 60);

static struct lab_family family;

static long said(const char *name, const char *query)
{
	struct lab_answer a;
	int status = lab_bus_ask(&a, query);
	long n = lab_bus_number(&a, name);

	cr_assert_eq(status, 200, "%s is answered %d", query, status);
	lab_answer_free(&a);
	return n;
}

#define SLOW_S 4

static void live(unsigned drones)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"%sroute \"/slow\" { gene = \"%s/build/genes/sleep.so\" args = \"%d\" }\n"
		"cells { blood { min = 1 max = 1 } drone { min = %u max = %u } }",
		lab_bus_rogue("10s"), lab_here(), SLOW_S * 1000, drones, drones);
	lab_up(&lab, text, "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	cr_assert(lab_family_whole(&family, LAB_SOON_S));
}

/* Any drone but the victim writes a number; which. */
static pid_t poke(unsigned long at, unsigned long value, pid_t victim)
{
	char query[128];
	pid_t by = victim;

	snprintf(query, sizeof(query), "do=poke&at=%lu&value=%lu&unless=%d", at, value, (int)victim);
	for (int i = 0; i < 200 && by == victim; i++)
		by = (pid_t)said("pid", query);
	return by;
}

/* The rogue accuses, and has a vote itself; nobody else must follow. */
static void expect_spared(uint32_t victim, uint32_t reason)
{
	char query[128];

	snprintf(query, sizeof(query), "do=bus&program=%d&kind=%d&strength=32768&target=%u&reason=%d", FD_SECRETE, HORMONE_DANGER,
		victim, reason);
	cr_expect_eq(said("answer", query), GLAND_OK);
	snprintf(query, sizeof(query), "do=bus&program=%d&target=%u&reason=%d", FD_VOTE, victim, reason);
	said("answer", query);
	usleep(1000000);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 0, "an innocent drone was condemned");
	cr_expect_leq(lab_bus_events(&lab, HAPPENED_VOTE, 0, NULL), 1, "honest cells vote by forged evidence");
	cr_expect_leq(lab_bus_events(&lab, HAPPENED_ACCUSE, 0, NULL), 1, "honest cells accuse by forged evidence");
}

/* A slot that nobody uses says that the victim has held a request for ever. */
Test(lab_48_framing, a_a_request_that_it_never_took)
{
	pid_t drones[2], innocent;
	unsigned long at;
	uint32_t victim;

	live(2);
	cr_assert_eq(lab_family_pids(&family, CLASS_DRONE, drones, 2), 2);
	at = lab_synapse_of(drones[0]) + offsetof(struct synapse, slot) + (SYNAPSE_SLOTS - 1) * sizeof(struct slot);
	/* The one that answers usually does so again: the other is to be framed. */
	innocent = poke(at + offsetof(struct slot, queued_ms), 1, 0) == drones[0] ? drones[1] : drones[0];
	victim = lab_bus_id(&family, innocent);
	poke(at + offsetof(struct slot, taken_ms), 1, innocent);
	poke(at + offsetof(struct slot, word), slot_word(1, victim, SLOT_TAKEN), innocent);
	expect_spared(victim, REASON_DEADLINE);
}

static struct slot slots[SYNAPSE_SLOTS];

static unsigned look_slots(pid_t drone, uint32_t state)
{
	unsigned n = 0;

	lab_peek(drone, lab_synapse_of(drone) + offsetof(struct synapse, slot), slots, sizeof(slots));
	for (unsigned i = 0; i < SYNAPSE_SLOTS; i++)
		n += slot_state(slots[i].word) == state;
	return n;
}

/* The slot in which a drone works, and which drone. */
static unsigned taken(pid_t drone, uint32_t *id)
{
	for (int i = 0; i < 200 && look_slots(drone, SLOT_TAKEN) != 1; i++)
		usleep(20000);
	for (unsigned i = 0; i < SYNAPSE_SLOTS; i++)
		if (slot_state(slots[i].word) == SLOT_TAKEN) {
			*id = slot_drone(slots[i].word);
			return i;
		}
	cr_assert_fail("nobody works");
	return 0;
}

static pid_t pid_of(uint32_t id)
{
	return (pid_t)family.cells[cell_slot_of_id(id)].pid;
}

static bool all_free(void *arg)
{
	(void)arg;
	return look_slots(lab_family_pid(&family, CLASS_DRONE), SLOT_FREE) == SYNAPSE_SLOTS;
}

/* What the victim is at work on is made to look answered by it, and that nonsense. */
Test(lab_48_framing, b_an_answer_that_it_never_gave)
{
	pid_t drone, innocent;
	unsigned long synapse, slot;
	struct lab_answer a;
	struct lab_conn c;
	uint32_t victim;
	unsigned at;

	live(2);
	drone = lab_family_pid(&family, CLASS_DRONE);
	synapse = lab_synapse_of(drone);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /slow HTTP/1.1\r\nHost: lab\r\n\r\n");
	at = taken(drone, &victim);
	innocent = pid_of(victim);
	slot = synapse + offsetof(struct synapse, slot) + at * sizeof(struct slot);
	poke(slot + offsetof(struct slot, kind), 99, innocent);
	poke(slot + offsetof(struct slot, word), slot_word(slot_ticket(slots[at].word), victim, SLOT_DONE), innocent);
	poke(synapse + offsetof(struct synapse, done) + at / 64 * 8, 1UL << at % 64, innocent);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 502, "answered %d", a.status);
	lab_answer_free(&a);
	lab_hang_up(&c);
	expect_spared(victim, REASON_MALFORMED);
	cr_expect_eq(lab_bus_id(&family, innocent), victim, "the innocent drone is gone");
	usleep(SLOW_S * 1000000);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	/* Blood lets a slot go after the client has its answer. */
	cr_expect(lab_wait(LAB_SOON_S, all_free, NULL), "a slot is kept");
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_DEATH, victim, NULL), 0);
}

static bool is_condemned(void *arg)
{
	return lab_bus_events(&lab, HAPPENED_CONDEMN, 0, arg);
}

/* A drone that spoils an answer and vouches for it: 502, and the sentence that only its own word can bring. */
static uint32_t expect_condemned(double within_ms)
{
	double since = lab_now();
	struct event e = { 0 };
	struct lab_answer a;
	double took;

	cr_expect_eq(lab_bus_ask(&a, "do=mangle"), 502, "a malformed answer is passed on");
	lab_answer_free(&a);
	cr_assert(lab_wait(LAB_SOON_S, is_condemned, &e), "a malformed answer is forgiven");
	took = (lab_now() - since) * 1000;
	cr_expect_eq(e.b, REASON_MALFORMED, "condemned for reason %u", e.b);
	cr_expect_eq(e.class, CLASS_DRONE);
	cr_expect_leq(took, within_ms, "after %.0f ms", took);
	fprintf(stderr, "condemned %.0f ms after the request, by %u of %u\n", took, e.c >> 16, e.c & 0xffff);
	return e.id;
}

#define BALLOT_MS 2000 /* generous: a vote counts for longer */

Test(lab_48_framing, c_who_answers_malformed_is_condemned)
{
	pid_t blood;
	uint32_t id;

	live(2);
	blood = lab_family_pid(&family, CLASS_BLOOD);
	id = expect_condemned(BALLOT_MS);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(lab_get(LAB_SERVER_V4, i % 2 ? "/hello" : "/index.html", NULL), 200);
	cr_expect(lab_family_whole(&family, LAB_SOON_S), "it is not replaced");
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_DEATH, id, NULL), 1);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 1);
	cr_expect(lab_wait(LAB_SOON_S, all_free, NULL), "a slot is kept");
	cr_expect_eq(lab_family_pid(&family, CLASS_BLOOD), blood, "blood died of it");
	cr_expect(lab_bus_log_says(&lab, "an answer was malformed, by its own account of it"), "the log says %s", lab.out);
}

static bool is_kept(void *arg)
{
	(void)arg;
	return look_slots(lab_family_pid(&family, CLASS_DRONE), SLOT_DONE);
}

static bool is_let_go(void *arg)
{
	(void)arg;
	return !look_slots(lab_family_pid(&family, CLASS_DRONE), SLOT_DONE);
}

/* With two adults beside the accused asleep for ever, nobody can be condemned: what is kept is let go by time alone. */
Test(lab_48_framing, d_what_is_kept_for_voters_is_let_go)
{
	pid_t neuron;
	struct lab_answer a;
	double since, kept_s;

	live(1);
	neuron = lab_family_pid(&family, CLASS_NEURON);
	cr_assert_eq(kill(neuron, SIGSTOP), 0);
	since = lab_now();
	cr_expect_eq(lab_bus_ask(&a, "do=mangle"), 502);
	lab_answer_free(&a);
	cr_expect(lab_wait(1, is_kept, NULL), "the slot is not kept");
	cr_expect(lab_wait(LAB_SOON_S, is_let_go, NULL), "the slot is kept for ever");
	kept_s = lab_now() - since;
	cr_expect_geq(kept_s, 0.3, "kept for %.3f s", kept_s);
	kill(neuron, SIGCONT);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}

/* Nothing of it has to be known to who takes the vessel over. */
Test(lab_48_framing, e_blood_dies_while_it_keeps_an_answer)
{
	pid_t neuron, blood;
	struct lab_answer a;

	live(1);
	neuron = lab_family_pid(&family, CLASS_NEURON);
	blood = lab_family_pid(&family, CLASS_BLOOD);
	cr_assert_eq(kill(neuron, SIGSTOP), 0);
	cr_expect_eq(lab_bus_ask(&a, "do=mangle"), 502);
	lab_answer_free(&a);
	cr_assert(lab_wait(1, is_kept, NULL), "the slot is not kept");
	cr_assert_eq(kill(blood, SIGKILL), 0);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	cr_expect(lab_wait(LAB_SOON_S, all_free, NULL), "a slot is lost");
	kill(neuron, SIGCONT);
	cr_expect(lab_family_whole(&family, LAB_SOON_S));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}

struct charts {
	struct lab_mapping own, all;
	unsigned owned;
};

static void take_chart(void *arg, const struct lab_mapping *m)
{
	struct charts *c = arg;

	if (!strcmp(m->may, "rw-s")) {
		c->own = *m;
		c->owned++;
	} else if (!strcmp(m->may, "r--s")) {
		c->all = *m;
	}
}

/* A drone writes its own chart and no other, whatever it asks the kernel for. */
Test(lab_48_framing, f_a_chart_is_ones_own)
{
	struct charts charts = { 0 };
	struct lab_answer a;
	char query[128];
	pid_t drone;
	uint32_t id;

	live(1);
	drone = lab_family_pid(&family, CLASS_DRONE);
	id = lab_bus_id(&family, drone);
	cr_expect_eq(lab_mappings(drone, "cellws-charts", take_chart, &charts), 2);
	cr_expect_eq(charts.owned, 1);
	cr_expect_eq(charts.own.n, sizeof(struct chart), "%lu bytes of charts can be written", charts.own.n);
	cr_expect(charts.all.n % sizeof(struct chart) == 0 && charts.all.n > sizeof(struct chart), "%lu bytes of charts", charts.all.n);
	snprintf(query, sizeof(query), "do=protect&at=%lu&bytes=%lu", charts.all.at, charts.all.n);
	cr_expect_eq(said("error", query), EACCES, "all charts can be made writable");
	snprintf(query, sizeof(query), "do=grow&at=%lu&bytes=%lu", charts.own.at, charts.own.n);
	cr_expect_eq(said("error", query), ENOMEM, "a chart can be made larger");
	snprintf(query, sizeof(query), "do=poke&at=%lu&value=1&unless=0", charts.own.at + CHART_PAGE / 2);
	cr_expect_eq(said("pid", query), drone);
	snprintf(query, sizeof(query), "do=poke&at=%lu&value=1&unless=0", charts.all.at);
	cr_expect_eq(lab_bus_ask(&a, query), 502, "another's chart was written");
	lab_answer_free(&a);
	cr_expect(lab_family_whole(&family, LAB_SOON_S));
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_DEATH, id, NULL), 1);
	cr_expect(lab_bus_log_says(&lab, "signal 11"), "the log says %s", lab.out);
}
