/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each host makes of the DNA that its family was told of last: one definition for kernel and user side. */
#ifndef CELLWS_SHARED_SPREAD_H
#define CELLWS_SHARED_SPREAD_H

#include "shared/border.h"

#define UPTAKES_MAX 128u /* hosts of which the last word is kept */
#define UPTAKE_WHY  128u /* with the NUL */

enum uptake_state {
	UPTAKE_NONE = 0,
	UPTAKE_FORCE = 1, /* it lives by it */
	UPTAKE_REFUSED = 2, /* the old one goes on */
	UPTAKE_STATES
};

/* Of one host, this one or another. Key: its place. Writer: gland_uptake; host 0: nobody. */
struct uptake {
	__u64 host;
	__u64 stamp; /* wall clock there, ns: of two words of one host the later holds */
	__u64 which; /* first bytes of the DNA's digest, see link/spread.h */
	__u32 generation; /* of that DNA, in the family */
	__u32 state; /* enum uptake_state */
	__u32 now;   /* generation that is in force there, as that host counts */
	__u32 pad;
	__u8 dna[32]; /* SHA-256 of the text that is in force there */
	char why[UPTAKE_WHY]; /* it was refused; printable */
};
CW_LAYOUT(struct uptake, 200);

/* Context of gland_uptake. */
struct uptake_call {
	__u32 index;
	__u32 answer; /* out: enum gland_answer */
	struct uptake what;
};
CW_LAYOUT(struct uptake_call, 208);

#endif
