/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process that is no cell: it binds and listens as cells do, or runs a program of the organism, as any user. */
#ifndef CELLWS_TESTS_STRANGER_H
#define CELLWS_TESTS_STRANGER_H

#include <stdint.h>
#include <sys/types.h>
#include "shared/cell.h"

struct stranger {
	pid_t pid;
	int error; /* of its bind() and listen(): 0 or an errno */
	volatile uint32_t *taken; /* connections it has accepted so far; shared memory */
};

/*
 * Starts one in a named network namespace, with SO_REUSEPORT; IPv6 without IPv4 beside it. Where it can listen it does,
 * and answers whatever comes, until it is ended.
 */
void stranger_start(struct stranger *s, const char *netns, uid_t uid, const char *address, int port);
void stranger_end(struct stranger *s);

/* What became of such an attempt, ended at once: 0 or an errno. */
int stranger_binds(const char *netns, uid_t uid, const char *address, int port);

/* Runs a program of the gland as a user without capabilities. enum gland_answer, or -1 when it could not be run. */
int stranger_calls(int program, uid_t uid, const struct gland_call *call);

/* The program of that name which uses the map of that id, as root finds it; a descriptor, or -1. */
int stranger_find_program(const char *name, uint32_t map);

#endif
