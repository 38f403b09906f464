/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans between the maps of an organism and a spore. */
#ifndef CELLWS_CELLCTL_SPORE_BANS_H
#define CELLWS_CELLCTL_SPORE_BANS_H

#include <stdint.h>
#include "cellctl/verb.h"
#include "link/bans.h"

/* All bans of a living organism that are not over, BAN_WIRE_BYTES each; free(*bytes). 0 or -errno. */
int spore_bans_pack(const struct invocation *in, const char *name, uint8_t **bytes, uint64_t *n);

/*
 * Puts those into the maps of a living organism that this host may ban: nothing that covers its never-ban list, nothing
 * too wide. Others are left out, and how many is said.
 */
void spore_bans_unpack(const struct invocation *in, const char *name, const uint8_t *bytes, uint64_t n);

#endif
