/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The memory that cells share, as a test finds and reads it in a living drone. */
#ifndef CELLWS_TESTS_LAB_MEMORY_H
#define CELLWS_TESTS_LAB_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct lab_mapping {
	unsigned long at, n;
	char may[8];     /* as /proc/PID/maps has it: "rw-s" */
	char file[256];
};

/* Calls f for each mapping whose file's name has the text in it; how many. */
unsigned lab_mappings(pid_t pid, const char *file, void (*f)(void *arg, const struct lab_mapping *m), void *arg);

/* Where a drone has the first synapse; fails the test when that is not found. */
unsigned long lab_synapse_of(pid_t drone);

/* Reads n bytes of a process; fails the test when they cannot be read. */
void lab_peek(pid_t pid, unsigned long at, void *to, size_t n);

#endif
