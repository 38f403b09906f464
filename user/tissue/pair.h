/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Ed25519 pairs of organism and host on their way from `up` to the gamete: in sealed memory, mapped only by those who may bear one. */
#ifndef CELLWS_TISSUE_PAIR_H
#define CELLWS_TISSUE_PAIR_H

#include "link/identity.h"

struct pair {
	struct identity organism;
	uint8_t host[SECRET_SEED_BYTES]; /* seed of this host's own */
};

/* A copy in a sealed memory file; a descriptor that is closed on exec, or -errno. */
int pair_memfd(const struct pair *pair);

/* Maps it read-only, locked and in no core file. Fork passes the mapping on, but not the lock. NULL with errno. */
const struct pair *pair_map(int fd);
int pair_lock(const struct pair *pair);
void pair_unmap(const struct pair *pair);

#endif
