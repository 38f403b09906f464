/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a living organism was laid with, read from the descriptors of one of its cells: exactly what runs. For root. */
#ifndef CELLWS_CELLCTL_GERM_H
#define CELLWS_CELLCTL_GERM_H

#include "cellctl/verb.h"
#include "tissue/germ.h"

/* A cell whose germ is open. */
struct germ_view {
	const struct germ *germ; /* mapped until the end of the process */
	uint32_t generation;	 /* of the DNA */
	uint32_t pid;
};

/* 0 or the exit code, said. */
int germ_view(const struct invocation *in, const char *name, struct germ_view *v);

/* The gene of a route, a sealed memory file, mapped until the end of the process. 0 or -errno. */
int germ_gene(const struct germ_view *v, uint32_t route, const uint8_t **bytes, uint64_t *n);

/* How long the previous key is accepted after a rotation, as the living DNA says. 0 or the exit code, said. */
int germ_previous_key_s(const struct invocation *in, const char *name, uint64_t *seconds);

#endif
