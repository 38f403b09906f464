/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The family of a lab's organism, read where the kernel keeps it: fast enough to look at between two system calls. */
#ifndef CELLWS_TESTS_LAB_FAMILY_H
#define CELLWS_TESTS_LAB_FAMILY_H

#include "lab.h"
#include "shared/cell.h"

struct lab_family {
	const volatile struct cell *cells;
	const volatile struct census *census;
	const volatile struct vessel_owner *vessels;
	const volatile struct vessel_load *loads;
	uint32_t slots, vessel_count;
};

/* Maps the pinned maps of the organism "lab"; fails the test when they are not there. */
void lab_family_open(struct lab_family *f, const struct lab *l);

/* Pids of the living cells of a class, at most room of them; how many. */
unsigned lab_family_pids(const struct lab_family *f, enum cell_class class, pid_t *pids, unsigned room);

/* Any living one of them, or 0. */
pid_t lab_family_pid(const struct lab_family *f, enum cell_class class);

/* The blood cell that the next new connection goes to, or 0: that of the least loaded vessel. */
pid_t lab_family_next_blood(const struct lab_family *f);

/* Class of a living pid, or CLASS_NONE. */
enum cell_class lab_family_class(const struct lab_family *f, pid_t pid);

/* Whether within seconds every class has as many living cells as the DNA wants at least, and every such vessel a blood cell. */
bool lab_family_whole(const struct lab_family *f, double seconds);

#endif
