/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The never-ban list for programs that decide bans: sleepable ones may look into a hash, not into the skin's tries. */
#ifndef CELLWS_NEVERBAN_BPF_H
#define CELLWS_NEVERBAN_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "shared/antigen.h"
#include "shared/verdict.h"

/* Writer: `up` and cellctl, together with allow_v4 and allow_v6. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct never_key);
	__type(value, __u32);
} never_ban SEC(".maps");

struct never_search {
	struct source source;
	__u32 found;
};

/* The source's address cut to so many bits, as the list has it. */
static long never_look(__u32 bits, void *ctx)
{
	struct never_search *s = ctx;
	struct never_key key = { .family = s->source.family, .bits = bits };

	if (key.family == 4)
		key.key = s->source.key & bpf_htonl(bits ? 0xffffffffu << ((32 - bits) & 31) : 0);
	else
		key.key = s->source.key & bpf_cpu_to_be64(bits ? 0xffffffffffffffffull << ((64 - bits) & 63) : 0);
	s->found = bpf_map_lookup_elem(&never_ban, &key) != NULL;
	return s->found;
}

/* Whether an entry of the list covers the source. One look-up for each length: bans are few. */
static __always_inline bool never_covers(const struct source *source)
{
	struct never_search s = { .source = *source };

	bpf_loop(s.source.family == 4 ? 33 : 65, never_look, &s, 0);
	return s.found;
}

#endif
