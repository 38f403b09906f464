/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Document roots that the DNA wants to travel, between the host's files and a spore. */
#ifndef CELLWS_CELLCTL_SPORE_ROOTS_H
#define CELLWS_CELLCTL_SPORE_ROOTS_H

#include "cellctl/up.h"
#include "dna/dna.h"
#include "link/spore.h"

/* Whether an earlier route carries the same root, and so brings it; then *from is that one, else the route itself. */
bool spore_root_is_brought(const struct dna *dna, uint32_t route, uint32_t *from);

/*
 * The files of a route's root that this user may read, for SPORE_ROOT: regular files, directories, and what links to a file inside
 * the root leads to; mapped until the end of the process. What is left out is said. 0 or the exit code, said.
 */
int spore_root_pack(const struct dna *dna, uint32_t route, uint32_t uid, uint32_t gid, uint8_t **bytes, uint64_t *n);

/* Before anything is written: each root comes along or is on this host, as the DNA says, and none is malformed. 0 or the exit code, said. */
int spore_roots_check(const struct dna *dna, const struct spore *s);

/*
 * Writes those that came along to RUN_DIR/NAME.roots, for root to change and for all to read, whole or not at all, and turns the
 * routes of u's DNA to them. 0 or the exit code, said.
 */
int spore_roots_write(struct up *u, const struct spore *s);

/* Removes them, if there are any. */
void spore_roots_remove(const struct invocation *in, const char *name);

#endif
