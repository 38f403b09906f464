/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A man in the middle: passes one connection on and alters, cuts or records what the caller says. */
#ifndef CELLWS_TESTS_RELAY_H
#define CELLWS_TESTS_RELAY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RELAY_RECORD (1u << 20)

struct relay {
	uint16_t port; /* where it listens, on every address */
	uint16_t to;   /* and where it leads, on 127.0.0.1 */
	long flip;     /* bit 6 of this byte of the caller's is turned; -1: none */
	long cut;      /* after so many bytes of the caller's the connection ends; -1: never */
	long cut_back; /* the same of what comes back; 0: never */
	uint8_t *said; /* shared memory: what came from the caller, up to RELAY_RECORD */
	size_t *said_n;
	pid_t pid;
};

/* Begins to listen; serves one connection in a process of its own. */
void relay_start(struct relay *r);
/* Waits for its end. */
void relay_end(struct relay *r);

#endif
