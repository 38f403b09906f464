/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where an organism's maps are pinned, and which organism a command speaks of. */
#include "cellctl/verb.h"
#include "cellctl/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int pin_path(const struct invocation *in, const char *name, const char *leaf, char *to, size_t room)
{
	int n = snprintf(to, room, "%s/cellws%s%s%s%s", in->bpffs, name ? "/" : "", name ? name : "", leaf ? "/" : "",
		leaf ? leaf : "");

	return n < 0 || (size_t)n >= room ? -ENAMETOOLONG : 0;
}

int pin_map(const struct invocation *in, const char *name, const char *leaf, bool read_only)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = read_only ? BPF_F_RDONLY : 0);
	char path[PIN_PATH];
	int fd;

	if (pin_path(in, name, leaf, path, sizeof(path)))
		return -ENAMETOOLONG;
	fd = bpf_obj_get_opts(path, &opts);
	return fd < 0 ? -errno : fd;
}

/* Who may not look must not be told that nothing is there. */
static int needs_root(const struct invocation *in, const char *path)
{
	return verb_say(VERB_FAILED, "%s cannot be read by this user: sudo cellctl %s ...", path, in->argv[0]);
}

static int only_organism(const struct invocation *in, char name[32])
{
	char path[PIN_PATH];
	struct dirent *e;
	int found = 0;
	DIR *d;

	if (pin_path(in, NULL, NULL, path, sizeof(path)))
		return verb_say(VERB_USAGE, "--bpffs is too long");
	d = opendir(path);
	if (!d && errno == EACCES)
		return needs_root(in, path);
	if (!d)
		return verb_say(VERB_NOT_RUNNING, "not running: %s holds no organism", path);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && strlen(e->d_name) < 32 && ++found == 1)
			strcpy(name, e->d_name);
	closedir(d);
	if (found == 1)
		return 0;
	if (!found)
		return verb_say(VERB_NOT_RUNNING, "not running: %s holds no organism", path);
	return verb_say(VERB_USAGE, "%d organisms are pinned in %s: say which one with --name", found, path);
}

int verb_organism(const struct invocation *in, char name[32])
{
	char path[PIN_PATH];
	struct stat st;

	if (!in->name)
		return only_organism(in, name);
	if (!in->name[0] || strlen(in->name) >= 32 || strchr(in->name, '/') || in->name[0] == '.')
		return verb_say(VERB_USAGE, "\"%s\" is no name of an organism", in->name);
	if (pin_path(in, in->name, NULL, path, sizeof(path)))
		return verb_say(VERB_USAGE, "--bpffs is too long");
	if (stat(path, &st) && errno == EACCES)
		return needs_root(in, path);
	if (stat(path, &st))
		return verb_say(VERB_NOT_RUNNING, "%s is not running: %s is not there", in->name, path);
	strcpy(name, in->name);
	return 0;
}

int pin_link_state(const struct invocation *in, const char *name, struct link_state *to)
{
	int fd = pin_map(in, name, "link_state", true), error = fd < 0 ? fd : 0;
	__u32 zero = 0;

	if (!error && bpf_map_lookup_elem(fd, &zero, to))
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

int pin_drop(const struct invocation *in, const char *name, const char *leaf)
{
	char path[PIN_PATH];
	int link;

	if (pin_path(in, name, leaf, path, sizeof(path)))
		return -ENAMETOOLONG;
	link = strncmp(leaf, "link_", 5) ? -1 : bpf_obj_get(path);
	if (link >= 0) {
		/* Tracing links know no detaching. */
		bpf_link_detach(link);
		close(link);
	}
	return unlink(path) ? -errno : 0;
}

int pins_remove(const struct invocation *in, const char *name, bool (*keep)(const char *leaf))
{
	char path[PIN_PATH];
	struct dirent *e;
	int error = 0;
	DIR *d;

	if (pin_path(in, name, NULL, path, sizeof(path)))
		return -ENAMETOOLONG;
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && !(keep && keep(e->d_name))) {
			int dropped = pin_drop(in, name, e->d_name);

			error = dropped ? dropped : error;
		}
	closedir(d);
	if (!keep) {
		if (!error && rmdir(path))
			error = -errno;
		/* The last organism takes the common directory with it. */
		if (!pin_path(in, NULL, NULL, path, sizeof(path)))
			rmdir(path);
	}
	return error;
}

int family_open(const struct invocation *in, const char *name, struct family *f)
{
	static const char *const leaves[] = { "cells", "census", "organism", "vitals", "loads" };
	int *fds[] = { &f->cells, &f->census, &f->organism, &f->vitals, &f->loads };

	for (unsigned i = 0; i < sizeof(leaves) / sizeof(*leaves); i++) {
		*fds[i] = pin_map(in, name, leaves[i], true);
		if (*fds[i] < 0)
			return verb_say(VERB_NOT_RUNNING, "%s is not running: its map %s cannot be opened: %s", name, leaves[i],
				strerror(-*fds[i]));
	}
	return family_read(f);
}

int family_read(struct family *f)
{
	f->living = 0;
	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++) {
		if (bpf_map_lookup_elem(f->cells, &i, &f->cell[i]) || bpf_map_lookup_elem(f->vitals, &i, &f->vital[i]))
			return verb_say(VERB_FAILED, "the family cannot be read: %s", strerror(errno));
		f->living += f->cell[i].state == CELL_LIVING;
	}
	for (uint32_t i = 0; i < CLASS_COUNT; i++)
		if (bpf_map_lookup_elem(f->census, &i, &f->count[i]))
			return verb_say(VERB_FAILED, "the census cannot be read: %s", strerror(errno));
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(f->organism, &zero, &f->self))
		return verb_say(VERB_FAILED, "the organism's record cannot be read: %s", strerror(errno));
	return 0;
}

void family_close(struct family *f)
{
	close(f->cells);
	close(f->census);
	close(f->organism);
	close(f->vitals);
	close(f->loads);
}
