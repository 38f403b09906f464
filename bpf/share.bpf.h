/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is decided about sources, with its version, for other hosts: a table of the newest word on each, and a ring of what is new. */
#ifndef CELLWS_SHARE_BPF_H
#define CELLWS_SHARE_BPF_H

#include "shared/link.h"

/* Other hosts. Writers: `up`, gland_host. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOSTS_MAX);
	__type(key, __u32);
	__type(value, struct host);
} hosts SEC(".maps");

/* Key 0. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct link_state);
} link_state SEC(".maps");

/* The newest word on each source; `up` makes it small where there are no links. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TIDINGS_MAX);
	__type(key, struct source);
	__type(value, struct tiding);
} shared SEC(".maps");

/* An empty one, from which new entries are made without a copy on the stack. Writer: nobody. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tiding);
} blank SEC(".maps");

/* Words as they come, for the gamete. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TIDING_RING);
} tidings SEC(".maps");

/* Signals of other hosts that were heard. Writer: gland_carry. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CARRIED_MAX);
	__type(key, struct carried);
	__type(value, __u64);
} carried SEC(".maps");

/* What all other hosts together have been heard to say, key 0. Writer: gland_carry. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct receptors);
} abroad SEC(".maps");

/* Whom this host votes to expel. Writer: root. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WISHES_MAX);
	__type(key, __u64);
	__type(value, struct wish);
} wishes SEC(".maps");

/* Requests that have killed, the newest. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONTAGIONS_MAX);
	__type(key, __u32);
	__type(value, struct contagion);
} contagions SEC(".maps");

/* How many deaths of a host at a request were counted. Writers: gland_blame, gland_infect. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONTAGION_HEARD_MAX);
	__type(key, struct contagion_key);
	__type(value, __u32);
} contagion_heard SEC(".maps");

static __always_inline struct link_state *link_get(void)
{
	__u32 zero = 0;
	struct link_state *l = bpf_map_lookup_elem(&link_state, &zero);

	return l && l->on ? l : NULL;
}

/* The entry of a source, made when it is not there. */
static __always_inline struct tiding *share_entry(const struct source *source)
{
	struct tiding *t = bpf_map_lookup_elem(&shared, source);
	__u32 zero = 0;
	struct tiding *empty = bpf_map_lookup_elem(&blank, &zero);

	if (t || !empty)
		return t;
	bpf_map_update_elem(&shared, source, empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&shared, source);
}

/* Gives an entry, which is filled in but for its number, to the gamete. */
static __always_inline void share_tell(struct link_state *l, struct tiding *t)
{
	t->number = __sync_fetch_and_add(&l->number, 1) + 1;
	if (bpf_ringbuf_output(&tidings, t, sizeof(*t), BPF_RB_FORCE_WAKEUP))
		__sync_fetch_and_add(&l->missed, 1);
}

/* Of incidents, those that are about everybody: what a proxy only reports stays here. */
static __always_inline void share_incident(const struct incident *what)
{
	bool lifted = what->act == INCIDENT_LIFTED;
	struct link_state *l = link_get();
	struct tiding *t;

	if (!l || what->source.via ||
		(!lifted && what->act != INCIDENT_BANNED && what->act != INCIDENT_WIDENED && what->act != INCIDENT_BY_HAND))
		return;
	t = share_entry(&what->source);
	if (!t)
		return;
	t->source = what->source;
	t->origin = l->self;
	t->stamp = __sync_fetch_and_add(&l->stamp, 1) + 1;
	t->from = 0;
	t->expires_ns = what->ttl_s ? what->time_ns + what->ttl_s * 1000000000ull : 0;
	t->lifted = lifted;
	t->reason = what->reason;
	__builtin_memcpy(t->detail, what->detail, TIDING_DETAIL);
	t->detail[TIDING_DETAIL - 1] = 0;
	share_tell(l, t);
}

#endif
