/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family of the kernel's own keeping, apart from any organism: its maps, its programs, and processes that play cells. */
#ifndef CELLWS_TEST_KIN_RIG_H
#define CELLWS_TEST_KIN_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "shared/cell.h"

struct cellws;

#define RIG_SLOTS  8u
#define KIN_LIFE_S 20 /* after which an actor or its child that was forgotten ends */

/* What an actor leaves behind for the test to look at: shared memory. */
struct kin_notes {
	struct gland_call call[4];
	pid_t pid[4];
	int status[4];
	uint32_t flag[4];
};

struct kin_rig {
	struct cellws *skel;
	int divide, become, animate, leave;
	int cells, census, kin, organism, vessels, inboxes;
	struct kin_notes *notes;
};

/* Every class may have RIG_SLOTS members, none lives. Ends the test when anything fails. */
void kin_open(struct kin_rig *rig);
void kin_close(struct kin_rig *rig);

/* The id that kin_act() and kin_enter() give to the cell in a slot. */
uint32_t kin_id(uint32_t slot);
/* Enters a process as a living cell and counts it. */
void kin_enter(const struct kin_rig *rig, uint32_t slot, pid_t pid, int class);
void kin_cell(const struct kin_rig *rig, uint32_t slot, struct cell *to);
void kin_census(const struct kin_rig *rig, int class, struct census *to);
void kin_limit(const struct kin_rig *rig, int class, uint32_t max);
void kin_dying(const struct kin_rig *rig);
bool kin_knows(const struct kin_rig *rig, pid_t pid);
uint32_t kin_owner(const struct kin_rig *rig, uint32_t vessel);

/* Runs a program of the gland as the calling process. The answer; a failed call ends the process with code 99. */
uint32_t kin_call(int program, struct gland_call *call);

/*
 * Forks a process that runs act(rig) as a cell of a class in a slot and then exits with its result. Returns what waitpid
 * says of it. A negative slot: as a stranger.
 */
int kin_act(struct kin_rig *rig, int slot, int class, int (*act)(struct kin_rig *rig));

/* The same without waiting: an actor that stays until kin_let_go(). */
struct kin_actor {
	pid_t pid;
	int go, stay;
};
void kin_begin(struct kin_rig *rig, struct kin_actor *actor, int slot, int class, int (*act)(struct kin_rig *rig));
int kin_let_go(struct kin_actor *actor);

/* In the process that acts: what does not hold ends it, and its line is told in r->notes. */
#define HOLDS(condition)                                 \
	do {                                             \
		if (!(condition)) {                      \
			r->notes->flag[0] = __LINE__;    \
			return 1;                        \
		}                                        \
	} while (0)

#endif
