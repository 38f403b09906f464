/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A lab under flood: native XDP on both ends, live clients, and what they get beside what a plain list would leave them. */
#ifndef CELLWS_TESTS_FLOOD_LAB_H
#define CELLWS_TESTS_FLOOD_LAB_H

#include <stdint.h>
#include "lab.h"
#include "live.h"
#include "siege.h"

/*
 * With FLOOD_LONG in the environment (make flood): longer phases, more packets, and clients must keep 0.9 of what they
 * get with the list. Without it only gross faults are seen: other work on the machine comes and goes.
 */
unsigned flood_lab_rate(void); /* packets per second of a flood */

/* Routes of the server to everywhere, by an address of the client's side that no client uses; frames sent back are taken. */
void flood_lab_route(struct lab *l);

/* Lays and wakes an organism in native mode, its route to everywhere back to the client; the live clients begin. */
void flood_lab_open(struct lab *l, const char *more, struct live *live);
void flood_lab_mac(struct lab *l, uint8_t mac[6]);

/*
 * While a flood is under way: phases in turn with the list and with the skin. Prints a line, fails when too little is left.
 * A siege is begun anew for each phase: connections that the list has cut off would be slow to come back. NULL: none.
 */
void flood_lab_measure(const char *what, struct siege *siege);

/* Fails when a live client's request was lost or one of them is banned. The organism still lives after it. */
void flood_lab_close(struct lab *l);

#endif
