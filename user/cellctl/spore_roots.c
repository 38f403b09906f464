/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Judging and writing the document roots of a spore. */
#include "cellctl/spore_roots.h"
#include "cellctl/brought.h"
#include "link/tree.h"
#include "tissue/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIND "roots"

void spore_roots_remove(const struct invocation *in, const char *name)
{
	brought_remove(in, name, KIND);
}

static int check_tree(const struct spore_part *p)
{
	static struct tree_entry e;
	struct tree t = { .bytes = p->bytes, .n = p->n };
	int got;

	do
		got = tree_next(&t, &e);
	while (got > 0);
	return got;
}

/* By reference: it must be there. By value: it must have come, and nothing else with it. */
static int check_route(const struct dna *dna, const struct spore *s, uint32_t route)
{
	const struct dna_route *r = &dna->route[route];
	const struct spore_part *brought = spore_find(s, SPORE_ROOT, (uint16_t)route);
	struct stat st;
	uint32_t from;

	if (brought && (!r->carry || spore_root_is_brought(dna, route, &from)))
		return verb_say(VERB_FAILED, "the spore is refused: it brings files of route %s that its DNA does not carry", r->prefix);
	if (brought)
		return check_tree(brought) ? verb_say(VERB_FAILED, "the spore is refused: the files of route %s are malformed", r->prefix) : 0;
	if (r->carry && !spore_root_is_brought(dna, route, &from))
		return verb_say(VERB_FAILED, "the spore is refused: it lacks the files of route %s", r->prefix);
	if (r->carry || !r->root[0] || (!stat(r->root, &st) && S_ISDIR(st.st_mode)))
		return 0;
	return verb_say(VERB_FAILED, "route %s: root: %s is no directory of this host, and the DNA does not say carry = 1", r->prefix, r->root);
}

int spore_roots_check(const struct dna *dna, const struct spore *s)
{
	int code = 0;

	for (unsigned i = 0; i < s->parts && !code; i++)
		if (s->part[i].kind == SPORE_ROOT && s->part[i].route >= dna->route_count)
			code = verb_say(VERB_FAILED, "the spore is refused: it brings files of no route");
	for (uint32_t i = 0; i < dna->route_count && !code; i++)
		code = check_route(dna, s, i);
	return code;
}

/* New, and beneath the root: the name was judged, and the kernel judges it again. */
static int make_new(int root, const struct tree_entry *e)
{
	struct open_how how = { .flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, .mode = 0600,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int fd;

	if (e->kind == TREE_FILE) {
		fd = (int)syscall(SYS_openat2, root, e->name, &how, sizeof(how));
		return fd < 0 ? -errno : fd;
	}
	if (mkdirat(root, e->name, 0700))
		return -errno;
	how = (struct open_how){ .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = how.resolve };
	fd = (int)syscall(SYS_openat2, root, e->name, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

static int write_entry(int root, const struct tree_entry *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)e->changed_s } };
	int fd = make_new(root, e), error = 0;

	if (fd < 0)
		return fd;
	if (e->kind == TREE_FILE)
		error = whole_write(fd, e->bytes, e->n);
	if (!error && (fchmod(fd, e->kind == TREE_FILE ? 0644 : 0755) || (e->kind == TREE_FILE && futimens(fd, times))))
		error = -errno;
	close(fd);
	return error;
}

static int write_root(int all, const struct spore_part *p)
{
	static struct tree_entry e;
	struct tree t = { .bytes = p->bytes, .n = p->n };
	char name[16];
	int root, error = 0, got;

	snprintf(name, sizeof(name), "%u", p->route);
	if (mkdirat(all, name, 0755))
		return -errno;
	root = openat(all, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (root < 0)
		return -errno;
	while (!error && (got = tree_next(&t, &e)))
		error = got < 0 ? got : write_entry(root, &e);
	if (!error && fchmod(root, 0755))
		error = -errno;
	close(root);
	return error;
}

static int write_roots(int all, const struct spore *s)
{
	int error = 0;

	for (unsigned i = 0; i < s->parts && !error; i++)
		if (s->part[i].kind == SPORE_ROOT)
			error = write_root(all, &s->part[i]);
	return error || !syncfs(all) ? error : -errno;
}

static int turn_routes(struct dna *dna, const char *directory)
{
	uint32_t from[DNA_ROUTES_MAX];
	char whole[PATH_MAX];

	if (!realpath(directory, whole))
		return verb_say(VERB_FAILED, "%s: %s", directory, strerror(errno));
	for (uint32_t i = 0; i < dna->route_count; i++)
		spore_root_is_brought(dna, i, &from[i]);
	for (uint32_t i = 0; i < dna->route_count; i++)
		if (dna->route[i].carry &&
			snprintf(dna->route[i].root, sizeof(dna->route[i].root), "%s/%u", whole, from[i]) >= DNA_PATH_MAX)
			return verb_say(VERB_FAILED, "the name of the run directory is too long");
	return 0;
}

static bool brings_any(const struct spore *s)
{
	for (unsigned i = 0; i < s->parts; i++)
		if (s->part[i].kind == SPORE_ROOT)
			return true;
	return false;
}

int spore_roots_write(struct up *u, const struct spore *s)
{
	const char *name = u->germ.dna.organism;
	char path[PIN_PATH];
	int error;

	if (!brings_any(s)) {
		spore_roots_remove(u->in, name);
		return 0;
	}
	error = brought_write(u->in, name, KIND, write_roots, s, path);
	if (!path[0])
		return verb_say(VERB_USAGE, "--run-dir is too long");
	return error ? verb_say(VERB_FAILED, "the files of the document roots cannot be written to %s: %s", path, strerror(-error)) :
		       turn_routes(&u->germ.dna, path);
}
