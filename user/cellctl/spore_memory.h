/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the immune system has learned, besides bans, between an organism and a spore. */
#ifndef CELLWS_CELLCTL_SPORE_MEMORY_H
#define CELLWS_CELLCTL_SPORE_MEMORY_H

#include "cellctl/remember.h"
#include "link/spore.h"

/* For SPORE_OFFENCES and SPORE_PATHOGENS; spore_memory_free(). */
struct spore_memory {
	uint8_t *offences, *pathogens;
	uint64_t offences_n, pathogens_n; /* bytes */
};

/* Of a living organism. 0 or -errno. */
int spore_memory_pack(const struct invocation *in, const char *name, struct spore_memory *to);
void spore_memory_free(struct spore_memory *m);

/*
 * What came along, for struct up: offences that are not over, deadly requests, and the key they are known by; remembered_free().
 * 0, or the exit code, said: malformed, or out of memory.
 */
int spore_memory_read(const struct spore *s, const uint8_t key[16], struct remembered *to);

/* Puts what came along beside what this host remembers; requests that are known by another key go. 0 or -ENOMEM. */
int spore_memory_join(struct remembered *mine, const struct remembered *came);

#endif
