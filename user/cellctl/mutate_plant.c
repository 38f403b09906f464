/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* New document roots: mounted into the cells' garden, since Landlock allows a cell nothing that was not allowed at its birth. */
#include "cellctl/mutate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The way into the cells' mount namespace and back. */
struct visit {
	int garden, home, here;
	bool inside;
};

static int open_of(const struct mutate *m, const char *what, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", m->living.pid, what);
	return open(path, flags | O_CLOEXEC);
}

static int open_garden(const struct mutate *m)
{
	struct stat st;
	char leaf[24];
	int fd;

	snprintf(leaf, sizeof(leaf), "fd/%d", FD_GARDEN);
	fd = open_of(m, leaf, O_RDONLY | O_NONBLOCK);
	if (fd >= 0 && !fstat(fd, &st) && S_ISDIR(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool enter(const struct mutate *m, struct visit *v)
{
	int theirs = open_of(m, "ns/mnt", O_RDONLY);

	*v = (struct visit){ .garden = open_garden(m), .home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
		.here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	v->inside = theirs >= 0 && v->garden >= 0 && v->home >= 0 && v->here >= 0 && !setns(theirs, CLONE_NEWNS);
	if (theirs >= 0)
		close(theirs);
	return v->inside;
}

/* A process that cannot find its way back must not go on. 0 or the exit code, said. */
static int leave(struct visit *v)
{
	bool lost = v->inside && (setns(v->home, CLONE_NEWNS) || fchdir(v->here));
	const int all[] = { v->garden, v->home, v->here };

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i] >= 0)
			close(all[i]);
	return lost ? verb_say(VERB_FAILED, "the way back from the cells' mount namespace is closed: %s", strerror(errno)) : 0;
}

/* The same directory, with all that is mounted in it, seen through a mount that stands in the garden. */
static int plant(const struct visit *v, int tree, const char *leaf)
{
	if (mkdirat(v->garden, leaf, 0755) || move_mount(tree, "", v->garden, leaf, MOVE_MOUNT_F_EMPTY_PATH))
		return -errno;
	tree = openat(v->garden, leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree < 0 ? -errno : tree;
}

/* Opened before the namespace is left, where the operator's paths mean what they say. */
static void open_trees(const struct mutate *m, int trees[DNA_ROUTES_MAX])
{
	for (uint32_t i = 0; i < m->germ.dna.route_count; i++) {
		unsigned place = m->parcel.head.root[i];

		trees[i] = place ? open_tree(m->parcel.fd[place - 1], "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH) :
				   -1;
	}
}

static int plant_all(struct mutate *m, const struct visit *v, const int trees[DNA_ROUTES_MAX], uint32_t *failed)
{
	char leaf[32];

	for (uint32_t i = 0; i < m->germ.dna.route_count; i++) {
		unsigned place = m->parcel.head.root[i];
		int fd;

		*failed = i;
		if (!place)
			continue;
		snprintf(leaf, sizeof(leaf), "%u-%d-%u", m->germ.generation, (int)getpid(), i);
		fd = trees[i] < 0 ? -ENOTDIR : plant(v, trees[i], leaf);
		if (fd < 0)
			return fd;
		close(m->parcel.fd[place - 1]);
		m->parcel.fd[place - 1] = fd;
	}
	return 0;
}

static bool is_root_of(const struct germ *g, const struct germ_file *file)
{
	for (uint32_t i = 0; i < g->dna.route_count; i++)
		if (g->root[i].inode == file->inode && g->root[i].device == file->device)
			return true;
	return false;
}

static void weed_one(int garden, const char *leaf, const struct germ *stays)
{
	int fd = openat(garden, leaf, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct germ_file file = germ_file_of(fd);
	char path[64];

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!is_root_of(stays, &file)) {
		umount2(path, MNT_DETACH);
		unlinkat(garden, leaf, AT_REMOVEDIR);
	}
	close(fd);
}

/*
 * What a DNA before the living one had, or one that was never taken on. Not as soon as it is over: a drone may be about to
 * open a file for the request in its hand.
 */
static void weed(const struct mutate *m, const struct visit *v)
{
	DIR *d = fdopendir(dup(v->garden));

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			weed_one(v->garden, e->d_name, m->living.germ);
	if (d)
		closedir(d);
}

int mutate_plant(struct mutate *m)
{
	int trees[DNA_ROUTES_MAX], error, code;
	uint32_t failed = 0;
	struct visit v;

	open_trees(m, trees);
	error = enter(m, &v) ? 0 : -EOPNOTSUPP;
	if (!error) {
		weed(m, &v);
		error = plant_all(m, &v, trees, &failed);
	}
	code = leave(&v);
	for (uint32_t i = 0; i < m->germ.dna.route_count; i++)
		if (trees[i] >= 0)
			close(trees[i]);
	if (code || !error)
		return code;
	if (error == -EOPNOTSUPP)
		return verb_say(VERB_USAGE, "%s: cells of %s have no mount namespace of their own, so that a new document root takes "
			"`cellctl down` and `cellctl up`", m->germ.dna.file, m->name);
	return verb_say(VERB_FAILED, "route \"%s\" root: %s cannot be shown to the cells: %s", m->germ.dna.route[failed].prefix,
		m->germ.dna.route[failed].root, strerror(-error));
}
