/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every cell does with signals: hear, pass on, prove the key, accuse, vote, and notice that the neuron is silent. */
#ifndef CELLWS_CELLS_SIGNAL_H
#define CELLWS_CELLS_SIGNAL_H

#include <stdbool.h>
#include "tissue/tissue.h"

/* For a newborn: nothing heard yet, random numbers of its own. */
void signal_begin(const struct tissue *t);

/* One message of the inbox, as far as all classes treat it alike. */
void signal_hear(const struct tissue *t, const struct message *m);

/* Reads the whole inbox that way. */
void signal_drain(const struct tissue *t);

/* Secretes. strength_q16 is cut to what this class may; 0 secretes nothing. */
void signal_secrete(const struct tissue *t, uint32_t kind, uint32_t class, uint32_t strength_q16);

/* Accuses and votes, if the evidence is there; at most once a second for each cell. target: id. */
void signal_accuse(const struct tissue *t, uint32_t target, uint32_t reason);

/* Looks at the charts, proofs and pulses of all cells and accuses those that are overdue, wrong or too big. */
void signal_inspect(const struct tissue *t);

/* Asks a cell to prove its key. target: id. */
void signal_prompt(const struct tissue *t, uint32_t target);

/*
 * The neuron prompts; one that has not done so for long is prompted itself, and accused when it does not answer. To be
 * called when a cell wakes; returns the milliseconds until it wants to be called again.
 */
int signal_watch(const struct tissue *t);

/* This cell's own measure of itself: busy share of the time since the last, and the longest wait it knows of. */
void signal_pulse(const struct tissue *t, uint32_t busy_permille, uint32_t wait_us);

/* What is left now in this cell's receptor of growth or antigrowth of a class, 0 to 65536; and growth less antigrowth. */
uint32_t signal_level(const struct tissue *t, uint32_t kind, int class);
uint32_t signal_net(const struct tissue *t, int class);

/* Alarm less calm as this cell has heard them, 0 to 65536: how hot it is. */
uint32_t signal_heat(const struct tissue *t);

/* 32 random bits; no secret. */
uint32_t signal_random(void);

/* Signals by kill(2) that have come since, SIGRTMIN+n with a value: secreted by this cell within its own bounds. */
void signal_install(void);
void signal_take(const struct tissue *t);

#endif
