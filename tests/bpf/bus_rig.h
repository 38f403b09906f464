/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that play cells and do what the test tells them, one call of the gland after the other, under rules of its own. */
#ifndef CELLWS_TEST_BUS_RIG_H
#define CELLWS_TEST_BUS_RIG_H

#include "kin_rig.h"
#include "shared/hormone.h"
#include "shared/receptor.h"

#define BUS_FAST 1000000000u /* calls a second: more than any test makes */

struct actor {
	pid_t pid; /* 0 once it is over */
	int wire;
	uint32_t slot; /* CELL_NOBODY for a stranger */
};

/* The programs of the bus, by their place in struct bus_programs. */
struct bus_programs {
	int secrete, relay, vote, pulse, prompt, prove;
};

struct bus_maps {
	int constitution, receptors, molecules, ballots, pulses, proofs, events;
};

struct bus_rig {
	struct kin_rig kin;
	struct bus_programs run;
	struct bus_maps map;
	struct constitution rules;
};

/* Opens the rig under rules with which most can be tested at once; see bus_rig.c. */
void bus_open(struct bus_rig *rig);
void bus_close(struct bus_rig *rig);

/* Makes rig->rules, as the test has changed them, the organism's. */
void bus_rule(struct bus_rig *rig);

/* Starts a process that lives as a cell. mother: a slot or CELL_NOBODY. slot CELL_NOBODY: a stranger. */
void actor_start(struct bus_rig *rig, struct actor *a, uint32_t slot, int class, uint32_t mother);

/* The same in one line for tests that end all of them alike: slots 0 to n - 1, all without mother. */
void actors_start(struct bus_rig *rig, struct actor *a, unsigned n, int class);

/* Lets it run a program; the answer. call holds afterwards what the kernel made of it. */
uint32_t actor_call(struct actor *a, int program, struct bus_call *call);
uint32_t actor_gland(struct actor *a, int program, struct gland_call *call);

/* The same for programs with other contexts, of n bytes. */
void actor_run(struct actor *a, int program, void *call, uint32_t n);

/* Ends it, if it lives, and waits. What waitpid says. */
int actor_end(struct actor *a);
void actors_end(struct actor *a, unsigned n);

/* What it ended with within a second; -1 if it still lives. */
int actor_fate(struct actor *a);

uint32_t actor_secrete(struct bus_rig *rig, struct actor *a, uint32_t kind, uint32_t class, uint32_t strength, uint64_t *molecule);
uint32_t actor_relay(struct bus_rig *rig, struct actor *a, uint64_t molecule, uint32_t *heard);

/* Looks up the record of a slot. */
void bus_look(int map, uint32_t slot, void *to);

/* What a slot has received of that id; false for nothing. */
bool bus_received(const struct bus_rig *rig, uint32_t slot, uint64_t id, struct molecule *to);

/* The newest event of a kind; false for none. */
bool bus_event(const struct bus_rig *rig, uint32_t kind, struct event *to);

uint64_t bus_boot_ns(void);

#endif
