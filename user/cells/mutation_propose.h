/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA from a cell: what has come over a link, verified by who calls this, is made the next generation. */
#ifndef CELLWS_CELLS_MUTATION_PROPOSE_H
#define CELLWS_CELLS_MUTATION_PROPOSE_H

#include "tissue/mutation.h"
#include "tissue/tissue.h"

/* A gene as it came: of that route, and of all that name the same file. */
struct proposed_gene {
	uint32_t route;
	const void *bytes;
	uint64_t n;
};

struct proposal {
	const char *text; /* of the DNA, n bytes */
	size_t n;
	const char *origin; /* absolute name of its file: relative paths begin there */
	const struct proposed_gene *gene;
	uint32_t genes;
};

#define PROPOSAL_SAY 640 /* room for why not */

/*
 * For a cell of class gamete, which needs FD_MUTATION_IN and FD_MUTATE and memory for all of it, and opens no file. Builds
 * the germ and hands everything to the cells of the shared table, who put it in force within milliseconds: mutation_fate()
 * tells. Roots are those that the living DNA has open under the same names. Genes are not tried: one that does not load
 * answers 500 on its routes.
 * 0 and the generation it will have; or -EINVAL with what is wrong in say, -EBUSY while another is on its way, or -errno.
 */
int mutation_propose(const struct tissue *t, const struct proposal *what, uint32_t *generation, char say[PROPOSAL_SAY]);

/* 0: it is in force. -EINPROGRESS, or -ECANCELED with a sentence in say: it was refused, the old DNA goes on. */
int mutation_fate(const struct tissue *t, uint32_t generation, const struct dna *next, char say[PROPOSAL_SAY]);

/* Withdraws one that nobody has put in force. Whether it is out of the world now. */
bool mutation_withdraw(uint32_t generation);

#endif
