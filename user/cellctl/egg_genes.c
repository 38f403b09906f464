/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing genes beside the run directory: under another name until all are there and have been compared. */
#include "cellctl/egg_genes.h"
#include "cellctl/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int genes_path(const struct invocation *in, const char *name, const char *more, char to[PIN_PATH])
{
	int n = snprintf(to, PIN_PATH, "%s/%s.genes%s", in->run_dir, name, more);

	return n < 0 || n >= PIN_PATH ? -ENAMETOOLONG : 0;
}

static void remove_all(const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(directory);
}

void egg_genes_remove(const struct invocation *in, const char *name)
{
	char path[PIN_PATH];

	if (!genes_path(in, name, "", path))
		remove_all(path);
	if (!genes_path(in, name, ".new", path))
		remove_all(path);
}

static int write_all(int fd, const uint8_t *bytes, uint64_t n)
{
	while (n) {
		ssize_t w = write(fd, bytes, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		bytes += w;
		n -= (uint64_t)w;
	}
	return fsync(fd) ? -errno : 0;
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
	error = write_all(fd, gene->bytes, gene->n);
	if (!error)
		error = compare(fd, gene);
	if (!error && fchmod(fd, 0644))
		error = -errno;
	close(fd);
	return error;
}

static int write_genes(const struct spore *s, const char *path)
{
	int directory, error = 0;

	if (mkdir(path, 0700))
		return -errno;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0)
		return -errno;
	for (unsigned i = 0; i < s->parts && !error; i++)
		if (s->part[i].kind == SPORE_GENE)
			error = write_gene(directory, &s->part[i]);
	if (!error && fchmod(directory, 0755))
		error = -errno;
	close(directory);
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
	const char *name = u->germ.dna.organism;
	char path[PIN_PATH], beside[PIN_PATH];
	int error;

	if (genes_path(u->in, name, "", path) || genes_path(u->in, name, ".new", beside))
		return verb_say(VERB_USAGE, "--run-dir is too long");
	egg_genes_remove(u->in, name);
	error = write_genes(s, beside);
	if (!error && rename(beside, path))
		error = -errno;
	if (!error)
		return turn_routes(&u->germ.dna, s, path);
	egg_genes_remove(u->in, name);
	return verb_say(VERB_FAILED, "the genes cannot be written to %s: %s", path, strerror(-error));
}
