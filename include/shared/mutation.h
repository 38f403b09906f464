/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA on its way into force: what the kernel's programs need of it, and the call by which that is said. */
#ifndef CELLWS_SHARED_MUTATION_H
#define CELLWS_SHARED_MUTATION_H

#include "shared/cell.h"
#include "shared/hormone.h"

#define MUTATION_ROWS 2u /* the DNA in force and the one before or after it, by generation modulo this */

enum mutation_state {
	MUTATION_NONE = 0,
	MUTATION_STAGED = 1, /* wanted by root or a gamete; cells bring its descriptors to their numbers */
	MUTATION_FORCE = 2,  /* it is, or was, in force */
};

/* X(NAME, text): why cells that were given a DNA do not install it. */
#define MUTATION_REFUSALS(X)                                                                                           \
	X(NONE, "it was not refused")                                                                                  \
	X(FIT, "it changes what takes `cellctl down` and `cellctl up`, or is not of this organism")                    \
	X(ROOT, "its document root is new on this host: `cellctl mutate` has to be called here")                       \
	X(FILE, "its root or gene did not come with it")                                                               \
	X(LISTS, "it changes immune.allow or immune.trusted_proxies: `cellctl mutate` has to be called here")          \
	X(SIGNATURES, "it changes signatures: `cellctl mutate` has to be called here")

enum mutation_refusal {
#define X(NAME, text) MUTATION_REFUSED_##NAME,
	MUTATION_REFUSALS(X)
#undef X
	MUTATION_REFUSED_COUNT
};

static inline __u32 mutation_refused(__u32 reason, __u32 route)
{
	return route << 8 | reason;
}

/* What the skin may let pass; the writer of the variables of the same names is gland_mutate. */
struct flood_limits {
	__u64 syn_cost_ns;
	__u64 packet_cost_ns;
	__u32 packet_sample;
	__u32 port_syn_rate;
};

/*
 * A generation of the DNA. Key: generation modulo MUTATION_ROWS. Writer: gland_mutate, which copies all of it into force in
 * one call: there is no moment, and no death of anybody, that leaves half of it.
 */
struct mutation {
	__u32 generation;
	__u32 state; /* enum mutation_state; the last to be written */
	__u64 staged_ns; /* boot clock */
	__u8 germ[32];   /* BLAKE2b of the germ's file: what cells will take for it, and nothing else */
	char dna_sha256[72];
	struct constitution rules;
	struct flood_limits limits;
	__u32 blood_min, drone_min; /* of the census */
	__u32 drain_ms;
	__u32 signature_now; /* signature_numbered() of the automaton that counts */
	__u32 refused;  /* why it was not installed, mutation_refused(); 0: it was not refused */
	__u32 observe; /* 1: rules.observe is new; else the switch stays as it is */
};
CW_LAYOUT(struct mutation, 296);

enum mutate_act {
	MUTATE_STAGE = 1,  /* root, or a gamete: `next` is wanted */
	MUTATE_CANCEL = 2, /* the same, or a cell that finds it cannot be installed: not any more */
	MUTATE_AGAIN = 4,  /* root, or a gamete: cells are told of it once more */
	MUTATE_FORCE = 3,  /* a cell of the shared table: its descriptors are in their places */
};

/* Context of gland_mutate. answer: GLAND_OK, STRANGER, CLASS, DYING, STALE (not the generation after the present), PENDING. */
struct mutate_call {
	__u32 act;
	__u32 answer;
	struct mutation next; /* of FORCE and AGAIN only the generation is read, of CANCEL refused as well */
};
CW_LAYOUT(struct mutate_call, 304);

/* Another may be staged over one that nobody has brought into force in this time; root may at once. */
#define MUTATION_STALE_NS 10000000000ull

#endif
