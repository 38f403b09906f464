// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is remembered goes into the maps at `up` and into the file at `down`; the file is touched with its owner's rights only.
#include "cellctl/remember.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "cellctl/pins.h"
#include "dna_table.h"
#include "immune/incident.h"
#include "immune/ttl.h"

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

/* The file, or NULL with root's rights again. */
static struct memory *open_as_owner(const char *path)
{
	struct memory_options options = { .path = path, .patience_ms = PATIENCE_MS, .say = say_it };
	struct memory *m = NULL;
	mode_t mask = umask(077);
	int error = become_owner(path);

	if (!error)
		error = memory_open(&options, &m);
	umask(mask);
	if (error)
		verb_say(0, "the memory %s cannot be used: %s", path, strerror(-error));
	if (m && memory_is_open(m))
		return m;
	remember_close(m);
	return NULL;
}

void remember_close(struct memory *m)
{
	memory_close(m);
	become_root();
}

struct memory *remember_open(const struct invocation *in, const char *name)
{
	char link[PIN_PATH], path[DNA_PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "%s/%s/" REMEMBER_LINK, in->run_dir, name);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = 0;
	return open_as_owner(path);
}

/* One more place in a list of records of that size. NULL when out of memory. */
static void *grow(void **list, size_t *n, size_t *room, size_t size)
{
	if (*n == *room) {
		size_t wanted = *room ? *room * 2 : 64;
		void *more = reallocarray(*list, wanted, size);

		if (!more)
			return NULL;
		*list = more;
		*room = wanted;
	}
	return (char *)*list + (*n)++ * size;
}

static int take_ban(void *arg, const struct memory_ban *b)
{
	struct antibody antibody = { .expires_ns = b->expires_ns, .hits = b->hits, .since_ns = b->since_ns,
		.reason = b->reason, .bits = b->prefix.bits };
	struct remembered *r = arg;
	struct offence *o;

	if (address_too_wide(&b->prefix))
		return 0;
	if (b->offences) {
		o = grow((void **)&r->offences, &r->offences_n, &r->offences_room, sizeof(*o));
		if (!o)
			return -ENOMEM;
		*o = (struct offence){ incident_source(&b->prefix), b->offences };
	}
	return b->over ? 0 : ban_set_add(&r->bans, &b->prefix, &antibody);
}

static int take_pathogen(void *arg, const struct memory_pathogen *kept)
{
	struct remembered *r = arg;
	struct pathogen p, *to;

	if (!memory_pathogen_read(kept, &p, &r->now))
		return 0;
	to = grow((void **)&r->pathogens, &r->pathogens_n, &r->pathogens_room, sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = p;
	return 0;
}

static int take_baseline(void *arg, const struct memory_baseline *b)
{
	struct remembered *r = arg;

	if (!strcmp(b->name, MEMORY_BASELINE_EVIDENCE))
		r->evidence = *b;
	return 0;
}

static void note_key(struct memory *m, const uint64_t key[2])
{
	char text[MEMORY_FACT];

	snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long)key[0], (unsigned long long)key[1]);
	memory_note_fact(m, MEMORY_FACT_KEY, text);
	memory_flush(m, 0);
}

/* Requests that kill are known by it: the same in every life, and nobody else's to know. */
static void take_key(struct memory *m, struct remembered *r)
{
	char text[MEMORY_FACT];
	unsigned long long a, b;

	if (memory_read_fact(m, MEMORY_FACT_KEY, text) && sscanf(text, "%16llx%16llx", &a, &b) == 2) {
		r->fingerprint_key[0] = a;
		r->fingerprint_key[1] = b;
		return;
	}
	note_key(m, r->fingerprint_key);
}

void remember_key(const struct invocation *in, const char *name, const uint64_t key[2])
{
	struct memory *m = remember_open(in, name);

	if (!m)
		return;
	note_key(m, key);
	remember_close(m);
}

static int take_all(struct memory *m, struct remembered *r)
{
	int error = memory_each_ban(m, &r->now, take_ban, r);

	if (!error)
		error = memory_each_pathogen(m, take_pathogen, r);
	if (!error)
		error = memory_each_baseline(m, take_baseline, r);
	take_key(m, r);
	return error;
}

int remember_read(const char *path, struct remembered *r)
{
	struct memory *m;
	int error;

	memset(r, 0, sizeof(*r));
	error = memory_clock_read(&r->now);
	if (!error && getrandom(r->fingerprint_key, sizeof(r->fingerprint_key), 0) != sizeof(r->fingerprint_key))
		error = -EIO;
	m = error || !path[0] ? NULL : open_as_owner(path);
	if (!m)
		return error;
	error = take_all(m, r);
	remember_close(m);
	if (error)
		verb_say(0, "not all of %s is restored: %s", path, strerror(-error));
	return 0;
}

void remembered_free(struct remembered *r)
{
	free(r->bans.entries);
	free(r->offences);
	free(r->pathogens);
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

void remember_restore(const struct remembered *r, const struct ban_maps *bans, const struct lymph_maps *maps, bool with_bans)
{
	struct ban_set set = r->bans;
	size_t done = 0;
	int error = lymph_known_restore(r, maps);

	if (error)
		verb_say(0, "offences and deadly requests are not all restored: %s", strerror(-error));
	if (!with_bans)
		return;
	sort(&set);
	error = ban_load(bans, set.entries, set.n, &done);
	if (error == -ENOSPC)
		verb_say(0, "only %zu of %zu remembered bans fit; immune.antibodies sets the size", done, set.n);
	else if (error)
		verb_say(0, "the remembered bans are not restored: %s", strerror(-error));
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

/* The bans as the file wants them, each with how often its source was banned. NULL when out of memory. */
static struct memory_ban *bans_to_keep(const struct invocation *in, const char *name, const struct ban_set *set)
{
	struct memory_ban *bans = calloc(set->n + 1, sizeof(*bans));
	int offenders = pin_map(in, name, "offenders", true);

	for (size_t i = 0; bans && i < set->n; i++) {
		const struct antibody *a = &set->entries[i].antibody;
		struct source s = incident_source(&set->entries[i].prefix);
		struct offender o;

		bans[i] = (struct memory_ban){ .prefix = set->entries[i].prefix, .expires_ns = a->expires_ns, .hits = a->hits,
			.since_ns = a->since_ns, .reason = a->reason };
		if (a->reason == ANTIBODY_BY_EVIDENCE && offenders >= 0 && !bpf_map_lookup_elem(offenders, &s, &o))
			bans[i].offences = o.offences;
	}
	if (offenders >= 0)
		close(offenders);
	return bans;
}

void remember_save(const struct invocation *in, const char *name, bool all)
{
	struct lymph_known known = { 0 };
	struct ban_set set = { 0 };
	struct memory_clock now;
	struct memory_ban *bans = NULL;
	struct memory *m = NULL;

	/* Half an organism has no bans to be saved, and what is remembered stays. */
	if (!memory_clock_read(&now) && !maps_read(in, name, &set, &now)) {
		sort(&set);
		bans = bans_to_keep(in, name, &set);
		if (all)
			lymph_known_read(in, name, &known);
		m = bans ? remember_open(in, name) : NULL;
	}
	if (m) {
		memory_save_bans(m, bans, set.n, &now);
		lymph_known_write(&known, m, &now);
		remember_close(m);
	}
	lymph_known_free(&known);
	free(bans);
	free(set.entries);
}
