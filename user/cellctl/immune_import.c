// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cellctl immune import: a whole block list or nothing of it; new bans go in before old ones go out.
//
// The kernel changes one entry at a time, so a list is not swapped in one instant; but each entry is, and in this order an
// address that is on the old list and on the new one is banned at every moment. When the maps fill up half way, what was
// put in is taken out again.
#include "cellctl/immune.h"
#include "cellctl/neverban.h"
#include "cellctl/remember.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "immune/blocklist.h"
#include "immune/ttl.h"

#define FILE_MOST (512u << 20)

/* One import: the list, what must not be banned, what is banned already. */
struct import {
	struct immune *call;
	struct ban_set list, old, safe; /* safe: prefixes only; reason is the origin */
	size_t wrong, masked, widened;
};

static int say_wrong(struct import *i, size_t line, const char *what, const char *why)
{
	i->wrong++;
	fprintf(stderr, "%s:%zu: %s: %s\n", i->call->file, line, what, why);
	return 0;
}

static const char *why_not(const struct import *i, const struct address *ban, char *room, size_t n)
{
	const char *wide = address_too_wide(ban);
	char name[ADDRESS_TEXT];

	if (wide)
		return wide;
	for (size_t k = 0; k < i->safe.n; k++) {
		const struct ban_entry *safe = &i->safe.entries[k];

		if (!address_meets(ban, &safe->prefix))
			continue;
		snprintf(room, n, "it would ban %s, %s%s", address_format(&safe->prefix, name),
			safe->antibody.reason >= ALLOWANCE_OWN ? "" : "on the never-ban list: ",
			immune_origin(safe->antibody.reason));
		return room;
	}
	return NULL;
}

static int take_line(void *arg, size_t line, const struct address *prefix, unsigned int notice, const char *word)
{
	struct import *i = arg;
	uint64_t now = i->call->now_ns;
	struct antibody antibody = { .since_ns = now, .expires_ns = ttl_expiry(now, i->call->seconds),
		.reason = ANTIBODY_IMPORTED };
	char room[200];
	struct address ban;
	const char *why;

	if (!prefix)
		return say_wrong(i, line, word, "no address or prefix");
	ban = address_of_ban(prefix);
	why = why_not(i, &ban, room, sizeof(room));
	if (why)
		return say_wrong(i, line, word, why);
	i->masked += !!(notice & ADDRESS_MASKED);
	i->widened += ban.bits != prefix->bits;
	antibody.bits = ban.bits;
	return ban_set_add(&i->list, &ban, &antibody);
}

static int keep_safe(void *arg, const struct address *a, const struct allowance *allowance)
{
	struct import *i = arg;
	struct antibody origin = { .reason = allowance->origin };

	return ban_set_add(&i->safe, a, &origin);
}

static int keep_friend(void *arg, const struct address *a, enum allowance_origin origin)
{
	struct allowance as = { .origin = origin };

	return keep_safe(arg, a, &as);
}

static int read_file(const char *file, char **text, size_t *n)
{
	FILE *f = fopen(file, "re");
	size_t room = 1 << 16, got;
	int error = f ? 0 : -errno;

	*text = NULL;
	*n = 0;
	while (!error) {
		char *more = room > FILE_MOST ? NULL : realloc(*text, room);

		if (!more) {
			error = room > FILE_MOST ? -EFBIG : -ENOMEM;
			break;
		}
		*text = more;
		got = fread(*text + *n, 1, room - *n, f);
		*n += got;
		if (!got || *n < room)
			break;
		room *= 2;
	}
	if (!error && ferror(f))
		error = errno ? -errno : -EIO;
	if (f)
		fclose(f);
	return error;
}

static int by_prefix(const void *a, const void *b)
{
	const struct ban_entry *x = a, *y = b;
	int kinds = (int)address_kind(&x->prefix) - (int)address_kind(&y->prefix);

	return kinds ? kinds : memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
}

static void sort_once(struct ban_set *set)
{
	size_t kept = 0;

	if (set->n)
		qsort(set->entries, set->n, sizeof(*set->entries), by_prefix);
	for (size_t k = 0; k < set->n; k++)
		if (!kept || by_prefix(&set->entries[kept - 1], &set->entries[k]))
			set->entries[kept++] = set->entries[k];
	set->n = kept;
}

static struct ban_entry *find(const struct ban_set *in, const struct ban_entry *e)
{
	return in->n ? bsearch(e, in->entries, in->n, sizeof(*e), by_prefix) : NULL;
}

/* A ban that is there keeps its hits; one of another origin also its reason and, when it lasts longer, its end. */
static void merge(struct import *i)
{
	for (size_t k = 0; k < i->list.n; k++) {
		struct antibody *new = &i->list.entries[k].antibody;
		const struct ban_entry *there = find(&i->old, &i->list.entries[k]);

		if (!there)
			continue;
		new->hits = there->antibody.hits;
		if (there->antibody.reason == ANTIBODY_IMPORTED)
			continue;
		new->reason = there->antibody.reason;
		new->since_ns = there->antibody.since_ns;
		if (!there->antibody.expires_ns || (new->expires_ns && there->antibody.expires_ns > new->expires_ns))
			new->expires_ns = there->antibody.expires_ns;
	}
}

static __u32 room_of(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 n = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &n) ? UINT32_MAX : info.max_entries;
}

