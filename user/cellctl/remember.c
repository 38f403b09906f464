// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Bans between the maps and the memory: restored by `up`, saved by `down`; the file is touched with its owner's rights only.
#include "cellctl/remember.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cellctl/pins.h"
#include "dna_table.h"
#include "immune/ttl.h"
#include "memory/memory.h"

#define PATIENCE_MS 2000 /* for a cell that writes */

int ban_set_add(struct ban_set *set, const struct address *prefix, const struct antibody *antibody)
{
	if (set->n == set->room) {
		size_t room = set->room ? set->room * 2 : 256;
		struct ban_entry *more = reallocarray(set->entries, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		set->entries = more;
		set->room = room;
	}
	set->entries[set->n++] = (struct ban_entry){ *prefix, *antibody };
	return 0;
}

struct living {
	struct ban_set *set;
	uint64_t now_ns;
};

static int add_living(void *arg, const struct address *prefix, const struct antibody *antibody)
{
	const struct living *l = arg;

	return ttl_expired(l->now_ns, antibody->expires_ns) ? 0 : ban_set_add(l->set, prefix, antibody);
}

int ban_set_read(struct ban_set *set, const struct ban_maps *maps, uint64_t now_ns)
{
	struct living l = { set, now_ns };

	return ban_list(maps, add_living, &l);
}

void remember_path(const struct invocation *in, const struct dna *dna, char to[DNA_PATH_MAX])
{
	int n;

	if (strcmp(dna->memory, DNA_MEMORY_DEFAULT)) {
		snprintf(to, DNA_PATH_MAX, "%s", dna->memory);
		return;
	}
	/* Another run directory is another host: namesakes there must not share what they remember. */
	if (strcmp(in->run_dir, "/run/cellws"))
		n = snprintf(to, DNA_PATH_MAX, "%s/lib/%s/memory.db", in->run_dir, dna->organism);
	else
		n = snprintf(to, DNA_PATH_MAX, "/var/lib/cellws/%s/memory.db", dna->organism);
	if (n >= DNA_PATH_MAX)
		to[0] = 0;
}

static bool directory_of(const char *path, char to[DNA_PATH_MAX])
{
	char *slash;

	snprintf(to, DNA_PATH_MAX, "%s", path);
	slash = strrchr(to, '/');
	if (!slash || slash == to)
		return false;
	*slash = 0;
	return true;
}

void remember_place(const char *path, const char *user)
{
	const struct passwd *owner = getpwnam(user);
	char directory[DNA_PATH_MAX], above[DNA_PATH_MAX];

	if (!directory_of(path, directory) || !access(directory, F_OK))
		return;
	if (directory_of(directory, above))
		mkdir(above, 0755);
	if (mkdir(directory, 0700) || (owner && chown(directory, owner->pw_uid, owner->pw_gid)))
		verb_say(0, "%s cannot be made, nothing will be remembered: %s", directory, strerror(errno));
}

static void say_it(void *arg, const char *line)
{
	(void)arg;
	verb_say(0, "%s", line);
}

/* As the owner of the directory: a link that he puts there leads no further than he could go himself. */
static int become_owner(const char *path)
{
	char directory[DNA_PATH_MAX];
	struct stat st;

	if (!directory_of(path, directory) || stat(directory, &st))
		return -errno;
	if (setegid(st.st_gid) || seteuid(st.st_uid))
		return -errno;
	return 0;
}

static void become_root(void)
{
	if (seteuid(0) || setegid(0))
		abort();
}

static struct memory *open_as_owner(const char *path)
{
	struct memory_options options = { .path = path, .patience_ms = PATIENCE_MS, .say = say_it };
	struct memory *m = NULL;
	int error = become_owner(path);

	if (!error)
		error = memory_open(&options, &m);
	if (error)
		verb_say(0, "the memory %s cannot be used: %s", path, strerror(-error));
	return m;
}

static int take(void *arg, const struct memory_ban *b)
{
	struct antibody antibody = { .expires_ns = b->expires_ns, .hits = b->hits, .since_ns = b->since_ns,
		.reason = b->reason, .bits = b->prefix.bits };

	if (b->over || address_too_wide(&b->prefix))
		return 0;
	return ban_set_add(arg, &b->prefix, &antibody);
}

/* By map; inside one by address, so that neighbours meet in the file. */
static int by_prefix(const void *a, const void *b)
{
	const struct ban_entry *x = a, *y = b;
	int kinds = (int)address_kind(&x->prefix) - (int)address_kind(&y->prefix);

	return kinds ? kinds : memcmp(x->prefix.bytes, y->prefix.bytes, sizeof(x->prefix.bytes));
}

static void sort(struct ban_set *set)
{
	if (set->n)
		qsort(set->entries, set->n, sizeof(*set->entries), by_prefix);
}

void remember_restore(const char *path, const struct ban_maps *maps)
{
	struct memory *m = open_as_owner(path);
	struct ban_set set = { 0 };
	struct memory_clock now;
	size_t done = 0;
	int error = m && memory_is_open(m) ? memory_clock_read(&now) : -ENOTCONN;

	if (!error)
		error = memory_each_ban(m, &now, take, &set);
	memory_close(m);
	become_root();
	if (!error) {
		sort(&set);
		error = ban_load(maps, set.entries, set.n, &done);
	}
	if (error == -ENOSPC)
		verb_say(0, "only %zu of %zu remembered bans fit; immune.antibodies sets the size", done, set.n);
	else if (error && error != -ENOTCONN)
		verb_say(0, "the bans of %s are not restored: %s", path, strerror(-error));
	free(set.entries);
}

static int maps_read(const struct invocation *in, const char *name, struct ban_set *set, const struct memory_clock *now)
{
	struct ban_maps maps;
	int error = 0;

	for (int i = 0; i < BAN_MAP_COUNT; i++) {
		maps.fd[i] = pin_map(in, name, ban_map_names[i], false);
		if (maps.fd[i] < 0)
			error = maps.fd[i];
	}
	if (!error)
		error = ban_set_read(set, &maps, now->boot_ns);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		if (maps.fd[i] >= 0)
			close(maps.fd[i]);
	return error;
}

static int save(struct memory *m, const struct ban_set *set, const struct memory_clock *now)
{
	struct memory_ban *bans = calloc(set->n + 1, sizeof(*bans));
	int error;

	if (!bans)
		return -ENOMEM;
	for (size_t i = 0; i < set->n; i++) {
		const struct antibody *a = &set->entries[i].antibody;

		bans[i] = (struct memory_ban){ .prefix = set->entries[i].prefix, .expires_ns = a->expires_ns, .hits = a->hits,
			.since_ns = a->since_ns, .reason = a->reason };
	}
	error = memory_save_bans(m, bans, set->n, now);
	free(bans);
	return error;
}

void remember_save(const struct invocation *in, const char *name)
{
	char link[PIN_PATH], path[DNA_PATH_MAX];
	struct ban_set set = { 0 };
	struct memory_clock now;
	struct memory *m;
	ssize_t n;

	snprintf(link, sizeof(link), "%s/%s/" REMEMBER_LINK, in->run_dir, name);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return;
	path[n] = 0;
	/* Half an organism has no bans to be saved, and what is remembered stays. */
	if (memory_clock_read(&now) || maps_read(in, name, &set, &now))
		return;
	sort(&set);
	m = open_as_owner(path);
	if (m && memory_is_open(m))
		save(m, &set, &now);
	memory_close(m);
	become_root();
	free(set.entries);
}
