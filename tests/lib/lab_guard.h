/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The guard of a lab: waits for the test's end, then ends what runs in its namespaces and removes what was made. */
#ifndef CELLWS_TESTS_LAB_GUARD_H
#define CELLWS_TESTS_LAB_GUARD_H

#include "lab.h"

/* Forks the guard; it acts when l->guard is closed, by lab_close() or by the death of the test. */
void guard_start(struct lab *l);

/* Calls f for every process in a named namespace but the caller's own; how many there are. */
unsigned guard_each(const char *name, void (*f)(pid_t pid, void *arg), void *arg);

#endif
