/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A DNA that is in force here, signed and laid where this host's gamete finds it, which tells all other hosts. */
#include "cellctl/mutate.h"
#include "cellctl/key.h"
#include "cellctl/vital.h"
#include "link/spread.h"
#include "tissue/spread_file.h"
#include "shared/link.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What this host knows: that which came from others, and that which was made here. */
struct files {
	int came, made;
	struct spread newest; /* generation 0: none */
};

static void read_head(int fd, struct spread *newest)
{
	uint8_t head[SPREAD_BYTES];
	struct spread s;

	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) || spread_read(&s, head))
		return;
	if (!newest->generation || spread_is_newer(&s, newest))
		*newest = s;
}

/* Numbers in them may have been spoiled by cells; what is not signed counts for nothing. */
static int open_files(const struct mutate *m, const struct key_ring *ring, struct files *f)
{
	static struct family family;
	int code = family_open(m->in, m->name, &family);

	if (code)
		return code;
	*f = (struct files){ .came = mutate_borrow(&family, FD_SPREAD), .made = mutate_borrow(&family, FD_SPREAD_ROOT) };
	family_close(&family);
	if (f->came < 0 || f->made < 0)
		return verb_say(VERB_FAILED, "no cell of %s can be reached: %s", m->name, strerror(f->came < 0 ? -f->came : -f->made));
	read_head(f->came, &f->newest);
	read_head(f->made, &f->newest);
	if (f->newest.generation && !spread_is_signed(&f->newest, ring->identity.credential.public) &&
		!spread_is_signed(&f->newest, ring->identity.credential.previous))
		f->newest = (struct spread){ 0 };
	return 0;
}

static void close_files(const struct files *f)
{
	if (f->came >= 0)
		close(f->came);
	if (f->made >= 0)
		close(f->made);
}

static int add_gene(struct spore *s, const struct mutate *m, uint32_t route)
{
	int fd = m->parcel.fd[m->parcel.head.gene[route] - 1];
	struct stat st;
	void *at;

	if (fstat(fd, &st))
		return -errno;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	spore_add(s, SPORE_GENE, route, at, (uint64_t)st.st_size);
	return 0;
}

/* The first route that names a gene brings it. Mappings go with the process. */
static int add_genes(struct spore *s, const struct mutate *m)
{
	int error = 0;

	for (uint32_t i = 0; i < m->germ.dna.route_count && !error; i++) {
		unsigned place = m->parcel.head.gene[i];
		bool brought = false;

		for (uint32_t j = 0; j < i; j++)
			brought |= m->parcel.head.gene[j] == place;
		if (place && !brought)
			error = add_gene(s, m, i);
	}
	return error;
}

/* 0, -E2BIG, or another -errno. */
static int lay(const struct mutate *m, const struct key_ring *ring, const struct files *f, uint64_t self)
{
	static struct spore s;
	struct spread word = { .generation = f->newest.generation + 1, .origin = self, .stamp = clock_wall_ns() };
	uint8_t *bytes;
	int64_t n;
	int error;

	if (word.generation < m->germ.generation)
		word.generation = m->germ.generation;
	s = (struct spore){ .generation = word.generation, .credential = ring->identity.credential };
	spore_add(&s, SPORE_ORIGIN, 0, m->germ.origin, strlen(m->germ.origin));
	spore_add(&s, SPORE_DNA, 0, m->text, m->text_n);
	error = add_genes(&s, m);
	n = error ? error : spore_size(&s);
	if (n < 0 || n > SPREAD_MOST)
		return n == -EMSGSIZE || n > SPREAD_MOST ? -E2BIG : (int)n;
	bytes = malloc((size_t)n);
	if (!bytes)
		return -ENOMEM;
	spore_write(&s, ring->identity.seed, bytes);
	word.n = (uint64_t)n;
	secret_hash(word.digest, bytes, word.n);
	spread_dna(m->germ.dna.sha256, word.dna);
	spread_sign(&word, ring->identity.seed);
	error = spread_file_write(f->made, &word, bytes);
	free(bytes);
	return error;
}

static bool is_told(const struct mutate *m, const struct files *f)
{
	struct spread mine = { 0 };

	spread_dna(m->germ.dna.sha256, mine.dna);
	return f->newest.generation && !memcmp(mine.dna, f->newest.dna, sizeof(mine.dna));
}

static int spread(const struct mutate *m, const struct key_ring *ring, bool is_new)
{
	struct files f = { .came = -1, .made = -1 };
	struct link_state state;
	int code = open_files(m, ring, &f), error = 0;

	if (!code && f.newest.generation == UINT32_MAX)
		code = verb_say(VERB_FAILED, "other hosts of %s cannot be told: no higher generation is left", m->name);
	if (!code && (is_new || !is_told(m, &f)))
		error = lay(m, ring, &f, pin_link_state(m->in, m->name, &state) ? 0 : state.self);
	close_files(&f);
	if (error == -E2BIG)
		return verb_say(VERB_FAILED, "other hosts of %s are not told: the DNA with its genes is larger than 64 MiB", m->name);
	return error ? verb_say(VERB_FAILED, "other hosts of %s cannot be told: %s", m->name, strerror(-error)) : code;
}

int mutate_spread(const struct mutate *m, bool is_new)
{
	static struct key_ring ring;
	int code;

	if (m->local || !m->germ.dna.link.family)
		return 0;
	if (secret_lock(&ring, sizeof(ring)))
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(errno));
	code = key_of(m->in, m->name, &ring);
	if (!code)
		code = spread(m, &ring, is_new);
	secret_unlock(&ring, sizeof(ring));
	return code;
}
