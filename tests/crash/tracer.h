/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs a cell under ptrace from its sleep on, to a system-call stop or an instruction behind one, and kills it there. */
#ifndef CELLWS_TESTS_CRASH_TRACER_H
#define CELLWS_TESTS_CRASH_TRACER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Stop 0 is the entry into the system call the cell sleeps in, before the client connects; 1 its exit, 2 the next entry.
 * With rip: from there on to before that instruction, when it comes for the times-th time.
 */
struct point {
	unsigned stop;
	uint64_t rip;
	unsigned times;
};

#define PATH_ROOM 262144u

/* Every instruction of a run between system calls; those that repeat themselves are there once. */
struct path {
	uint64_t rip[PATH_ROOM];
	uint32_t call[PATH_ROOM]; /* system calls that were left before it, from 0 on */
	unsigned n;
};

struct tracer {
	pid_t pid;
	unsigned stop;
	bool at_entry;
	long nr;      /* of the last system call */
	const atomic_bool *over; /* the client has all it wanted */
};

enum traced {
	TRACED_AT_POINT, /* stopped there */
	TRACED_OVER,     /* the client had ended before; the cell runs or sleeps */
	TRACED_GONE,     /* the cell has ended by itself */
};

/* Once per test process: SIGUSR1 interrupts waiting. */
void tracer_init(void);

/* Stops a cell at the entry of its sleep. False when it is gone. */
bool tracer_seize(struct tracer *t, pid_t pid, const atomic_bool *over);
/* From stop 0 to a point. */
enum traced tracer_run(struct tracer *t, struct point to);
/* One more stop. */
enum traced tracer_next(struct tracer *t);
/* SIGKILL, and nothing is left of it. */
void tracer_kill(struct tracer *t);
void tracer_let_go(struct tracer *t);

/* From stop 0 to the client's end by single steps. False when the cell is gone, or the path is too long. */
bool tracer_walk(struct tracer *t, struct path *path);

/* Instruction n of a path. */
struct point path_point(const struct path *path, unsigned n);

/* "at the entry of epoll_pwait (stop 2)". */
const char *tracer_where(const struct tracer *t, struct point p);

#endif
