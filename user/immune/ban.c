// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Writes and reads the immune maps through their descriptors; who may call it decides what is wise, this only does it.
#include "immune/ban.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <bpf/bpf.h>
#include "immune/ttl.h"

#define BATCH	 4096 /* entries put in by one system call */
#define KEYS_MAX (1u << 24) /* more than any map holds: somebody empties it faster than it is read */

const char *const ban_map_names[BAN_MAP_COUNT] = {
#define X(name) #name,
	BAN_MAPS(X)
#undef X
};

union key {
	__u32 v4;
	__u64 v6;
	struct prefix_v4 prefix_v4;
	struct prefix_v6 prefix_v6;
};

static void key_make(enum ban_map map, const struct address *a, union key *key)
{
	switch (map) {
	case BAN_antibody_v4:
		return address_key_v4(a, &key->v4);
	case BAN_antibody_v6:
		return address_key_v6(a, &key->v6);
	case BAN_prefix_v4:
	case BAN_allow_v4:
		return address_key_prefix_v4(a, &key->prefix_v4);
	default:
		return address_key_prefix_v6(a, &key->prefix_v6);
	}
}

static struct address key_read(enum ban_map map, const union key *key)
{
	switch (map) {
	case BAN_antibody_v4:
		return address_from_v4(key->v4);
	case BAN_antibody_v6:
		return address_from_v6(key->v6);
	case BAN_prefix_v4:
	case BAN_allow_v4:
		return address_from_prefix_v4(&key->prefix_v4);
	default:
		return address_from_prefix_v6(&key->prefix_v6);
	}
}

static enum ban_map map_of_ban(const struct address *ban)
{
	_Static_assert((int)BAN_prefix_v6 == (int)ADDRESS_TRIE_V6, "the maps of bans are in the order of their kinds");
	return (enum ban_map)address_kind(ban);
}

static enum ban_map map_of_allow(const struct address *a)
{
	return a->family == AF_INET ? BAN_allow_v4 : BAN_allow_v6;
}

/* A trie answers with the longest match, which may be a wider ban than the one asked for. */
static int find_exactly(const struct ban_maps *maps, const struct address *ban, struct antibody *to)
{
	enum ban_map map = map_of_ban(ban);
	union key key;
	int ret;

	key_make(map, ban, &key);
	ret = bpf_map_lookup_elem(maps->fd[map], &key, to);
	return !ret && to->bits != ban->bits ? -ENOENT : ret;
}

static int put(int fd, const void *key, const void *value, __u64 flags)
{
	int ret = bpf_map_update_elem(fd, key, value, flags);

	return ret == -E2BIG ? -ENOSPC : ret; /* hashes say the one, tries the other */
}

int ban_add(const struct ban_maps *maps, const struct address *a, uint64_t now_ns, uint64_t expires_ns,
	enum antibody_reason reason)
{
	struct address ban = address_of_ban(a);
	enum ban_map map = map_of_ban(&ban);
	struct antibody old, new = { .expires_ns = expires_ns, .since_ns = now_ns, .reason = reason, .bits = ban.bits };
	union key key;

	if (!find_exactly(maps, &ban, &old))
		new.hits = old.hits;
	key_make(map, &ban, &key);
	return put(maps->fd[map], &key, &new, BPF_ANY);
}

static const size_t key_sizes[BAN_MAP_COUNT] = {
	[BAN_antibody_v4] = sizeof(__u32),
	[BAN_antibody_v6] = sizeof(__u64),
	[BAN_prefix_v4] = sizeof(struct prefix_v4),
	[BAN_prefix_v6] = sizeof(struct prefix_v6),
	[BAN_allow_v4] = sizeof(struct prefix_v4),
	[BAN_allow_v6] = sizeof(struct prefix_v6),
};

/* A run of entries of one map on their way in: keys packed as the map wants them. */
struct batch {
	enum ban_map map;
	__u32 n;
	unsigned char keys[BATCH * sizeof(union key)];
	struct antibody values[BATCH];
};

/* Kernels without batches for this map, and full maps, are told apart entry by entry. */
static int batch_put(const struct ban_maps *maps, const struct batch *b, size_t *done)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u32 n = b->n;
	int ret = bpf_map_update_batch(maps->fd[b->map], b->keys, b->values, &n, &opts);

	if (!ret) {
		*done += b->n;
		return 0;
	}
	for (__u32 i = 0; i < b->n; i++) {
		ret = put(maps->fd[b->map], b->keys + i * key_sizes[b->map], &b->values[i], BPF_ANY);
		if (ret)
			return ret;
		++*done;
	}
	return 0;
}

int ban_load(const struct ban_maps *maps, const struct ban_entry *entries, size_t n, size_t *done)
{
	struct batch *b = malloc(sizeof(*b));
	size_t in = 0;
	int ret = b ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !ret;) {
		b->map = map_of_ban(&entries[i].prefix);
		for (b->n = 0; i < n && b->n < BATCH && map_of_ban(&entries[i].prefix) == b->map; i++) {
			union key key;

			key_make(b->map, &entries[i].prefix, &key);
			memcpy(b->keys + b->n * key_sizes[b->map], &key, key_sizes[b->map]);
			b->values[b->n++] = entries[i].antibody;
		}
		ret = batch_put(maps, b, &in);
	}
	free(b);
	if (done)
		*done = in;
	return ret;
}

