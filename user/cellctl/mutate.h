/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of `cellctl mutate`: what is wanted and what lives, the parcel for the cells, the kernel's word. */
#ifndef CELLWS_CELLCTL_MUTATE_H
#define CELLWS_CELLCTL_MUTATE_H

#include "cellctl/germ.h"
#include "cellctl/pins.h"
#include "cellctl/signatures.h"
#include "cellctl/vital.h"
#include "tissue/mutation.h"

struct mutate {
	const struct invocation *in;
	const char *file;
	bool dry;
	bool local; /* other hosts are not told */
	char name[DNA_NAME_MAX];
	int lock;
	struct germ_view living;
	struct germ germ; /* of the new generation, with its DNA in it */
	char *text;       /* of the DNA */
	size_t text_n;
	struct parcel parcel;
	unsigned new_roots; /* in it: directories that the living DNA has not open */
	struct automaton_table signatures; /* to be written, if they are new */
	const struct germ *made; /* as in the parcel */
};

/* mutate_germ.c: opens everything the DNA names and puts it in the parcel. 0 or the exit code, said. */
int mutate_make(struct mutate *m);
/* Whether a gene is another file than the living one's, by its bytes. */
bool mutate_genes_differ(const struct mutate *m);

/*
 * mutate_plant.c: gives new roots a place in the cells' mount namespace and puts descriptors of those into the parcel. 0 or
 * the exit code, said.
 */
int mutate_plant(struct mutate *m);

/* mutate_sign.c: which automaton the germ goes by; builds it if it is new, and writes it. 0 or the exit code, said. */
int mutate_sign(struct mutate *m);
int mutate_write_signatures(const struct mutate *m);

/* mutate_send.c: gives the parcel to the cells and waits until its DNA is in force. 0 or the exit code, said. */
int mutate_send(struct mutate *m);
/* A descriptor of the cells' shared table, or -errno. */
int mutate_borrow(const struct family *f, int number);

/*
 * mutate_spread.c: has other hosts told of it, if there are links; one that is lived by already (not new) only if they were not.
 * 0 or the exit code, said.
 */
int mutate_spread(const struct mutate *m, bool is_new);

/* mutate_allow.c: brings the never-ban list and the trusted proxies in the kernel to what the DNA says. 0 or -errno. */
int mutate_allow(const struct mutate *m, const struct dna *dna);

#endif
