/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a T cell: the ring that evidence comes through, and the cell itself. */
#ifndef CELLWS_CELLS_TCELL_H
#define CELLWS_CELLS_TCELL_H

#include "shared/antigen.h"

/* Maps the ring of FD_ANTIGENS. 0 or -errno. */
int evidence_ring_open(void);

/*
 * Calls f for each record that waits. A record is given back after f has returned: one that a T cell dies over is read
 * again by the next.
 */
void evidence_ring_drain(void (*f)(void *ctx, const struct antigen *a), void *ctx);

#endif
