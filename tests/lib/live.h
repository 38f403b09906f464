/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Live clients in a child process: connections that are kept and connections that are made anew, each asking all the time. */
#ifndef CELLWS_TESTS_LIVE_H
#define CELLWS_TESTS_LIVE_H

#include <stdint.h>
#include <sys/types.h>

#define LIVE_MAX    128
#define LIVE_LATE_S 10 /* after which an answer that has not come is lost */

struct live_counts {
	uint64_t kept; /* answers on connections that are kept */
	uint64_t anew; /* answers on connections of their own */
	uint64_t lost; /* late, cut off, or not 200 */
};

struct live {
	unsigned kept, anew; /* connections, at most LIVE_MAX together */
	unsigned sources;    /* 0: the system's choice; n: 10.99.1.1 to 10.99.1.n in turn */
	unsigned rest_ms;    /* of each connection between two requests */
	pid_t pid;
	volatile struct live_counts *so_far; /* shared memory */
	volatile int *stop;
};

/* Gives this namespace's eth0 the sources. */
void live_sources(unsigned n);
void live_start(struct live *l);
/* Lets them finish what they have asked for, and ends them. The totals. */
struct live_counts live_end(struct live *l);

#endif
