/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `up` hands to the egg in one sealed memory file, and what every cell reads from it for life. */
#ifndef CELLWS_TISSUE_GERM_H
#define CELLWS_TISSUE_GERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dna/dna.h"
#include "tissue/plan.h"
#include "tissue/membrane.h"

#define GERM_MAGIC 0x67657277u

struct germ_part {
	uint32_t at; /* offset in the file */
	uint32_t n;  /* bytes */
};

/* Which file a descriptor must be of: whoever shares the table could put another in its place. inode 0: any. */
struct germ_file {
	uint64_t device, inode;
};

struct germ {
	uint32_t magic;
	uint32_t bytes; /* of the whole file */
	uint32_t generation; /* of the DNA, from 1 on */
	struct plan plan;
	uint32_t uid, gid;
	char memory[DNA_PATH_MAX];   /* file of the immune memory, absolute; "" for none */
	uint64_t boot;               /* of memory_clock_read(): a cell cannot ask */
	uint64_t fingerprint_key[2]; /* secret; the same in every life that remembers */
	struct germ_part filter[MEMBRANE_COUNT]; /* seccomp programs */
	struct germ_part mime;                   /* text of the system's mime.types */
	struct germ_part text;                   /* of the DNA, as the operator wrote it */
	uint32_t signature_now;                  /* signature_numbered() of its automaton */
	uint32_t signature_room;                 /* cells that each of the two tables has room for; of the first germ for good */
	struct germ_file root[DNA_ROUTES_MAX];   /* by route */
	struct germ_file gene[DNA_ROUTES_MAX];
	char origin[DNA_PATH_MAX];               /* absolute name of the DNA's file: its relative paths begin there */
	struct dna dna;
};

/* Builds the file; returns its sealed descriptor or -errno. Filters, mime and the DNA's text are appended behind g. */
int germ_make(struct germ *g, const struct germ_part filter_src[MEMBRANE_COUNT], const char *const filter_bytes[MEMBRANE_COUNT],
	const char *mime, size_t mime_n, const char *text, size_t text_n);

/* Maps the file read-only and checks its form. NULL when it is none. */
const struct germ *germ_map(int fd);

/*
 * Document roots that came with a copy lie elsewhere than its DNA's text says, and stay there: routes of next that name one as that
 * text does get the place it has here. Nothing where roots are as named. 0 or -ENOMEM.
 */
int germ_keep_roots(const struct germ *living, struct dna *next);

/* That memory can no longer change. */
#define GERM_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The numbers and the bank of a generation. */
static inline void germ_number(struct germ *g, uint32_t generation)
{
	g->generation = generation;
	g->plan.bank = generation % BANKS;
}

/* Which file a descriptor is of; inode 0 for a negative one, or when the kernel does not tell. */
struct germ_file germ_file_of(int fd);
bool germ_file_is(const struct germ_file *wanted, int fd);

static inline const void *germ_bytes(const struct germ *g, struct germ_part part)
{
	return (const char *)g + part.at;
}

#endif
