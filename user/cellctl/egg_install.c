/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a spore to an organism: judged once more by root, genes beside the run directory, then what `up` does; or nothing. */
#include "cellctl/egg.h"
#include "cellctl/down.h"
#include "cellctl/egg_genes.h"
#include "cellctl/spore_bans.h"
#include "cellctl/spore_memory.h"
#include "cellctl/spore_roots.h"
#include "cellctl/up.h"
#include "link/record.h"
#include "link/spore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int open_spore(const struct egg *e, int fd, struct spore *s)
{
	struct stat st;
	void *at;
	int error;

	if (fstat(fd, &st) || st.st_size <= 0 || (uint64_t)st.st_size > SPORE_MOST)
		return verb_say(VERB_FAILED, "the spore has no possible size");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return verb_say(VERB_FAILED, "the spore cannot be read: %s", strerror(errno));
	error = spore_read(s, at, (uint64_t)st.st_size, e->trust, (uint64_t)time(NULL));
	return error ? verb_say(VERB_FAILED, "the spore is refused: %s", strerror(-error)) : 0;
}

static int read_dna(struct up *u, const struct spore *s)
{
	const struct spore_part *origin = spore_find(s, SPORE_ORIGIN, 0), *text = spore_find(s, SPORE_DNA, 0);

	if (!origin->n || origin->bytes[0] != '/' || memchr(origin->bytes, 0, origin->n))
		return verb_say(VERB_FAILED, "the spore is refused: its DNA has no place");
	snprintf(u->germ.origin, sizeof(u->germ.origin), "%.*s", (int)origin->n, (const char *)origin->bytes);
	u->text = (const char *)text->bytes;
	u->text_n = text->n;
	if (dna_parse(u->text, u->text_n, u->germ.origin, &u->germ.dna, stderr))
		return VERB_USAGE;
	if (u->in->name && strcmp(u->in->name, u->germ.dna.organism) != 0)
		return verb_say(VERB_USAGE, "--name %s is not the spore's organism \"%s\"", u->in->name, u->germ.dna.organism);
	return 0;
}

static int check_keys(const struct spore *s, const struct egg_handover *keys, struct key_ring *ring)
{
	uint8_t public[SECRET_PUBLIC_BYTES];

	memcpy(ring->cell, keys->cell, KEY_BYTES);
	memcpy(ring->identity.seed, keys->seed, SECRET_SEED_BYTES);
	ring->identity.credential = s->credential;
	secret_public(keys->seed, public);
	if (secret_equal(public, s->credential.public, sizeof(public)))
		return 0;
	return verb_say(VERB_FAILED, "the spore is refused: the secret key that came along is not its own");
}

static int generation_path(const struct up *u, char to[PIN_PATH])
{
	int n = snprintf(to, PIN_PATH, "%s/%s.generation", u->in->run_dir, u->germ.dna.organism);

	return n < 0 || n >= PIN_PATH ? -ENAMETOOLONG : 0;
}

/* What was installed here before, of key and DNA, is never gone behind. */
static int check_generation(const struct up *u, const struct spore *s)
{
	unsigned key = 0, dna = 0;
	char path[PIN_PATH];
	FILE *f = generation_path(u, path) ? NULL : fopen(path, "re");

	if (!f)
		return 0;
	if (fscanf(f, "%u %u", &key, &dna) != 2)
		key = dna = 0;
	fclose(f);
	if (s->credential.generation > key || (s->credential.generation == key && s->generation >= dna))
		return 0;
	return verb_say(VERB_FAILED, "the spore is refused: it is of generation %u (key) and %u (DNA), and %u and %u were here before",
		s->credential.generation, s->generation, key, dna);
}

static void write_generation(const struct up *u, const struct spore *s)
{
	char path[PIN_PATH];
	FILE *f = generation_path(u, path) ? NULL : fopen(path, "we");

	if (!f || fprintf(f, "%u %u\n", s->credential.generation, s->generation) < 0)
		verb_say(0, "%s cannot be written: an older spore would be taken here", path);
	if (f)
		fclose(f);
}

static int check_namesake(const struct up *u)
{
	struct invocation in = *u->in;
	char path[PIN_PATH];

	in.name = u->germ.dna.organism;
	if (pin_path(&in, in.name, "cells", path, sizeof(path)) || access(path, F_OK) || !down_anybody_lives(&in))
		return 0;
	return verb_say(VERB_FAILED, "%s lives on this host already", in.name);
}

/* Who her relatives are, and where she can be called: where the egg could, if it is the same port. */
static int take_links(struct up *u, const struct egg *e, const struct spore *s)
{
	static struct record_kin kin[HOSTS_MAX];
	const struct spore_part *family = spore_find(s, SPORE_FAMILY, 0);
	const struct dna_listen *link = &u->germ.dna.link;
	int n = family ? record_family_read(kin, family->bytes, family->n) : 0;

	if (n < 0)
		return verb_say(VERB_FAILED, "the spore is refused: its list of relatives is malformed");
	u->kin = kin;
	u->kin_n = (unsigned)n;
	if (link->family == e->listen.family && link->port == e->listen.port)
		u->link_listener = e->listener;
	else
		close(e->listener);
	return 0;
}

/* In this order: nothing is written before all has been judged. */
static int lay(struct up *u, const struct egg *e, const struct spore *s)
{
	int code = read_dna(u, s);

	if (!code)
		code = take_links(u, e, s);
	if (!code)
		code = check_generation(u, s);
	if (!code)
		code = check_namesake(u);
	if (!code)
		code = up_check_place(u);
	if (!code)
		code = spore_roots_check(&u->germ.dna, s);
	if (code)
		return code;
	u->germ.generation = s->generation;
	code = egg_genes_write(u, s);
	if (!code)
		code = spore_roots_write(u, s);
	if (!code)
		code = up_organism(u);
	if (code) {
		egg_genes_remove(u->in, u->germ.dna.organism);
		spore_roots_remove(u->in, u->germ.dna.organism);
	}
	return code;
}

int egg_install(const struct egg *e, int spore, const struct egg_handover *keys)
{
	static struct remembered came;
	static struct key_ring ring;
	static struct spore s;
	static struct up u;
	const struct spore_part *bans;
	int code;

	u = (struct up){ .in = e->in, .iface = e->iface, .xdp_wish = e->xdp_wish, .lock = -1, .log = -1, .ready = { -1, -1 },
		.ring = &ring, .skin = &e->skin };
	secret_lock(&ring, sizeof(ring));
	code = open_spore(e, spore, &s);
	if (!code)
		code = check_keys(&s, keys, &ring);
	if (!code)
		code = spore_memory_read(&s, keys->fingerprint, &came);
	if (!code) {
		u.came = &came;
		code = lay(&u, e, &s);
		remembered_free(&came);
	}
	secret_unlock(&ring, sizeof(ring));
	if (code)
		return code;
	write_generation(&u, &s);
	bans = spore_find(&s, SPORE_BANS, 0);
	if (bans)
		spore_bans_unpack(e->in, u.germ.dna.organism, bans->bytes, bans->n);
	return 0;
}
