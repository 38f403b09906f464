/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a new DNA names, opened with root's rights before anything changes, and the germ that speaks of it. */
#include "cellctl/mutate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int say_file(const struct mutate *m, const struct dna_route *r, const char *option, uint32_t line, const char *path, int error)
{
	return verb_say(VERB_USAGE, "%s:%u: route \"%s\" %s: %s: %s", m->germ.dna.file, line ? line : r->line, r->prefix, option, path,
		strerror(-error));
}

/* The living DNA has the same directory open under the same name. */
static bool is_living(const struct germ *living, const char *root, const struct germ_file *file)
{
	for (uint32_t i = 0; i < living->dna.route_count; i++)
		if (!strcmp(living->dna.route[i].root, root) && living->root[i].inode == file->inode &&
			living->root[i].device == file->device)
			return true;
	return false;
}

/* The cells have it, or it is planted where they may read it. */
static int add_root(struct mutate *m, uint32_t i)
{
	const struct dna_route *r = &m->germ.dna.route[i];
	int fd = open(r->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return say_file(m, r, "root", r->root_line, r->root, -errno);
	m->germ.root[i] = germ_file_of(fd);
	if (is_living(m->living.germ, r->root, &m->germ.root[i])) {
		close(fd);
		return 0;
	}
	m->parcel.head.root[i] = parcel_add(&m->parcel, fd);
	m->new_roots++;
	return 0;
}

/* Routes that name the same object share one copy, so that it is loaded once. */
static int add_gene(struct mutate *m, uint32_t i)
{
	const struct dna *d = &m->germ.dna;
	const struct dna_route *r = &d->route[i];
	uint8_t place = 0;

	for (uint32_t j = 0; j < i && !place; j++)
		if (!strcmp(d->route[j].gene, r->gene))
			place = m->parcel.head.gene[j];
	if (!place) {
		int fd = dna_gene_copy(r->gene);

		if (fd < 0)
			return say_file(m, r, "gene", r->gene_line, r->gene, fd);
		place = parcel_add(&m->parcel, fd);
	}
	m->germ.gene[i] = germ_file_of(m->parcel.fd[place - 1]);
	m->parcel.head.gene[i] = place;
	return 0;
}

static int make_germ(struct mutate *m)
{
	const struct germ *living = m->living.germ;
	const char *filters[MEMBRANE_COUNT];

	for (int i = 0; i < MEMBRANE_COUNT; i++)
		filters[i] = germ_bytes(living, living->filter[i]);
	return germ_make(&m->germ, living->filter, filters, germ_bytes(living, living->mime), living->mime.n, m->text, m->text_n);
}

int mutate_make(struct mutate *m)
{
	const struct dna *d = &m->germ.dna;
	int code = 0, fd;

	m->parcel.head = (struct parcel_head){ .magic = PARCEL_MAGIC, .generation = m->germ.generation, .by_root = 1 };
	parcel_add(&m->parcel, -1);
	for (uint32_t i = 0; i < d->route_count && !code; i++) {
		if (d->route[i].root[0])
			code = add_root(m, i);
		if (!code && strcmp(d->route[i].gene, "static") != 0)
			code = add_gene(m, i);
	}
	if (!code && m->new_roots && !m->dry)
		code = mutate_plant(m);
	if (code)
		return code;
	/* Last: it names the files above. */
	fd = make_germ(m);
	if (fd >= 0)
		m->made = germ_map(fd);
	if (fd < 0 || !m->made)
		return verb_say(VERB_FAILED, "the new generation cannot be made: %s", strerror(fd < 0 ? -fd : errno));
	m->parcel.fd[0] = fd;
	return 0;
}

static bool is_gene_of(const struct mutate *m, uint32_t route, int fd)
{
	const uint8_t *living;
	uint64_t living_n;
	struct stat st;
	bool same;
	void *at;

	if (germ_gene(&m->living, route, &living, &living_n) || fstat(fd, &st) || (uint64_t)st.st_size != living_n)
		return false;
	at = mmap(NULL, living_n, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return false;
	same = !memcmp(at, living, living_n);
	munmap(at, living_n);
	return same;
}

bool mutate_genes_differ(const struct mutate *m)
{
	for (uint32_t i = 0; i < m->germ.dna.route_count; i++) {
		unsigned place = m->parcel.head.gene[i];

		if (place && !is_gene_of(m, i, m->parcel.fd[place - 1]))
			return true;
	}
	return false;
}
