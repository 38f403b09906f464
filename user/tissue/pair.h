/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The organism's Ed25519 pair on its way from `up` to the gamete: in sealed memory, mapped only by those who may bear one. */
#ifndef CELLWS_TISSUE_PAIR_H
#define CELLWS_TISSUE_PAIR_H

#include "link/identity.h"

/* A copy in a sealed memory file; a descriptor that is closed on exec, or -errno. */
int pair_memfd(const struct identity *pair);

/* Maps it read-only, locked and in no core file. Fork passes the mapping on, but not the lock. NULL with errno. */
const struct identity *pair_map(int fd);
int pair_lock(const struct identity *pair);
void pair_unmap(const struct identity *pair);

#endif