/* Old and new have to fit at the same time. 0 or the exit code, said. */
static int require_room(const struct import *i)
{
	size_t needed[ADDRESS_KINDS] = { 0 };
	size_t most = 0;
	bool fits = true;

	for (size_t k = 0; k < i->old.n; k++)
		needed[address_kind(&i->old.entries[k].prefix)]++;
	for (size_t k = 0; k < i->list.n; k++)
		if (!find(&i->old, &i->list.entries[k]))
			needed[address_kind(&i->list.entries[k].prefix)]++;
	for (int kind = 0; kind < ADDRESS_KINDS; kind++) {
		fits &= needed[kind] <= room_of(i->call->maps.fd[kind]);
		most = needed[kind] > most ? needed[kind] : most;
	}
	if (fits)
		return 0;
	return verb_say(VERB_FAILED,
		"%s is not imported: with the bans there are it needs room for %zu of one kind, there is room for %u; "
		"set immune { antibodies = %zu } or more in the DNA",
		i->call->file, most, room_of(i->call->maps.fd[0]), most);
}

static void take_back(struct import *i, size_t done)
{
	for (size_t k = 0; k < done; k++)
		if (!find(&i->old, &i->list.entries[k]))
			ban_remove(&i->call->maps, &i->list.entries[k].prefix);
}

/* Imported bans of an earlier list that are not on this one. How many, or -errno. */
static long drop_old(struct import *i)
{
	long dropped = 0;

	for (size_t k = 0; k < i->old.n; k++) {
		const struct ban_entry *e = &i->old.entries[k];
		int error;

		if (e->antibody.reason != ANTIBODY_IMPORTED || find(&i->list, e))
			continue;
		error = ban_remove(&i->call->maps, &e->prefix);
		if (error && error != -ENOENT)
			return error;
		dropped += !error;
	}
	return dropped;
}

static int swap(struct import *i)
{
	size_t done;
	int error = ban_load(&i->call->maps, i->list.entries, i->list.n, &done);
	long dropped = 0;

	if (error) {
		take_back(i, done);
		return verb_say(VERB_FAILED, "%s is not imported: %s", i->call->file, strerror(-error));
	}
	if (i->call->replace)
		dropped = drop_old(i);
	if (dropped < 0)
		return verb_say(VERB_FAILED, "%s is imported, but bans of the list before are left: %s", i->call->file,
			strerror((int)-dropped));
	if (i->masked)
		verb_say(0, "note: %zu lines have bits beyond their length, which are cleared", i->masked);
	if (i->widened)
		verb_say(0, "note: %zu IPv6 lines are taken as their /64", i->widened);
	printf("%s: %zu bans", i->call->file, i->list.n);
	if (i->call->replace)
		printf(", %ld of the list before lifted", dropped);
	printf("\n");
	return VERB_DONE;
}

static int run(struct import *i, const char *text, size_t n)
{
	int error = neverban_each(keep_friend, i);

	if (!error)
		error = ban_list_allow(&i->call->maps, keep_safe, i);
	if (!error)
		error = blocklist_parse(text, n, take_line, i);
	if (!error && !i->wrong)
		error = ban_set_read(&i->old, &i->call->maps, 0);
	if (error)
		return verb_say(VERB_FAILED, "%s is not imported: %s", i->call->file, strerror(-error));
	if (i->wrong)
		return verb_say(VERB_FAILED, "%s is not imported: %zu lines are wrong; no ban is changed", i->call->file, i->wrong);
	sort_once(&i->list);
	sort_once(&i->old);
	merge(i);
	error = require_room(i);
	return error ? error : swap(i);
}

int immune_import(struct immune *call)
{
	struct import i = { .call = call };
	char *text;
	size_t n;
	int error = read_file(call->file, &text, &n);

	if (error)
		error = verb_say(VERB_FAILED, "%s cannot be read: %s", call->file, strerror(-error));
	else
		error = run(&i, text, n);
	free(text);
	free(i.list.entries);
	free(i.old.entries);
	free(i.safe.entries);
	return error;
}

static int print_set(FILE *f, const struct ban_set *set)
{
	char name[ADDRESS_TEXT];

	fprintf(f, "# %zu bans\n", set->n);
	for (size_t k = 0; k < set->n; k++)
		fprintf(f, "%s\n", address_format(&set->entries[k].prefix, name));
	return fflush(f) || ferror(f) ? -errno : 0;
}

/* A reader of the file sees the old list or the new one. */
static int write_file(const char *file, const struct ban_set *set)
{
	char *beside = NULL;
	int error = asprintf(&beside, "%s.new", file) < 0 ? -ENOMEM : 0;
	FILE *f = error ? NULL : fopen(beside, "we");

	if (!error && !f)
		error = -errno;
	if (!error)
		error = print_set(f, set);
	if (f && fclose(f) && !error)
		error = -errno;
	if (!error && rename(beside, file))
		error = -errno;
	if (error && f)
		remove(beside);
	free(beside);
	return error;
}

int immune_export(struct immune *call)
{
	struct ban_set set = { 0 };
	int error = ban_set_read(&set, &call->maps, call->now_ns);

	if (!error) {
		sort_once(&set);
		error = call->file ? write_file(call->file, &set) : print_set(stdout, &set);
	}
	if (error)
		verb_say(0, "the bans are not exported: %s", strerror(-error));
	else if (call->file)
		printf("%s: %zu bans\n", call->file, set.n);
	free(set.entries);
	return error ? VERB_FAILED : VERB_DONE;
}
