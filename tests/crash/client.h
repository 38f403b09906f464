/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The client of a crash scenario: says its segments in a thread of its own and keeps every byte until the server closes. */
#ifndef CELLWS_TESTS_CRASH_CLIENT_H
#define CELLWS_TESTS_CRASH_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SEGMENTS_MAX 8

/* Bytes that are sent at once. A '~' in the text becomes the number of the run, so that no memory holds the answer. */
struct segment {
	const char *text;
	size_t fill;       /* so many made-up bytes behind the text */
	const char *after; /* sent once this has been received; NULL: a short while after the segment before */
};

struct scenario {
	const char *name;
	unsigned classes; /* bits 1 << enum cell_class: who is killed */
	bool warm;        /* the answer is in blood's memory before the run */
	bool condemned;   /* its drone, too, dies of it, and a stem takes its place: no stem is traced */
	bool half_close;  /* the client ends its side right behind the last segment */
	int receive_room; /* SO_RCVBUF; 0: the system's */
	unsigned slow_us; /* before it begins to read */
	struct segment segment[SEGMENTS_MAX];
};

enum ending { ENDED_BY_SERVER, ENDED_BY_RESET, ENDED_BY_TIME, NOT_CONNECTED };

/* One run, as its client saw it. */
struct exchange {
	const struct scenario *scenario;
	unsigned number;
	size_t expected;   /* bytes after which it ends its side; 0: after a silence */
	unsigned pause_us; /* between segments */
	double patience_s;
	pthread_t thread, tracer;
	atomic_bool begun, done, heard;
	char *bytes;
	size_t n, room;
	enum ending ending;
};

/* Starts the client; SIGUSR1 tells the calling thread that it has ended. */
void client_start(struct exchange *x);
void client_join(struct exchange *x);
void client_free(struct exchange *x);

/* Runs it in the calling thread. */
void client_run(struct exchange *x);

/* NULL when b is what a is, but for the seconds in Date fields; else what differs, in a static buffer. */
const char *client_difference(const struct exchange *a, const struct exchange *b);

#endif
