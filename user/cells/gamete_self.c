/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who this host is to others: the organism's pair, which others may follow, and its own, by which it votes and is voted on. */
#include "cells/gamete.h"
#include "link/succession.h"
#include "tissue/pair.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 500u

/* What is not to leave memory. */
static struct {
	struct heir now;
	struct identity before; /* generation 0: none is known */
	uint8_t host[SECRET_SEED_BYTES];
} own;
static off_t read_to; /* of the file of keys */

void self_open(struct gamete_cell *g)
{
	cw_assert(secret_lock(&own, sizeof(own)) == 0);
	own.now.identity = g->t->pair->organism;
	memcpy(own.now.cell, g->t->key, sizeof(own.now.cell));
	memcpy(own.host, g->t->pair->host, sizeof(own.host));
	secret_public(own.host, g->key);
	self_follow(g);
}

const struct identity *self_pair(void)
{
	return &own.now.identity;
}

const struct identity *self_before(void)
{
	return own.before.credential.generation && credential_has_previous(&own.now.identity.credential, (uint64_t)time(NULL)) ?
		       &own.before :
		       NULL;
}

void self_introduce(const struct gamete_cell *g, const uint8_t script[32], const struct link *l, struct record_host *to)
{
	/* Who has the key before knows no other yet. */
	const struct identity *by = l->older && own.before.credential.generation ? &own.before : &own.now.identity;
	bool called = l->called;

	*to = (struct record_host){ .id = g->self };
	memcpy(to->key, g->key, sizeof(to->key));
	host_certify(to->certificate, by->seed, g->self, g->key);
	host_prove(to->proof, own.host, script, called);
}

static bool is_certified(const uint8_t certificate[SECRET_SIGNATURE_BYTES], uint64_t id, const uint8_t key[SECRET_PUBLIC_BYTES])
{
	const struct identity *before = self_before();

	return host_is_certified(certificate, own.now.identity.credential.public, id, key) ||
	       (before && host_is_certified(certificate, before->credential.public, id, key));
}

int self_meet(const struct record_host *r, const uint8_t script[32], bool called)
{
	return is_certified(r->certificate, r->id, r->key) && host_is_proved(r->proof, r->key, script, called) ? 0 : -EACCES;
}

void self_vote(const struct gamete_cell *g, struct record_vote *v)
{
	v->voter = g->self;
	memcpy(v->voter_key, g->key, sizeof(v->voter_key));
	host_certify(v->certificate, own.now.identity.seed, g->self, g->key);
	host_vote(v, own.host);
}

bool self_believes(const struct record_vote *v)
{
	return is_certified(v->certificate, v->voter, v->voter_key) && host_has_voted(v);
}

void self_mark(const struct expelled *e, uint8_t row[EXPELLED_BYTES])
{
	expelled_write(e, own.host, row);
}

void self_tell(struct gamete_cell *g, struct link *l)
{
	uint8_t bytes[HEIR_BYTES];

	heir_write(&own.now, bytes);
	link_say(g, l, STREAM_SUCCESSOR, bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	l->older = false;
}

static void tell_all_but(struct gamete_cell *g, const struct link *from)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (g->link[i].step != LINK_NONE && g->link[i].greeted && &g->link[i] != from)
			self_tell(g, &g->link[i]);
}

/* Each record is whole: it was written at once. */
void self_follow(struct gamete_cell *g)
{
	uint8_t record[SUCCESSION_BYTES];
	bool went = false;

	if (g->followed_ms && g->now_ms - g->followed_ms < LOOK_MS)
		return;
	g->followed_ms = g->now_ms;
	while (pread(FD_KEYS, record, sizeof(record), read_to) == (ssize_t)sizeof(record)) {
		read_to += (off_t)sizeof(record);
		went |= succession_walk(&own.now, &own.before, record, 1);
	}
	if (!went)
		return;
	tissue_log(g->t, "the key is of generation %u now", own.now.identity.credential.generation);
	tell_all_but(g, NULL);
}

static bool append(const struct heir *h, const struct identity *opener)
{
	uint8_t record[SUCCESSION_BYTES];

	return !succession_write(h, opener, record) && write(FD_KEYS, record, sizeof(record)) == (ssize_t)sizeof(record);
}

/* For the gamete that follows this one, and for root: the way back, and the way there. */
static bool write_down(const struct heir *next)
{
	bool rival = next->identity.credential.generation == own.now.identity.credential.generation;
	struct heir back = rival ? (struct heir){ .identity = own.before } : own.now;
	bool done = append(&back, &next->identity) && append(next, &own.now.identity);

	secret_wipe(&back, sizeof(back));
	return done;
}

void self_hear(struct gamete_cell *g, struct link *l, const uint8_t *bytes)
{
	struct heir next;

	if (!heir_read(&next, bytes) || succession_judge(&next, &own.now.identity, &own.before, (uint64_t)time(NULL))) {
		secret_wipe(&next, sizeof(next));
		return;
	}
	if (!write_down(&next))
		tissue_log(g->t, "the new key cannot be written down: the next `up` begins with the one before");
	if (next.identity.credential.generation > own.now.identity.credential.generation)
		own.before = own.now.identity;
	own.now = next;
	secret_wipe(&next, sizeof(next));
	tissue_log(g->t, "the key is of generation %u now, as %s says", own.now.identity.credential.generation, g->row[l->row].address);
	tell_all_but(g, l);
}
