/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A family on three hosts: the lab's server as the mother, the lab's client and a third namespace as daughters. */
#ifndef CELLWS_TESTS_TRIO_H
#define CELLWS_TESTS_TRIO_H

#include "lab.h"

#define TRIO_DAUGHTER_1 "10.99.0.2"
#define TRIO_DAUGHTER_2 "10.98.0.3"
#define TRIO_PORT	"7946"

struct trio {
	struct lab *lab;
	char third[40]; /* name of the third namespace, which the mother passes packets to */
	char key[64];	/* public */
};

/* A suite whose tests have each three hosts of their own, named trio, in a lab named lab. A test that takes longer than seconds fails. */
#define TRIO_SUITE(name, seconds)                                                                      \
	static struct lab lab;                                                                         \
	static struct trio trio;                                                                       \
	static void name##_open(void)                                                                  \
	{                                                                                              \
		trio_open(&trio, &lab);                                                                \
	}                                                                                              \
	static void name##_close(void)                                                                 \
	{                                                                                              \
		trio_close(&trio);                                                                     \
	}                                                                                              \
	TestSuite(name, .init = name##_open, .fini = name##_close, .timeout = seconds)

void trio_open(struct trio *t, struct lab *l);
void trio_close(struct trio *t);

/* Lays all three; they are linked when it returns. */
void trio_grow(struct trio *t);
/* The same with more text for the DNA. */
void trio_grow_with(struct trio *t, const char *more);

/* The same with a route "/exec" whose drone is killed at each request; and such a request, not sent to a second drone: the status. */
void trio_grow_deadly(struct trio *t);
int trio_die(const char *address);

/* cellctl on a daughter's host, or the mother's (NULL). The exit code. */
int trio_at(struct trio *t, const char *host, const char *words);

/* How many hosts are linked to that one. */
unsigned trio_links(struct trio *t, const char *host);
/* Whether soon the mother is linked to both and each of them to her alone. */
bool trio_linked(struct trio *t);
/* The same after the network was away: a call may hang for 5 s, between two backed-off ones of up to 5 s each. */
bool trio_linked_again(struct trio *t);

/* The id of a host, as status says. */
void trio_id(struct trio *t, const char *host, char id[17]);

#endif
