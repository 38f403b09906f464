/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hostile clients with real connections, in a child process: floods of requests, and all the ways to be slow. */
#ifndef CELLWS_TESTS_SIEGE_H
#define CELLWS_TESTS_SIEGE_H

#include <stdint.h>
#include <sys/types.h>

/*
 * X(NAME, "text", connections, sources, requests or pieces per second and connection, first words, each further piece).
 * Sources are 100.64.1.1 and on. A connection that ends is made anew with the next piece.
 */
#define SIEGES(X)                                                                                                           \
	X(HTTP_FEW, "HTTP flood, 4 sources", 64, 4, 50, SIEGE_GET, SIEGE_GET)                                               \
	X(HTTP_MANY, "HTTP flood, 200 sources", 200, 200, 15, SIEGE_GET, SIEGE_GET)                                         \
	X(SLOW_HEAD, "slow headers", 500, 8, 4, "GET / HTTP/1.1\r\nHost: lab\r\n", "X-A: b\r\n")                            \
	X(SLOW_BODY, "slow body", 500, 8, 4, "POST /hello HTTP/1.1\r\nHost: lab\r\nContent-Length: 100000\r\n\r\n", "b")    \
	X(SLOW_READ, "slow read", 300, 8, 1, "GET /large HTTP/1.1\r\nHost: lab\r\n\r\n", "")                                \
	X(CROWD, "connections that say nothing", 1500, 8, 2, "", "")

#define SIEGE_GET "GET /index.html HTTP/1.1\r\nHost: lab\r\n\r\n"

enum siege_kind {
#define X(NAME, text, connections, sources, rate, first, more) SIEGE_##NAME,
	SIEGES(X)
#undef X
	SIEGE_KIND_COUNT
};

struct siege {
	enum siege_kind kind;
	pid_t pid;
	volatile uint64_t *acts; /* connections begun and pieces sent; shared memory */
};

const char *siege_text(enum siege_kind kind);
/* Gives this namespace's eth0 the sources. */
void siege_sources(void);
void siege_start(struct siege *s);
/* Ends it. How much it did. */
uint64_t siege_end(struct siege *s);

#endif
