/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts bans and never-ban entries into the immune maps, takes them out and lists them; map descriptors in, no clock. */
#ifndef CELLWS_IMMUNE_BAN_H
#define CELLWS_IMMUNE_BAN_H

#include <stdbool.h>
#include <stdint.h>
#include "immune/address.h"

/* X(name): the maps, as they are pinned. The first four are in the order of enum address_kind. */
#define BAN_MAPS(X)    \
	X(antibody_v4) \
	X(antibody_v6) \
	X(prefix_v4)   \
	X(prefix_v6)   \
	X(allow_v4)    \
	X(allow_v6)    \
	X(never_ban)

enum ban_map {
#define X(name) BAN_##name,
	BAN_MAPS(X)
#undef X
	BAN_MAP_COUNT
};

struct ban_maps {
	int fd[BAN_MAP_COUNT];
};

extern const char *const ban_map_names[BAN_MAP_COUNT];

/*
 * Bans a, or the /64 around it when it is an IPv6 prefix longer than that; an older ban of the same is replaced, its
 * hits are kept. expires_ns and now_ns: boot clock, 0 = never. Whether the ban is wise is the caller's to judge.
 * 0, -ENOSPC when the map is full, or -errno.
 */
int ban_add(const struct ban_maps *maps, const struct address *a, uint64_t now_ns, uint64_t expires_ns,
	enum antibody_reason reason);

/* A ban as it is loaded in bulk. */
struct ban_entry {
	struct address prefix; /* as address_of_ban() gives it */
	struct antibody antibody;
};

/*
 * Puts n bans into the maps, many with one system call; those that are there are replaced as they are given, hits too. A
 * packet that is judged meanwhile finds the old entry or the new one, never neither. *done (may be NULL): how many are
 * in, when it fails. 0, -ENOSPC when a map is full, -ENOMEM or -errno.
 */
int ban_load(const struct ban_maps *maps, const struct ban_entry *entries, size_t n, size_t *done);

/* Lifts exactly that ban (the /64 as above). 0, -ENOENT or -errno. */
int ban_remove(const struct ban_maps *maps, const struct address *a);

/*
 * Calls each for every ban, expired ones too. A call may remove any ban. Stops at the first result that is not 0 and
 * returns it, else 0 or -errno.
 */
typedef int (*ban_visit)(void *arg, const struct address *a, const struct antibody *antibody);
int ban_list(const struct ban_maps *maps, ban_visit each, void *arg);

/* Takes out the ban of a if it is over at now_ns: it may have been renewed since it was listed. 0 or -errno. */
int ban_expire(const struct ban_maps *maps, const struct address *a, uint64_t now_ns);

/* The never-ban list, the same way; an entry that exists is left as it is. */
int ban_allow(const struct ban_maps *maps, const struct address *a, enum allowance_origin origin);
/* Whether the never-ban list covers a. Only the maps of that list are looked into. */
bool ban_is_allowed(const struct ban_maps *maps, const struct address *a);
int ban_disallow(const struct ban_maps *maps, const struct address *a);
typedef int (*ban_visit_allow)(void *arg, const struct address *a, const struct allowance *allowance);
int ban_list_allow(const struct ban_maps *maps, ban_visit_allow each, void *arg);

#endif