int ban_remove(const struct ban_maps *maps, const struct address *a)
{
	struct address ban = address_of_ban(a);
	enum ban_map map = map_of_ban(&ban);
	union key key;

	key_make(map, &ban, &key);
	return bpf_map_delete_elem(maps->fd[map], &key);
}

int ban_expire(const struct ban_maps *maps, const struct address *a, uint64_t now_ns)
{
	struct address ban = address_of_ban(a);
	struct antibody antibody;
	int ret = find_exactly(maps, &ban, &antibody);

	if (!ret && ttl_expired(now_ns, antibody.expires_ns))
		ret = ban_remove(maps, &ban);
	return ret == -ENOENT ? 0 : ret;
}

static int keys_grow(union key **list, size_t *room)
{
	size_t wanted = *room ? *room * 2 : 64;
	union key *more = wanted > KEYS_MAX ? NULL : reallocarray(*list, wanted, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*list = more;
	*room = wanted;
	return 0;
}

/* All keys of a map at one moment; walking while entries go would start again from the front. *keys: free it. */
static int keys_collect(int fd, size_t key_size, union key **keys, size_t *count)
{
	union key *list = NULL, next, *last = NULL;
	size_t n = 0, room = 0;
	int ret = 0;

	while (!ret && !(ret = bpf_map_get_next_key(fd, last, &next))) {
		if (n == room)
			ret = keys_grow(&list, &room);
		if (ret)
			break;
		memcpy(&list[n], &next, key_size);
		last = &list[n++];
	}
	if (ret != -ENOENT) {
		free(list);
		return ret;
	}
	*keys = list;
	*count = n;
	return 0;
}

/* One of the two is set. */
struct visitor {
	ban_visit ban;
	ban_visit_allow allow;
	void *arg;
};

static int visit(const struct ban_maps *maps, enum ban_map map, const union key *key, const struct visitor *v)
{
	struct address a = key_read(map, key);
	struct antibody antibody;
	struct allowance allowance;
	int ret;

	if (v->ban)
		ret = find_exactly(maps, &a, &antibody);
	else
		ret = bpf_map_lookup_elem(maps->fd[map], key, &allowance);
	if (ret)
		return ret == -ENOENT ? 0 : ret; /* gone since the keys were collected */
	return v->ban ? v->ban(v->arg, &a, &antibody) : v->allow(v->arg, &a, &allowance);
}

static int walk(const struct ban_maps *maps, enum ban_map map, const struct visitor *v)
{
	union key *keys;
	size_t count;
	int ret = keys_collect(maps->fd[map], key_sizes[map], &keys, &count);

	if (ret)
		return ret;
	for (size_t i = 0; i < count && !ret; i++)
		ret = visit(maps, map, &keys[i], v);
	free(keys);
	return ret;
}

int ban_list(const struct ban_maps *maps, ban_visit each, void *arg)
{
	struct visitor v = { .ban = each, .arg = arg };
	int ret = 0;

	for (int map = BAN_antibody_v4; map <= BAN_prefix_v6 && !ret; map++)
		ret = walk(maps, (enum ban_map)map, &v);
	return ret;
}

int ban_list_allow(const struct ban_maps *maps, ban_visit_allow each, void *arg)
{
	struct visitor v = { .allow = each, .arg = arg };
	int ret = walk(maps, BAN_allow_v4, &v);

	return ret ? ret : walk(maps, BAN_allow_v6, &v);
}

int ban_allow(const struct ban_maps *maps, const struct address *a, enum allowance_origin origin)
{
	struct allowance new = { .origin = origin };
	enum ban_map map = map_of_allow(a);
	struct never_key never;
	const __u32 one = 1;
	union key key;
	int ret;

	key_make(map, a, &key);
	ret = put(maps->fd[map], &key, &new, BPF_NOEXIST);
	if (ret)
		return ret == -EEXIST ? 0 : ret;
	return address_key_never(a, &never) ? put(maps->fd[BAN_never_ban], &never, &one, BPF_ANY) : 0;
}

bool ban_is_allowed(const struct ban_maps *maps, const struct address *a)
{
	enum ban_map map = map_of_allow(a);
	struct allowance found;
	union key key;

	key_make(map, a, &key);
	return !bpf_map_lookup_elem(maps->fd[map], &key, &found);
}

int ban_disallow(const struct ban_maps *maps, const struct address *a)
{
	enum ban_map map = map_of_allow(a);
	struct never_key never;
	union key key;

	key_make(map, a, &key);
	if (address_key_never(a, &never))
		bpf_map_delete_elem(maps->fd[BAN_never_ban], &never);
	return bpf_map_delete_elem(maps->fd[map], &key);
}
