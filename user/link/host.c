/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Certificates, proofs and votes of single hosts. */
#include "link/host.h"
#include "link/wire.h"

#define LABEL_BYTES 12u
#define HOST_BYTES  (LABEL_BYTES + 8 + SECRET_PUBLIC_BYTES)
#define LINK_BYTES  (LABEL_BYTES + 32 + 1)
#define VOTE_BYTES  (LABEL_BYTES + 8 + 32 + 8 + 32 + 8 + 4 + 4)

static void host_text(uint64_t id, const uint8_t public[SECRET_PUBLIC_BYTES], uint8_t to[HOST_BYTES])
{
	wire_put(wire_put64(wire_put(to, "cellws-host", LABEL_BYTES), id), public, SECRET_PUBLIC_BYTES);
}

void host_certify(uint8_t certificate[SECRET_SIGNATURE_BYTES], const uint8_t seed[SECRET_SEED_BYTES], uint64_t id,
	const uint8_t public[SECRET_PUBLIC_BYTES])
{
	uint8_t text[HOST_BYTES];

	host_text(id, public, text);
	secret_sign(certificate, seed, text, sizeof(text));
}

bool host_is_certified(const uint8_t certificate[SECRET_SIGNATURE_BYTES], const uint8_t organism[SECRET_PUBLIC_BYTES], uint64_t id,
	const uint8_t public[SECRET_PUBLIC_BYTES])
{
	uint8_t text[HOST_BYTES];

	host_text(id, public, text);
	return secret_is_signed(certificate, organism, text, sizeof(text));
}

static void link_text(const uint8_t script[32], bool called, uint8_t to[LINK_BYTES])
{
	uint8_t *at = wire_put(wire_put(to, "cellws-link", LABEL_BYTES), script, 32);

	*at = !called;
}

void host_prove(uint8_t proof[SECRET_SIGNATURE_BYTES], const uint8_t seed[SECRET_SEED_BYTES], const uint8_t script[32], bool called)
{
	uint8_t text[LINK_BYTES];

	link_text(script, called, text);
	secret_sign(proof, seed, text, sizeof(text));
}

bool host_is_proved(const uint8_t proof[SECRET_SIGNATURE_BYTES], const uint8_t public[SECRET_PUBLIC_BYTES], const uint8_t script[32],
	bool called)
{
	uint8_t text[LINK_BYTES];

	link_text(script, called, text);
	return secret_is_signed(proof, public, text, sizeof(text));
}

static void vote_text(const struct record_vote *v, uint8_t to[VOTE_BYTES])
{
	to = wire_put(to, "cellws-vote", LABEL_BYTES);
	to = wire_put(wire_put64(to, v->voter), v->voter_key, SECRET_PUBLIC_BYTES);
	to = wire_put(wire_put64(to, v->target), v->target_key, SECRET_PUBLIC_BYTES);
	wire_put32(wire_put32(wire_put64(to, v->stamp), v->family), v->withdrawn);
}

void host_vote(struct record_vote *v, const uint8_t seed[SECRET_SEED_BYTES])
{
	uint8_t text[VOTE_BYTES];

	vote_text(v, text);
	secret_sign(v->signature, seed, text, sizeof(text));
}

bool host_has_voted(const struct record_vote *v)
{
	uint8_t text[VOTE_BYTES];

	vote_text(v, text);
	return secret_is_signed(v->signature, v->voter_key, text, sizeof(text));
}
