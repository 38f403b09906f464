/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The secret key on its way to the egg: from the DNA's file, a spore, or made for this life; here only until it is handed over. */
#include "cellctl/up.h"
#include "cellctl/key.h"
#include "secret/secret.h"
#include "tissue/pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOCKED_BYTES (256u << 10)

static int get_ring(const struct up *u, struct key_ring *ring)
{
	const struct dna *dna = &u->germ.dna;
	const char *why = "";
	int error;

	if (u->ring) {
		*ring = *u->ring;
		return 0;
	}
	if (dna->key[0]) {
		error = key_ring_load(dna->key, ring, &why);
		if (!error && dna->link.family)
			key_catch_up(u->in, dna->organism, dna->key, ring);
		return error ? verb_say(VERB_USAGE, "%s: key: %s %s (%s)", dna->file, dna->key, why, strerror(-error)) : 0;
	}
	error = key_ring_make(ring);
	return error ? verb_say(VERB_FAILED, "no key can be made: %s", strerror(-error)) : 0;
}

static void undo_place(struct up *u)
{
	char path[PIN_PATH];

	if (!key_path(u->in, u->germ.dna.organism, path))
		unlink(path);
}

/* A key that is in no file of the operator's lies in the run directory, for root only, as long as the organism is up. */
static int keep_ring(struct up *u, const struct key_ring *ring)
{
	const char *file = u->germ.dna.key;
	char path[PIN_PATH];
	int error;

	if (key_path(u->in, u->germ.dna.organism, path))
		return verb_say(VERB_USAGE, "--run-dir is too long");
	if (unlink(path) && errno != ENOENT)
		return verb_say(VERB_FAILED, "%s cannot be replaced: %s", path, strerror(errno));
	if (file[0] && !u->ring)
		error = symlink(file, path) ? -errno : 0;
	else
		error = key_ring_store(path, ring);
	if (error)
		return verb_say(VERB_FAILED, "%s cannot be made: %s", path, strerror(-error));
	up_done(u, undo_place);
	return 0;
}

/* Every cell locks the key's page, twice where the memory is secret too: some hosts allow a user less than that. */
static void allow_lock(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_MEMLOCK, &l) || l.rlim_cur >= LOCKED_BYTES)
		return;
	l.rlim_cur = LOCKED_BYTES;
	if (l.rlim_max < LOCKED_BYTES)
		l.rlim_max = LOCKED_BYTES;
	setrlimit(RLIMIT_MEMLOCK, &l);
}

/*
 * Linked hosts know a deadly request by the same number: its secret comes from the key that they share, and is a new one after
 * each change of that.
 */
static void share_fingerprints(struct up *u, const struct key_ring *ring)
{
	static const char label[] = "cellws-fingerprint-key";

	secret_mark((uint8_t *)u->germ.fingerprint_key, sizeof(u->germ.fingerprint_key), ring->cell, label, sizeof(label));
}

/* 0 or the exit code, said. */
static int plan_pair(struct up *u, const struct identity *organism)
{
	static struct pair pair;
	int code, fd = -1;

	if (!organism->credential.generation)
		return verb_say(VERB_USAGE, "%s: key: %s holds no pair to prove this organism to other hosts by, as link.listen wants; "
			"`cellctl key rotate` makes one", u->germ.dna.file, u->germ.dna.key);
	if (secret_lock(&pair, sizeof(pair)))
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(errno));
	pair.organism = *organism;
	code = up_host(u, &pair);
	if (!code)
		fd = pair_memfd(&pair);
	secret_unlock(&pair, sizeof(pair));
	if (code)
		return code;
	if (fd < 0)
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(-fd));
	up_plan_fd(u, FD_PAIR, fd);
	return 0;
}

int up_key(struct up *u)
{
	static struct key_ring ring;
	int code, fd = -1;

	if (secret_lock(&ring, sizeof(ring)))
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(errno));
	code = get_ring(u, &ring);
	if (!code)
		code = keep_ring(u, &ring);
	if (!code)
		fd = key_memfd(ring.cell);
	if (fd >= 0 && u->germ.dna.link.family)
		code = plan_pair(u, &ring.identity);
	if (fd >= 0 && u->germ.dna.link.family)
		share_fingerprints(u, &ring);
	secret_unlock(&ring, sizeof(ring));
	if (code)
		return code;
	if (fd < 0)
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(-fd));
	allow_lock();
	up_plan_fd(u, FD_KEY, fd);
	return 0;
}
