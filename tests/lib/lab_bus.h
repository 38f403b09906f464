/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals, votes and events of a lab's organism, read out of its pinned maps; and the gene that has been taken over. */
#ifndef CELLWS_TESTS_LAB_BUS_H
#define CELLWS_TESTS_LAB_BUS_H

#include "lab.h"
#include "lab_family.h"
#include "shared/hormone.h"

/* A descriptor of a pinned map; fails the test when it is not there. */
int lab_bus_map(const struct lab *l, const char *leaf);

/* Record of a key; fails the test when it cannot be read. */
void lab_bus_look(const struct lab *l, const char *leaf, uint32_t key, void *to);

/* Events of a kind about the cell of that id, or about any with id 0; how many. newest may be NULL. */
unsigned lab_bus_events(const struct lab *l, uint32_t kind, uint32_t id, struct event *newest);

/* Id of the living cell that is this process, 0 for none. */
uint32_t lab_bus_id(const struct lab_family *f, pid_t pid);

/* DNA for the route /rogue with a deadline like "700ms"; to be given to lab_up(). */
const char *lab_bus_rogue(const char *deadline);

/* POSTs to /rogue with a query; the status. */
int lab_bus_ask(struct lab_answer *a, const char *query);
/* The number after "name=" in an answer; -1 when it is not there. */
long lab_bus_number(const struct lab_answer *a, const char *name);

/* Begins such a POST and leaves it open. */
void lab_bus_begin(struct lab_conn *c, const char *query);

/* Whether the log has the text. */
bool lab_bus_log_says(struct lab *l, const char *text);

#endif
