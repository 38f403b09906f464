/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the neuron remembers, and what it measures. */
#ifndef CELLWS_CELLS_NEURON_H
#define CELLWS_CELLS_NEURON_H

#include "cells/need.h"
#include "tissue/tissue.h"

struct neuron {
	struct need drones, blood;
	bool calm;           /* nothing to measure until somebody calls */
	uint64_t tick_ms;    /* next measure */
	uint64_t ask_ms;     /* next prompt */
	uint64_t inspect_ms; /* when the answer to the last one is overdue; 0: inspected */
	uint64_t psi_ms;     /* when pressure was read last */
	uint32_t psi_cpu_permille, psi_memory_permille;
	uint32_t shown_ms;   /* age of the oldest request in the queue, as the pulse says */
};

/* Fills both samples from the maps, the synapses, the listeners and the host's pressure. */
void neuron_measure(const struct tissue *t, struct neuron *n, struct need_sample *drones, struct need_sample *blood);

/* "some avg10=12.34 ..." or "full avg10=..." of a pressure file's text: permille, 0 when it is not there. Pure. */
uint32_t pressure_permille(const char *text, const char *line);

#endif
