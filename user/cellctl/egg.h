/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receptive egg: a keeper that is root and talks to nobody, and a receiver that talks to the network and may nothing. */
#ifndef CELLWS_CELLCTL_EGG_H
#define CELLWS_CELLCTL_EGG_H

#include "cellctl/egg_skin.h"
#include "cellctl/pins.h"
#include "cellctl/verb.h"
#include "dna/dna.h"
#include "link/spore.h"
#include "link/stream.h"
#include "secret/secret.h"
#include "tissue/key.h"

#define EGG_SAY 1024 /* of what happened, for the mother: STREAM_REFUSED */

struct egg {
	const struct invocation *in;
	const char *iface;
	const char *xdp_wish;
	struct dna_listen listen;
	uint64_t for_s;			    /* 0: for ever */
	uint8_t trust[SECRET_PUBLIC_BYTES]; /* of the organism that may come */
	uint8_t seed[SECRET_SEED_BYTES];    /* of the egg's own pair, for this life */
	int lock, listener;
	struct egg_skin skin;
};

/* Receiver to keeper, with the sealed memory file of a spore: a whole one, which the receiver has found good. */
struct egg_handover {
	uint8_t cell[KEY_BYTES];
	uint8_t seed[SECRET_SEED_BYTES];
	uint8_t fingerprint[SPORE_FINGERPRINT_KEY];
};

/* Keeper to receiver. */
struct egg_answer {
	int32_t code; /* 0: laid */
	char say[EGG_SAY];
};

/* Root's part: never returns. ready: gets a byte when strangers may come. */
_Noreturn void egg_keep(struct egg *e, int ready);

/* The network's part, sealed: never returns. keeper: SOCK_SEQPACKET. */
_Noreturn void egg_receive(const struct egg *e, int keeper);

/* Verifies a spore once more, installs it and lays the organism; says what is wrong. The exit code; nothing is left of a failure. */
int egg_install(const struct egg *e, int spore, const struct egg_handover *keys);

/* Ends the receptive egg of this run directory, if there is one; true then. */
bool egg_end(const struct invocation *in);

/* RUN_DIR/egg.LEAF. 0 or -ENAMETOOLONG. */
int egg_path(const struct invocation *in, const char *leaf, char to[PIN_PATH]);

#endif
