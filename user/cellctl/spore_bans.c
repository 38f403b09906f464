/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans as they cross: time left instead of a clock's time, and judged anew where they arrive. */
#include "cellctl/spore_bans.h"
#include "cellctl/neverban.h"
#include "cellctl/remember.h"
#include "tissue/tissue.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS_NS 1000000ULL

static int open_maps(const struct invocation *in, const char *name, struct ban_maps *maps)
{
	int error = 0;

	for (int i = 0; i < BAN_MAP_COUNT; i++) {
		maps->fd[i] = pin_map(in, name, ban_map_names[i], false);
		if (maps->fd[i] < 0)
			error = maps->fd[i];
	}
	return error;
}

static void close_maps(struct ban_maps *maps)
{
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
}

static void pack_one(const struct ban_entry *e, uint64_t now_ns, uint8_t to[BAN_WIRE_BYTES])
{
	const struct antibody *a = &e->antibody;
	struct ban_wire b = { .family = e->prefix.family == AF_INET ? 4 : 6, .bits = (uint8_t)e->prefix.bits,
		.reason = (uint16_t)a->reason };

	memcpy(b.address, e->prefix.bytes, sizeof(b.address));
	/* 0 would be for ever. */
	b.left_ms = !a->expires_ns ? 0 : a->expires_ns > now_ns ? (a->expires_ns - now_ns) / MS_NS + 1 : 1;
	if (b.left_ms > BAN_WIRE_LEFT_MS)
		b.left_ms = BAN_WIRE_LEFT_MS;
	ban_wire_write(&b, to);
}

int spore_bans_pack(const struct invocation *in, const char *name, uint8_t **bytes, uint64_t *n)
{
	uint64_t now_ns = clock_boot_ns();
	struct ban_set set = { 0 };
	struct ban_maps maps;
	int error = open_maps(in, name, &maps);

	*bytes = NULL;
	*n = 0;
	if (!error)
		error = ban_set_read(&set, &maps, now_ns);
	close_maps(&maps);
	if (!error)
		*bytes = malloc(set.n * BAN_WIRE_BYTES + 1);
	if (!error && !*bytes)
		error = -ENOMEM;
	for (size_t i = 0; i < set.n && !error; i++)
		pack_one(&set.entries[i], now_ns, *bytes + i * BAN_WIRE_BYTES);
	*n = error ? 0 : set.n * BAN_WIRE_BYTES;
	free(set.entries);
	return error;
}

/* What must stay reachable: the never-ban list and this host's own addresses. */
static int add_allowed(void *arg, const struct address *a, const struct allowance *allowance)
{
	const struct antibody none = { 0 };

	(void)allowance;
	return ban_set_add(arg, a, &none);
}

static int list_safe(const struct ban_maps *maps, struct ban_set *safe)
{
	const struct antibody none = { 0 };
	struct ifaddrs *all, *i;
	struct address own;
	int error = ban_list_allow(maps, add_allowed, safe);

	if (error || getifaddrs(&all))
		return error ? error : -errno;
	for (i = all; i && !error; i = i->ifa_next)
		if (neverban_sockaddr(i->ifa_addr, &own))
			error = ban_set_add(safe, &own, &none);
	freeifaddrs(all);
	return error;
}

static bool may_ban(const struct ban_set *safe, const struct address *a)
{
	if (address_too_wide(a))
		return false;
	for (size_t i = 0; i < safe->n; i++)
		if (address_meets(a, &safe->entries[i].prefix))
			return false;
	return true;
}

/* 0, also when it is left out; -ENOMEM. */
static int unpack_one(struct ban_set *bans, const struct ban_set *safe, const uint8_t *from, uint64_t now_ns)
{
	struct antibody antibody = { .since_ns = now_ns };
	struct address a;
	struct ban_wire b;

	if (ban_wire_read(&b, from) || b.reason >= ANTIBODY_REASON_COUNT ||
		address_make(b.family == 4 ? AF_INET : AF_INET6, b.address, b.bits, &a))
		return 0;
	a = address_of_ban(&a);
	if (!may_ban(safe, &a))
		return 0;
	antibody.expires_ns = b.left_ms ? now_ns + b.left_ms * MS_NS : 0;
	antibody.reason = b.reason;
	antibody.bits = a.bits;
	return ban_set_add(bans, &a, &antibody);
}

void spore_bans_unpack(const struct invocation *in, const char *name, const uint8_t *bytes, uint64_t n)
{
	uint64_t now_ns = clock_boot_ns(), all = n / BAN_WIRE_BYTES;
	struct ban_set bans = { 0 }, safe = { 0 };
	struct ban_maps maps;
	size_t done = 0;
	int error = open_maps(in, name, &maps);

	if (!error)
		error = list_safe(&maps, &safe);
	for (uint64_t i = 0; i < all && !error; i++)
		error = unpack_one(&bans, &safe, bytes + i * BAN_WIRE_BYTES, now_ns);
	if (!error)
		error = ban_load(&maps, bans.entries, bans.n, &done);
	close_maps(&maps);
	if (error)
		verb_say(0, "only %zu of the %llu bans that came along are taken: %s", done, (unsigned long long)all, strerror(-error));
	else if (bans.n < all)
		verb_say(0, "%llu of %llu bans that came along are left out: they would meet the never-ban list or this host's addresses",
			(unsigned long long)(all - bans.n), (unsigned long long)all);
	free(bans.entries);
	free(safe.entries);
}
