/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between the kernel's maps and the memory: `up` restores, `down` saves; the file is touched with its owner's rights only. */
#ifndef CELLWS_CELLCTL_REMEMBER_H
#define CELLWS_CELLCTL_REMEMBER_H

#include "cellctl/verb.h"
#include "dna/dna.h"
#include "immune/ban.h"
#include "memory/memory.h"

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

struct offence {
	struct source source;
	uint32_t offences;
};

/* What the file holds of earlier lives, on the boot clock of now; remembered_free(). */
struct remembered {
	struct memory_clock now;
	struct ban_set bans;
	struct offence *offences;
	size_t offences_n, offences_room;
	struct pathogen *pathogens;
	size_t pathogens_n, pathogens_room;
	struct memory_baseline evidence; /* samples 0: none */
	uint64_t fingerprint_key[2];	 /* made and kept when the file has none */
};

/* The maps that it goes into, besides those of bans. Descriptors; -1 for none. */
struct lymph_maps {
	int offenders, pathogens, lymph;
};

/* Where the DNA wants the file; "" for nowhere. */
void remember_path(const struct invocation *in, const struct dna *dna, char to[DNA_PATH_MAX]);

/* Makes the directory of the file for the cells' user, if it is not there. Says what cannot be; never fails `up`. */
void remember_place(const char *path, const char *user);

/* Reads the file ("": nothing). What cannot be read is said, and missing; a key there is in any case. 0 or -errno. */
int remember_read(const char *path, struct remembered *r);
void remembered_free(struct remembered *r);

/* Keeps another key of fingerprints than the file has, where anything is remembered. */
void remember_key(const struct invocation *in, const char *name, const uint64_t key[2]);

/* Puts it into the maps; bans only if they are wanted. Says what cannot be; never fails `up`. */
void remember_restore(const struct remembered *r, const struct ban_maps *bans, const struct lymph_maps *maps, bool with_bans);

/*
 * Writes what a pinned organism knows into the file that the run directory leads to: all of it when no cell lives any more,
 * else only the bans, for the rest is written by a T cell. Says what cannot be.
 */
void remember_save(const struct invocation *in, const char *name, bool all);

/*
 * Opens the file of an organism with its owner's rights, which this process has until remember_close(). NULL when there is
 * none or it cannot be opened, which is said; with nothing to be closed then.
 */
struct memory *remember_open(const struct invocation *in, const char *name);
void remember_close(struct memory *m);

/* remember_lymph.c: offences, deadly requests, baselines, incidents of a pinned organism. */
struct lymph_known {
	struct pathogen *pathogens;
	struct incident *incidents;
	size_t pathogens_n, incidents_n;
	struct lymph state;
	char life[20];
};

/* Reads them as root; writes them as the owner. 0 or -errno. */
int lymph_known_read(const struct invocation *in, const char *name, struct lymph_known *k);
void lymph_known_write(const struct lymph_known *k, struct memory *m, const struct memory_clock *now);
void lymph_known_free(struct lymph_known *k);
int lymph_known_restore(const struct remembered *r, const struct lymph_maps *maps);

#endif
