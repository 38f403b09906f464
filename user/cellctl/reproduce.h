/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The halves of `cellctl reproduce`: the spore that root makes, and the gamete that carries it without any privilege. */
#ifndef CELLWS_CELLCTL_REPRODUCE_H
#define CELLWS_CELLCTL_REPRODUCE_H

#include "cellctl/germ.h"
#include <netdb.h>
#include "dna/dna.h"
#include "tissue/key.h"

struct gamete {
	const struct invocation *in;
	int socket; /* connected */
	const uint8_t *spore;
	uint64_t spore_n;
	const struct key_ring *ring;
	const uint64_t *fingerprint_key; /* two numbers */
	const uint8_t *egg; /* public key that it must have; NULL: any egg that trusts us */
	const uint8_t *trust; /* the key the egg was told: ours, or the one before */
	const char *to; /* as the operator wrote it */
	const char *name;
	uint32_t uid, gid;
};

/* No answer came to a first message: there may be an egg that trusts another key. */
#define GAMETE_UNHEARD 100

/* A signed spore of a living organism; mapped until the end of the process. 0 or the exit code, said. */
int reproduce_spore(const struct invocation *in, const char *name, const struct key_ring *ring, const struct germ_view *v,
	const struct addrinfo *to, const uint8_t **bytes, uint64_t *n);

/*
 * What the daughter at that address is told of her relatives, for SPORE_FAMILY: RECORD_FAMILY_BYTES at most; *n 0 where there are
 * no links. 0 or -errno.
 */
int reproduce_kin(const struct invocation *in, const char *name, const struct dna *dna, const struct addrinfo *to, uint8_t *bytes,
	uint64_t *n);

/* Puts whoever is at the other end on the never-ban list: a daughter's host. Says what cannot be. */
void reproduce_spare(const struct invocation *in, const char *name, int socket);

/* In a process of its own: gives up root, proves itself, delivers; tells the operator. The exit code, or GAMETE_UNHEARD. */
_Noreturn void gamete_live(const struct gamete *g);

#endif
