/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making a spore of what runs: the DNA's text and the genes that the cells hold, and the bans of this moment. */
#include "cellctl/reproduce.h"
#include "cellctl/spore_bans.h"
#include "cellctl/spore_memory.h"
#include "cellctl/spore_roots.h"
#include "link/record.h"
#include "link/spore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Whether an earlier route names the same file, and so brings it. */
static bool is_brought(const struct dna *dna, uint32_t route)
{
	for (uint32_t i = 0; i < route; i++)
		if (!strcmp(dna->route[i].gene, dna->route[route].gene))
			return true;
	return false;
}

static int add_genes(struct spore *s, const struct germ_view *v)
{
	const struct dna *dna = &v->germ->dna;

	for (uint32_t i = 0; i < dna->route_count; i++) {
		const uint8_t *bytes;
		uint64_t n;
		int error;

		if (!strcmp(dna->route[i].gene, "static") || is_brought(dna, i))
			continue;
		error = germ_gene(v, i, &bytes, &n);
		if (error)
			return verb_say(VERB_FAILED, "the gene of route %s cannot be read: %s", dna->route[i].prefix, strerror(-error));
		spore_add(s, SPORE_GENE, i, bytes, n);
	}
	return 0;
}

/* Their memory goes with the process, as that of genes. */
static int add_roots(struct spore *s, const struct germ_view *v)
{
	const struct dna *dna = &v->germ->dna;

	for (uint32_t i = 0; i < dna->route_count; i++) {
		uint64_t n;
		uint8_t *bytes;
		uint32_t from;
		int code;

		if (!dna->route[i].carry || spore_root_is_brought(dna, i, &from))
			continue;
		code = spore_root_pack(dna, i, v->germ->uid, v->germ->gid, &bytes, &n);
		if (code)
			return code;
		spore_add(s, SPORE_ROOT, i, bytes, n);
	}
	return 0;
}

static int write_spore(const struct spore *s, const struct key_ring *ring, const uint8_t **bytes, uint64_t *n)
{
	int64_t size = spore_size(s);
	void *at;

	if (size < 0)
		return verb_say(VERB_FAILED, "the spore would be too large: genes and roots of at most 256 MiB, 512 MiB in all, 2 million bans");
	at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return verb_say(VERB_FAILED, "there is no memory for the spore: %s", strerror(errno));
	spore_write(s, ring->identity.seed, at);
	*bytes = at;
	*n = (uint64_t)size;
	return 0;
}

/* What was learned, beside bans and in memory of its own. */
struct learned {
	uint8_t *bans;
	uint64_t bans_n;
	struct spore_memory memory;
};

static int add_learned(struct spore *s, const struct invocation *in, const char *name, struct learned *l)
{
	int error = spore_bans_pack(in, name, &l->bans, &l->bans_n);

	if (error)
		return verb_say(VERB_FAILED, "the bans of %s cannot be read: %s", name, strerror(-error));
	error = spore_memory_pack(in, name, &l->memory);
	if (error)
		return verb_say(VERB_FAILED, "what %s remembers cannot be read: %s", name, strerror(-error));
	if (l->bans_n)
		spore_add(s, SPORE_BANS, 0, l->bans, l->bans_n);
	return 0;
}

static int add_kin(struct spore *s, const struct invocation *in, const char *name, const struct dna *dna, const struct addrinfo *to)
{
	static uint8_t kin[RECORD_FAMILY_BYTES];
	uint64_t n;
	int error = reproduce_kin(in, name, dna, to, kin, &n);

	if (error)
		return verb_say(VERB_FAILED, "the relatives of the daughter cannot be listed: %s", strerror(-error));
	if (n)
		spore_add(s, SPORE_FAMILY, 0, kin, n);
	return 0;
}

int reproduce_spore(const struct invocation *in, const char *name, const struct key_ring *ring, const struct germ_view *v,
	const struct addrinfo *to, const uint8_t **bytes, uint64_t *n)
{
	struct learned l = { 0 };
	static struct spore s;
	int code;

	s = (struct spore){ .generation = v->generation, .credential = ring->identity.credential };
	spore_add(&s, SPORE_ORIGIN, 0, v->germ->origin, strnlen(v->germ->origin, sizeof(v->germ->origin)));
	spore_add(&s, SPORE_DNA, 0, germ_bytes(v->germ, v->germ->text), v->germ->text.n);
	code = add_genes(&s, v);
	if (!code)
		code = add_learned(&s, in, name, &l);
	if (!code)
		code = add_kin(&s, in, name, &v->germ->dna, to);
	if (!code && l.memory.offences_n)
		spore_add(&s, SPORE_OFFENCES, 0, l.memory.offences, l.memory.offences_n);
	if (!code && l.memory.pathogens_n)
		spore_add(&s, SPORE_PATHOGENS, 0, l.memory.pathogens, l.memory.pathogens_n);
	if (!code)
		code = add_roots(&s, v);
	if (!code)
		code = write_spore(&s, ring, bytes, n);
	free(l.bans);
	spore_memory_free(&l.memory);
	return code;
}
