/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans between the maps and the memory: `up` restores them, `down` saves them, import and export list them. */
#ifndef CELLWS_CELLCTL_REMEMBER_H
#define CELLWS_CELLCTL_REMEMBER_H

#include "cellctl/verb.h"
#include "dna/dna.h"
#include "immune/ban.h"

#define REMEMBER_LINK "memory" /* in the run directory: leads to the file, for verbs that know no DNA */

/* Bans in memory of our own; free(entries). */
struct ban_set {
	struct ban_entry *entries;
	size_t n, room;
};

/* Adds one. 0 or -ENOMEM. */
int ban_set_add(struct ban_set *set, const struct address *prefix, const struct antibody *antibody);
/* All bans in the maps that are not over. 0 or -errno. */
int ban_set_read(struct ban_set *set, const struct ban_maps *maps, uint64_t now_ns);

/* Where the DNA wants the file; "" for nowhere. */
void remember_path(const struct invocation *in, const struct dna *dna, char to[DNA_PATH_MAX]);

/* Makes the directory of the file for the cells' user, if it is not there. Says what cannot be; never fails `up`. */
void remember_place(const char *path, const char *user);

/* Puts the remembered bans into the maps. Says what cannot be; never fails `up`. */
void remember_restore(const char *path, const struct ban_maps *maps);

/* Writes the bans of a pinned organism into the file that the run directory leads to. Says what cannot be. */
void remember_save(const struct invocation *in, const char *name);

#endif
