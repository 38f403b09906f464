/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing the genes of a spore, and comparing what is there then. */
#include "cellctl/egg_genes.h"
#include "cellctl/brought.h"
#include "tissue/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIND "genes"

void egg_genes_remove(const struct invocation *in, const char *name)
{
	brought_remove(in, name, KIND);
}

/* What can be read of the file is what the spore says. */
static int compare(int fd, const struct spore_part *gene)
{
	uint8_t digest[32];
	struct stat st;
	void *at;

	if (fstat(fd, &st) || (uint64_t)st.st_size != gene->n || !gene->n)
		return -EBADMSG;
	at = mmap(NULL, gene->n, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	secret_hash(digest, at, gene->n);
	munmap(at, gene->n);
	return secret_equal(digest, gene->digest, sizeof(digest)) ? 0 : -EBADMSG;
}

static int write_gene(int directory, const struct spore_part *gene)
{
	char name[16];
	int fd, error;

	snprintf(name, sizeof(name), "%u.so", gene->route);
	fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	error = whole_write(fd, gene->bytes, gene->n);
	if (!error && fsync(fd))
		error = -errno;
	if (!error)
		error = compare(fd, gene);
	if (!error && fchmod(fd, 0644))
		error = -errno;
	close(fd);
	return error;
}

static int write_genes(int directory, const struct spore *s)
{
	int error = 0;

	for (unsigned i = 0; i < s->parts && !error; i++)
		if (s->part[i].kind == SPORE_GENE)
			error = write_gene(directory, &s->part[i]);
	return error;
}

/* The route that brought the gene: this one, or the first that names the same file. */
static int turn_route(struct dna *dna, const struct spore *s, uint32_t route, const char *names[], const char *directory)
{
	uint32_t from = route;

	for (uint32_t i = route; i-- > 0;)
		if (!strcmp(names[i], names[route]))
			from = i;
	if (!spore_find(s, SPORE_GENE, (uint16_t)from))
		return verb_say(VERB_FAILED, "the spore is refused: it lacks the gene of route %s", dna->route[route].prefix);
	if (snprintf(dna->route[route].gene, sizeof(dna->route[route].gene), "%s/%u.so", directory, from) >= DNA_PATH_MAX)
		return verb_say(VERB_FAILED, "the name of the run directory is too long");
	return 0;
}

/* names: as the DNA has them, which are written over. */
static int turn_routes(struct dna *dna, const struct spore *s, const char *directory)
{
	static char kept[DNA_ROUTES_MAX][DNA_PATH_MAX];
	const char *names[DNA_ROUTES_MAX];
	char whole[PATH_MAX];
	int code = 0;

	if (!realpath(directory, whole))
		return verb_say(VERB_FAILED, "%s: %s", directory, strerror(errno));
	for (uint32_t i = 0; i < dna->route_count; i++)
		names[i] = strcpy(kept[i], dna->route[i].gene);
	for (uint32_t i = 0; i < dna->route_count && !code; i++)
		if (strcmp(names[i], "static") != 0)
			code = turn_route(dna, s, i, names, whole);
	return code;
}

int egg_genes_write(struct up *u, const struct spore *s)
{
	char path[PIN_PATH];
	int error = brought_write(u->in, u->germ.dna.organism, KIND, write_genes, s, path);

	if (!path[0])
		return verb_say(VERB_USAGE, "--run-dir is too long");
	return error ? verb_say(VERB_FAILED, "the genes cannot be written to %s: %s", path, strerror(-error)) :
		       turn_routes(&u->germ.dna, s, path);
}
