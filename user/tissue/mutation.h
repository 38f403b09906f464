/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a new DNA's germ, roots and genes reach the cells' shared descriptors: one message, and what the kernel is to be told. */
#ifndef CELLWS_TISSUE_MUTATION_H
#define CELLWS_TISSUE_MUTATION_H

#include "shared/mutation.h"
#include "tissue/germ.h"

#define PARCEL_MAGIC 0x6d757461u
#define PARCEL_FDS   (1 + 2 * DNA_ROUTES_MAX) /* fewer than the kernel takes in one message (SCM_MAX_FD, 253) */

/* The message itself: which descriptor is whose. Places count from 1 on; the germ's is the first. */
struct parcel_head {
	uint32_t magic;
	uint32_t generation;
	uint8_t root[DNA_ROUTES_MAX]; /* 0: none; or, where the DNA names one, that of the living DNA with the same name */
	uint8_t gene[DNA_ROUTES_MAX];
	uint32_t by_root; /* root sends it, who also brings the kernel's lists and automata to what the DNA says */
};

struct parcel {
	struct parcel_head head;
	int fd[PARCEL_FDS];
	unsigned n;
};

/* Puts a descriptor in; its place. The parcel must have room: one for the germ, two for each route. */
uint8_t parcel_add(struct parcel *p, int fd);

/* Sends through one end of the pair; the descriptors stay the caller's. 0 or -errno. */
int parcel_send(int to, const struct parcel *p);

/*
 * Takes a look at the oldest message: it stays where it is until parcel_drop(), so that whoever comes after a caller that
 * dies meanwhile finds it as well. 1, and the descriptors are the caller's to close; 0 when there is none; -EBADMSG for one
 * that is no parcel, -EMFILE when the table has no room, or another -errno.
 */
int parcel_peek(int from, struct parcel *p);
void parcel_drop(int from);
void parcel_close(struct parcel *p);

/* BLAKE2b of a germ's whole file. */
void mutation_digest(const struct germ *g, uint8_t digest[32]);

/* What the kernel's programs need of a DNA. can_kill: bpf_send_signal_task() is there. */
void mutation_rules(const struct dna *d, bool can_kill, struct constitution *rules);
void mutation_limits(const struct dna *d, struct flood_limits *limits);

/* All of it, for gland_mutate; now: the DNA in force. */
void mutation_describe(const struct germ *g, const struct dna *now, bool can_kill, struct mutation *to);

/*
 * Whether g can take the place of living: what both must share, because descriptors, memory, filters and identity are of the
 * first germ for good. Of the DNA dna_check_change() tells more.
 */
bool mutation_fits(const struct germ *living, const struct germ *g);

/* Why a DNA was refused, in a sentence; next: the DNA. */
void mutation_say(uint32_t refused, const struct dna *next, char *to, size_t room);

#endif
