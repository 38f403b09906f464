/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a document root for a spore: with the rights of the cells' user only, and never beyond the root. */
#include "cellctl/spore_roots.h"
#include "link/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GROUPS_MOST 64

struct packing {
	int root;
	uint8_t *to;
	uint64_t n, room;
	uint32_t entries;
	unsigned left_out; /* what is no file, or may not be read */
	char name[TREE_NAME_MOST + 1]; /* of what is looked at */
};

bool spore_root_is_brought(const struct dna *dna, uint32_t route, uint32_t *from)
{
	*from = route;
	for (uint32_t i = 0; i < route; i++)
		if (dna->route[i].carry && !strcmp(dna->route[i].root, dna->route[route].root)) {
			*from = i;
			return true;
		}
	return false;
}

/* Links are followed, but not out of the root. */
static int open_beneath(const struct packing *p, const char *name, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, p->root, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* The head is written last: only then it is known how long the file was. */
static int pack_bytes(struct packing *p, int fd, struct tree_entry *e)
{
	uint64_t at = p->n + TREE_HEAD_BYTES + strlen(p->name);

	while (at < p->room) {
		ssize_t got = read(fd, p->to + at, p->room - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		at += (uint64_t)got;
		e->n += (uint64_t)got;
	}
	return at >= p->room ? -EFBIG : 0;
}

static int pack_entry(struct packing *p, int fd, const struct stat *st)
{
	struct tree_entry e = { .kind = S_ISDIR(st->st_mode) ? TREE_DIRECTORY : TREE_FILE,
		.changed_s = st->st_mtime > 0 ? (uint64_t)st->st_mtime : 0 };
	int error;

	if (p->entries++ == TREE_ENTRIES_MOST || p->n + TREE_HEAD_BYTES + strlen(p->name) >= p->room)
		return -EFBIG;
	error = e.kind == TREE_FILE ? pack_bytes(p, fd, &e) : 0;
	if (error)
		return error;
	memcpy(e.name, p->name, sizeof(e.name));
	p->n += tree_write(&e, p->to + p->n) + e.n;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted; how many, or -errno. */
static int list(int fd, char ***names)
{
	DIR *d = fdopendir(fd);
	size_t n = 0, room = 0;
	struct dirent *e;
	int error = 0;

	*names = NULL;
	if (!d) {
		error = -errno;
		close(fd);
		return error;
	}
	while (!error && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (n == room) {
			char **more = n < TREE_ENTRIES_MOST ? reallocarray(*names, room = 2 * room + 64, sizeof(char *)) : NULL;

			error = more ? 0 : -EFBIG;
			*names = more ? more : *names;
		}
		if (!error && !((*names)[n++] = strdup(e->d_name)))
			error = -ENOMEM;
	}
	closedir(d);
	if (n && !error)
		qsort(*names, n, sizeof(char *), by_bytes);
	for (size_t i = 0; error && i < n; i++)
		free((*names)[i]);
	if (error) {
		free(*names);
		*names = NULL;
	}
	return error ? error : (int)n;
}

static int pack_directory(struct packing *p, int fd, unsigned depth);

/* What is no file, or not this user's to read, would not be served either. */
static int pack_one(struct packing *p, int above, const char *leaf, unsigned depth)
{
	struct stat st;
	int fd, error = 0;
	bool linked;

	if (fstatat(above, leaf, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	linked = S_ISLNK(st.st_mode);
	fd = linked || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? open_beneath(p, p->name, 0) : -EACCES;
	if (fd < 0 || fstat(fd, &st) || !(S_ISREG(st.st_mode) || (S_ISDIR(st.st_mode) && !linked))) {
		p->left_out++;
	} else {
		error = pack_entry(p, fd, &st);
		if (!error && S_ISDIR(st.st_mode))
			/* Its descriptor is the list's from here on. */
			return depth < TREE_DEPTH_MOST ? pack_directory(p, fd, depth + 1) : (close(fd), -ENAMETOOLONG);
	}
	if (fd >= 0)
		close(fd);
	return error;
}

static int pack_directory(struct packing *p, int fd, unsigned depth)
{
	size_t at = strlen(p->name);
	int above = fcntl(fd, F_DUPFD_CLOEXEC, 0), error = above < 0 ? -errno : 0, n;
	char **names;

	n = list(fd, &names);
	error = n < 0 ? n : error;
	for (int i = 0; i < n; i++) {
		int length = error ? 0 : snprintf(p->name + at, sizeof(p->name) - at, "%s%s", at ? "/" : "", names[i]);

		if (!error)
			error = length >= (int)(sizeof(p->name) - at) ? -ENAMETOOLONG : pack_one(p, above, names[i], depth);
		p->name[at] = 0;
		free(names[i]);
	}
	free(names);
	if (above >= 0)
		close(above);
	return error;
}

/* With the rights of the cells' user: what they cannot read is not told to anybody. */
static int pack_as(struct packing *p, uint32_t uid, uint32_t gid)
{
	int groups_n = getgroups(GROUPS_MOST, (gid_t[GROUPS_MOST]){ 0 }), error = 0, fd;
	gid_t groups[GROUPS_MOST];

	if (groups_n < 0 || getgroups(GROUPS_MOST, groups) != groups_n)
		return -errno;
	if (setgroups(0, NULL) || setegid(gid) || seteuid(uid))
		error = -errno;
	fd = error ? -1 : open_beneath(p, ".", O_DIRECTORY);
	if (!error)
		error = fd < 0 ? fd : pack_directory(p, fd, 1);
	if (seteuid(0) || setegid(0) || setgroups((size_t)groups_n, groups))
		abort();
	return error;
}

static int say_error(const struct dna *dna, const struct dna_route *r, int error)
{
	if (error == -EFBIG)
		return verb_say(VERB_FAILED, "the files of %s do not fit into the spore: link.carry_most is %llu bytes, and %u files are most",
			r->root, (unsigned long long)dna->carry_most_bytes, TREE_ENTRIES_MOST);
	return verb_say(VERB_FAILED, "the files of %s cannot be read: %s", r->root, strerror(-error));
}

int spore_root_pack(const struct dna *dna, uint32_t route, uint32_t uid, uint32_t gid, uint8_t **bytes, uint64_t *n)
{
	const struct dna_route *r = &dna->route[route];
	struct packing p = { .room = dna->carry_most_bytes };
	int error;

	p.root = open(r->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.root < 0)
		return say_error(dna, r, -errno);
	p.to = mmap(NULL, p.room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	error = p.to == MAP_FAILED ? -errno : pack_as(&p, uid, gid);
	close(p.root);
	if (error) {
		if (p.to != MAP_FAILED)
			munmap(p.to, p.room);
		return say_error(dna, r, error);
	}
	if (p.left_out)
		verb_say(0, "%s: %u entries are left out: no files, links to directories or out of it, or not for the cells' user to read",
			r->root, p.left_out);
	*bytes = p.to;
	*n = p.n;
	return 0;
}
