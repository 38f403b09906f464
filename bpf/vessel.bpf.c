// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Steers new connections to the listeners of vessels that a living blood cell serves, the least loaded first.
#include "family.bpf.h"
#include "shared/foreign.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Listeners: group of the listen address * VESSELS_MAX + vessel. Writer: `up`. */
#define VESSELS_MAX 8
#define GROUPS_MAX  OWN_BINDS_MAX
#define AF_INET     2

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, GROUPS_MAX * VESSELS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} listeners SEC(".maps");

/* Number of a listen address. Writer: `up`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GROUPS_MAX);
	__type(key, struct own_bind);
	__type(value, __u32);
} listen_groups SEC(".maps");

/* What each vessel says of its load: a hint, never trusted for more. Writer: the blood cell that serves it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VESSELS_MAX);
	__type(key, __u32);
	__type(value, struct vessel_load);
} loads SEC(".maps");

/* What each cell counts of itself, by slot. Writer: that cell. Not used by a program; here because it lives with the maps. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct vitals);
} vitals SEC(".maps");

static __always_inline bool vessel_is_served(const struct vessel_owner *v)
{
	struct cell *c = v->owner ? cell_at(cell_slot_of_id(v->owner)) : NULL;

	return c && c->state == CELL_LIVING && c->id == v->owner && !c->leaving;
}

/* Open connections plus those steered here that the blood cell has not accepted yet. */
static __always_inline __u64 vessel_load_of(const struct vessel_owner *v, __u32 i)
{
	struct vessel_load *load = bpf_map_lookup_elem(&loads, &i);

	if (!load)
		return 0;
	return load->connections + (v->steered > load->accepted_at ? v->steered - load->accepted_at : 0);
}

static __always_inline struct vessel_owner *vessel_at(__u32 vessel)
{
	return bpf_map_lookup_elem(&vessels, &vessel);
}

struct vessel_search {
	__u64 best_load;
	__u32 count;
	__u32 best;
};

static long vessel_look_at(__u32 i, void *ctx)
{
	struct vessel_search *search = ctx;
	struct vessel_owner *v = vessel_at(i);
	__u64 load;

	if (!v || i >= search->count)
		return 1;
	if (!vessel_is_served(v))
		return 0;
	load = vessel_load_of(v, i);
	if (load < search->best_load) {
		search->best = i;
		search->best_load = load;
	}
	return 0;
}

/* The least loaded vessel that is served; the first one while nobody serves: its accept queue waits for the first cell. */
static __always_inline __u32 vessel_choose(__u32 count)
{
	struct vessel_search search = { .best_load = ~0ULL, .count = count };

	bpf_loop(VESSELS_MAX, vessel_look_at, &search, 0);
	return search.best;
}

/* The socket that the kernel found may be a stranger's that has joined: its address is ours, and so is the connection. */
static __always_inline __u32 *vessel_group(const struct bpf_sock *sk)
{
	struct own_bind at = { .family = sk->family, .port = sk->src_port };

	if (at.family == AF_INET) {
		at.addr[0] = sk->src_ip4;
	} else {
		at.addr[0] = sk->src_ip6[0];
		at.addr[1] = sk->src_ip6[1];
		at.addr[2] = sk->src_ip6[2];
		at.addr[3] = sk->src_ip6[3];
	}
	return bpf_map_lookup_elem(&listen_groups, &at);
}

SEC("sk_reuseport")
int vessel_steer(struct sk_reuseport_md *ctx)
{
	struct organism *o = organism_get();
	__u32 *group = vessel_group(ctx->sk);
	struct vessel_owner *v;
	__u32 key, vessel;

	if (!o || !group)
		return SK_DROP;
	vessel = vessel_choose(o->vessels);
	key = *group * VESSELS_MAX + vessel;
	if (bpf_sk_select_reuseport(ctx, &listeners, &key, 0))
		return SK_DROP;
	v = vessel_at(vessel);
	if (v)
		__sync_fetch_and_add(&v->steered, 1);
	return SK_PASS;
}
