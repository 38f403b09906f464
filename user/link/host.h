/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one host of an organism signs for itself: that it is there, and that it wants another expelled; pure. */
#ifndef CELLWS_LINK_HOST_H
#define CELLWS_LINK_HOST_H

#include "link/identity.h"
#include "link/record.h"

/*
 * A host has a pair of its own (Ed25519), which outlives its organism; the organism's pair certifies it. Signed are
 *
 *   certificate: "cellws-host" NUL | id (8) | public (32), by the organism's key
 *   proof:       "cellws-link" NUL | digest of the handshake (32) | 1 for who called, else 0 (1), by the host's
 *   vote:        "cellws-vote" NUL | all of the record but its certificate and signature, by the voter's
 */
void host_certify(uint8_t certificate[SECRET_SIGNATURE_BYTES], const uint8_t seed[SECRET_SEED_BYTES], uint64_t id,
	const uint8_t public[SECRET_PUBLIC_BYTES]);
bool host_is_certified(const uint8_t certificate[SECRET_SIGNATURE_BYTES], const uint8_t organism[SECRET_PUBLIC_BYTES], uint64_t id,
	const uint8_t public[SECRET_PUBLIC_BYTES]);

/* script: of the handshake, once both are through it. */
void host_prove(uint8_t proof[SECRET_SIGNATURE_BYTES], const uint8_t seed[SECRET_SEED_BYTES], const uint8_t script[32], bool called);
bool host_is_proved(const uint8_t proof[SECRET_SIGNATURE_BYTES], const uint8_t public[SECRET_PUBLIC_BYTES], const uint8_t script[32],
	bool called);

/* Fills the signature in; whether it is right. */
void host_vote(struct record_vote *v, const uint8_t seed[SECRET_SEED_BYTES]);
bool host_has_voted(const struct record_vote *v);

#endif
