/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the skin looks a source up in the immune maps, which it defines. */
#ifndef CELLWS_IMMUNE_BPF_H
#define CELLWS_IMMUNE_BPF_H

#define IMMUNE_DEFINES
#include "antibody.bpf.h"
#include "parse.bpf.h"

#define NESTED_MAX 8 /* expired prefixes around one address that are looked through */

static __always_inline bool immune_owns(__u16 port)
{
	__u32 zero = 0;
	const struct port_set *set = bpf_map_lookup_elem(&own_ports, &zero);

	return set && port_set_has(set, port);
}

static __always_inline bool immune_allows(const struct packet *p)
{
	struct prefix_v4 v4 = { .bits = 32, .addr = p->source.word[0] };
	struct prefix_v6 v6 = { .bits = 128 };
	struct allowance *found;

	if (p->family == 4) {
		found = bpf_map_lookup_elem(&allow_v4, &v4);
	} else {
		__builtin_memcpy(v6.addr, p->source.word, sizeof(v6.addr));
		found = bpf_map_lookup_elem(&allow_v6, &v6);
	}
	if (found)
		found->hits++;
	return found;
}

/* An expired antibody is as if absent; the clock is read only for one that can expire. */
static __always_inline bool immune_binds(struct antibody *a)
{
	if (a->expires_ns && bpf_ktime_get_boot_ns() >= a->expires_ns)
		return false;
	a->hits++;
	return true;
}

/* key: its first field is *bits. The longest match may have expired inside a wider one that has not. */
static __always_inline bool immune_binds_prefix(void *trie, const void *key, __u32 *bits)
{
	for (int i = 0; i < NESTED_MAX; i++) {
		struct antibody *a = bpf_map_lookup_elem(trie, key);

		if (!a)
			return false;
		if (immune_binds(a))
			return true;
		if (!a->bits)
			return false;
		*bits = a->bits - 1;
	}
	return false;
}

static __always_inline __u32 immune_judge_v4(const struct packet *p)
{
	struct prefix_v4 key = { .bits = 32, .addr = p->source.word[0] };
	struct antibody *a = bpf_map_lookup_elem(&antibody_v4, &key.addr);

	if (a && immune_binds(a))
		return VERDICT_DROP_BANNED;
	return immune_binds_prefix(&prefix_v4, &key, &key.bits) ? VERDICT_DROP_BANNED_PREFIX : UNDECIDED;
}

static __always_inline __u32 immune_judge_v6(const struct packet *p)
{
	struct prefix_v6 key = { .bits = 128 };
	struct antibody *a = bpf_map_lookup_elem(&antibody_v6, &p->source.half[0]);

	if (a && immune_binds(a))
		return VERDICT_DROP_BANNED;
	__builtin_memcpy(key.addr, p->source.word, sizeof(key.addr));
	return immune_binds_prefix(&prefix_v6, &key, &key.bits) ? VERDICT_DROP_BANNED_PREFIX : UNDECIDED;
}

/* p->family is 4 or 6. DROP_BANNED, DROP_BANNED_PREFIX or UNDECIDED. */
static __always_inline __u32 immune_judge(const struct packet *p)
{
	return p->family == 4 ? immune_judge_v4(p) : immune_judge_v6(p);
}

#endif
