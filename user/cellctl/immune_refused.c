// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Clients behind trusted proxies that are answered 403: shown and lifted; they are in a map of their own, not the skin's.
#include "cellctl/immune.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "cellctl/pins.h"
#include "immune/ttl.h"
#include "shared/antigen.h"

static struct source key_of(const struct address *a)
{
	struct source s = { .family = a->family == AF_INET ? 4 : 6, .via = 1 };
	__u32 v4 = 0;

	if (a->family == AF_INET)
		address_key_v4(a, &v4);
	else
		address_key_v6(a, &s.key);
	if (a->family == AF_INET)
		s.key = v4;
	return s;
}

int refused_lift(const struct invocation *in, const char *name, const struct address *a)
{
	int fd = pin_map(in, name, "refused", false), error;
	struct source key = key_of(a);

	if (fd < 0)
		return fd;
	error = bpf_map_delete_elem(fd, &key) ? -errno : 0;
	close(fd);
	return error;
}

static int entry_add(json_t *list, const struct source *key, const struct antibody *ban, uint64_t now_ns)
{
	struct address a = key->family == 4 ? address_from_v4((__u32)key->key) : address_from_v6(key->key);
	char name[ADDRESS_TEXT];

	if (ttl_expired(now_ns, ban->expires_ns))
		return 0;
	return json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "prefix", address_format(&a, name), "expires_in_s",
						   (json_int_t)ttl_left(now_ns, ban->expires_ns), "reason", immune_reason(ban->reason)))
		       ? -ENOMEM
		       : 0;
}

int refused_read(const struct invocation *in, const char *name, uint64_t now_ns, json_t *list)
{
	int fd = pin_map(in, name, "refused", true), error = 0;
	struct source at, *from = NULL, next;
	struct antibody ban;

	if (fd < 0)
		return fd;
	while (!error && !bpf_map_get_next_key(fd, from, &next)) {
		at = next;
		from = &at;
		if (!bpf_map_lookup_elem(fd, &at, &ban))
			error = entry_add(list, &at, &ban, now_ns);
	}
	close(fd);
	return error;
}

uint64_t refused_left(const struct invocation *in, const char *name, const struct address *a, uint64_t now_ns)
{
	int fd = pin_map(in, name, "refused", true);
	struct source key = key_of(a);
	struct antibody ban;
	uint64_t left = 0;

	if (fd < 0)
		return 0;
	if (!bpf_map_lookup_elem(fd, &key, &ban) && !ttl_expired(now_ns, ban.expires_ns))
		left = ttl_left(now_ns, ban.expires_ns);
	close(fd);
	return left;
}
