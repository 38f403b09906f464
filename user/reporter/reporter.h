/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reporter: a process beside the organism that tells incidents to syslog and to the operator's program. */
#ifndef CELLWS_REPORTER_REPORTER_H
#define CELLWS_REPORTER_REPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REPORTER_ARGUMENT "--reporter"
#define REPORTER_WORDS    16 /* most words of the program's command */

/* How it is started: argv is TITLE, REPORTER_ARGUMENT, the organism's name, "1" for syslog, the program's command or "". */
enum reporter_argument {
	REPORTER_TITLE,
	REPORTER_SELF,
	REPORTER_ORGANISM,
	REPORTER_SYSLOG,
	REPORTER_PROGRAM,
	REPORTER_ARGUMENTS
};

/* With these descriptors and no others, as its user, without capabilities and new privileges. */
enum {
	REPORTER_NULL = 0,
	REPORTER_LOG = 1,
	REPORTER_ERR = 2,
	REPORTER_RING = 3, /* the map `reports` */
	REPORTER_LOCK = 4, /* its file in the run directory, locked by it with fcntl() for life */
};

_Noreturn void reporter_main(int argc, char **argv);

/* seal.c: what it and the program may do from now on. 0 or -errno. */
int reporter_seal(void);

/* One line to the organism's log. */
void reporter_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t reporter_now_ms(void); /* monotonic */

/* program.c: the operator's program. */
#define PROGRAM_QUEUE 262144u /* bytes of lines that it has not taken yet */

struct program {
	char *words[REPORTER_WORDS + 1]; /* NULL: none is wanted */
	const char *organism;
	pid_t pid;             /* 0: not running */
	int in;                /* its standard input, -1: closed */
	uint64_t since_ms;     /* when it was started */
	uint64_t again_ms;     /* when it is to be started */
	uint32_t wait_ms;
	bool told;             /* that it is tried at the longest interval */
	uint64_t lost;         /* lines since it was last said how many */
	size_t head, n;        /* of queue: where the first line begins that is not known to be read, bytes from there */
	size_t sent;           /* of those, written to the program */
	size_t rest;           /* bytes of the first line that are not read; 0: it was not begun */
	char queue[PROGRAM_QUEUE];
};

/* Starts it when it is time. */
void program_turn(struct program *p, uint64_t now_ms);
/* Appends a line; drops it, and counts, when there is no room. */
void program_give(struct program *p, const char *line);
/* Writes what it takes, without waiting. */
void program_feed(struct program *p);
/* To be called when children may have ended. */
void program_reap(struct program *p, uint64_t now_ms);
/* Milliseconds until program_turn() has something to do; -1: nothing. */
int program_patience(const struct program *p, uint64_t now_ms);
/* Closes its input, waits, then ends it and what it has started. */
void program_end(struct program *p);

#endif
