/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Evidence that a drone has made up in shared memory: honest cells must not believe it. */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lab_bus.h"
#include "tissue/plan.h"
#include "tissue/synapse.h"

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

/* Where a process has mapped the first synapse; 0: not found. */
static unsigned long synapse_of(pid_t pid)
{
	char name[64], line[512], rights[8];
	unsigned long from, to, found = 0;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "re");
	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && !strcmp(rights, "rw-s") && strstr(line, "/dev/zero"))
			if (to - from >= SYNAPSE_BYTES && !found)
				found = from;
	fclose(maps);
	return found;
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

/*
 * A slot that nobody uses says that the victim has held a request for ever. Disabled: the synapse, where every drone can
 * write, is all the evidence there is of a missed deadline, and honest cells believe it.
 */
Test(lab_48_framing, a_forged_evidence, .disabled = true)
{
	pid_t drones[2], innocent;
	unsigned long at;
	uint32_t victim;
	char text[1024], query[128];

	snprintf(text, sizeof(text), "%scells { blood { min = 1 max = 1 } drone { min = 2 max = 2 } }", lab_bus_rogue("5s"));
	lab_up(&lab, text, "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	cr_assert(lab_family_whole(&family, LAB_SOON_S));
	cr_assert_eq(lab_family_pids(&family, CLASS_DRONE, drones, 2), 2);
	at = synapse_of(drones[0]);
	cr_assert_neq(at, 0);
	at += offsetof(struct synapse, slot) + (SYNAPSE_SLOTS - 1) * sizeof(struct slot);
	/* The one that answers usually does so again: the other is to be framed. */
	innocent = poke(at + offsetof(struct slot, queued_ms), 1, 0) == drones[0] ? drones[1] : drones[0];
	victim = lab_bus_id(&family, innocent);
	poke(at + offsetof(struct slot, taken_ms), 1, innocent);
	poke(at + offsetof(struct slot, word), slot_word(1, victim, SLOT_TAKEN), innocent);
	/* It accuses, and has a vote itself. */
	snprintf(query, sizeof(query), "do=bus&program=%d&kind=%d&strength=32768&target=%u&reason=%d", FD_SECRETE, HORMONE_DANGER,
		victim, REASON_DEADLINE);
	cr_expect_eq(said("answer", query), GLAND_OK);
	snprintf(query, sizeof(query), "do=bus&program=%d&target=%u&reason=%d", FD_VOTE, victim, REASON_DEADLINE);
	said("answer", query);
	usleep(1000000);
	cr_expect_eq(lab_bus_events(&lab, HAPPENED_CONDEMN, 0, NULL), 0, "an innocent drone was condemned");
	cr_expect_leq(lab_bus_events(&lab, HAPPENED_VOTE, 0, NULL), 1, "honest cells vote by forged evidence");
}
