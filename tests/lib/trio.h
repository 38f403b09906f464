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

void trio_open(struct trio *t, struct lab *l);
void trio_close(struct trio *t);

/* Lays all three; they are linked when it returns. */
void trio_grow(struct trio *t);
/* The same with more text for the DNA. */
void trio_grow_with(struct trio *t, const char *more);

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
