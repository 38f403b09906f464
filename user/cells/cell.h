/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the classes of cells share: the life loop, waiting, division, differentiation and the seal. */
#ifndef CELLWS_CELLS_CELL_H
#define CELLWS_CELLS_CELL_H

#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include "tissue/tissue.h"

/* The argument that tells the program that it is an egg and not a command. */
#define CELL_ARGUMENT "--cell"

/* What woke a cell, in the low word of an epoll event; connections stand below. */
enum cell_event {
	EVENT_INBOX = 0xfffffff0u,
	EVENT_BELL = 0xfffffff1u,        /* of this cell's slot */
	EVENT_NEST = 0xfffffff2u,        /* inbox or bell of the cell that serves a vessel */
	EVENT_VESSEL_BELL = 0xfffffff3u, /* a drone has answered */
	EVENT_ANTIGEN = 0xfffffff5u,     /* evidence waits for the T cell */
	EVENT_ARTERY = 0xfffffff4u,      /* a connection waits, seen by the egg */
	EVENT_LISTENER = 0xffff0000u,    /* + index of the listen address */
	EVENT_FIRST = 0xffff0000u,
};

/* Set by SIGTERM: the cell finishes what it has in hand and ends. */
extern volatile sig_atomic_t cell_leaving;

/* Lives as an egg until the end; never returns. For main(). */
_Noreturn void cell_main(int argc, char **argv);

/* Each lives as its class and returns the class it has become, or CLASS_NONE to end in good order. */
int egg_live(struct tissue *t);
int neuron_live(struct tissue *t);
int stem_live(struct tissue *t);
int blood_live(struct tissue *t);
int drone_live(struct tissue *t);
int tcell_live(struct tissue *t);
int gamete_cell_live(struct tissue *t);

/* epoll_wait in which alone SIGTERM is delivered. Returns events, 0 on time-out or signal. */
int cell_wait(int epoll, struct epoll_event *events, int room, int timeout_ms);

/* As cell_wait without waiting; signals stay blocked, which saves the kernel some work. */
int cell_poll(int epoll, struct epoll_event *events, int room);

/*
 * Divides with the kernel's licence. seen: how many of the class lived when that was decided. Returns 1 in the daughter (a stem with everything set anew), 0 in the mother, -EAGAIN when
 * the family has changed meanwhile, -EPERM when the kernel refuses for good, -errno when the system has no room.
 */
int cell_divide(struct tissue *t, int class, uint32_t seen);

/* Differentiates with the kernel's licence; seen and results (0, -EAGAIN, -EPERM) as above. */
int cell_become(struct tissue *t, int class, uint32_t seen);

#define CELL_SLICE_NS 200000u /* of blood: what a client sends may be an attack */

/* Short turns, but soon: so many nanoseconds of processor time at once. Kernels before 6.12 take no notice. */
void cell_hurry(uint32_t slice_ns);

/* Puts Landlock and seccomp on, reads back what holds and publishes it; a cell that is not sealed asserts. */
void cell_seal(struct tissue *t, enum membrane kind);

/*
 * Whether a cell of this line may open files for writing at all, in the one place that is for it: not those that descend
 * from blood, which has shut itself off from it.
 */
bool cell_may_write(void);

/* Reads the inbox and ignores what it says: for cells that look at the census anyway. */
void cell_clear_nest(const struct tissue *t);

#endif
