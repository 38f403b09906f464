/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Proofs that need a wire of their own: how they are run, and that a block blocks, for the doctor and for its test. */
#ifndef CELLWS_CELLCTL_DOCTOR_PROOF_H
#define CELLWS_CELLCTL_DOCTOR_PROOF_H

#include <stdbool.h>

enum proof_end {
	PROOF_HOLDS,
	PROOF_FAILED,     /* a ban does not do what it should */
	PROOF_IMPOSSIBLE, /* this host lets nobody try, for example without veth */
};

struct proof_result {
	enum proof_end end;
	bool native;    /* the skin ran in the driver */
	double ms;      /* how long the doctor's proof took; 0: none was made */
	char text[240]; /* what was seen, or what went wrong */
};

/*
 * Runs try_it(proof), which writes into *result, in a child whose end takes namespace, wire, programs and maps with it; the child
 * has ten seconds. *result says so when none can be made or it does not finish.
 */
void proof_in_child(struct proof_result *result, void (*try_it)(void *proof), void *proof);

/* As root. Takes well under a second; leaves nothing behind. observe: with a skin that does not block, to prove the proof. */
void doctor_prove(struct proof_result *result, bool observe);

#endif
