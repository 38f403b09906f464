/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who this host is to others: the organism's pair, and its own, by which it is known when it votes or is voted on. */
#include "cells/gamete.h"
#include "tissue/pair.h"

#include <errno.h>
#include <string.h>

/* What is not to leave memory. */
static struct {
	struct identity now;
	uint8_t host[SECRET_SEED_BYTES];
} own;

void self_open(struct gamete_cell *g)
{
	cw_assert(secret_lock(&own, sizeof(own)) == 0);
	own.now = g->t->pair->organism;
	memcpy(own.host, g->t->pair->host, sizeof(own.host));
	secret_public(own.host, g->key);
}

const struct identity *self_pair(void)
{
	return &own.now;
}

void self_introduce(const struct gamete_cell *g, const uint8_t script[32], bool called, struct record_host *to)
{
	*to = (struct record_host){ .id = g->self };
	memcpy(to->key, g->key, sizeof(to->key));
	host_certify(to->certificate, own.now.seed, g->self, g->key);
	host_prove(to->proof, own.host, script, called);
}

static bool is_certified(const uint8_t certificate[SECRET_SIGNATURE_BYTES], uint64_t id, const uint8_t key[SECRET_PUBLIC_BYTES])
{
	return host_is_certified(certificate, own.now.credential.public, id, key);
}

int self_meet(const struct record_host *r, const uint8_t script[32], bool called)
{
	return is_certified(r->certificate, r->id, r->key) && host_is_proved(r->proof, r->key, script, called) ? 0 : -EACCES;
}

void self_vote(const struct gamete_cell *g, struct record_vote *v)
{
	v->voter = g->self;
	memcpy(v->voter_key, g->key, sizeof(v->voter_key));
	host_certify(v->certificate, own.now.seed, g->self, g->key);
	host_vote(v, own.host);
}

bool self_believes(const struct record_vote *v)
{
	return is_certified(v->certificate, v->voter, v->voter_key) && host_has_voted(v);
}
