/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one way out of the skin: every packet is counted under its verdict, packets and bytes, passes too. */
#ifndef CELLWS_VERDICT_BPF_H
#define CELLWS_VERDICT_BPF_H

#include "observe.bpf.h"
#include "shared/verdict.h"

/* What became of every packet. Key: enum verdict. Writer: verdict_leave. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICT_COUNT);
	__type(key, __u32); /* an array takes no enum as key */
	__type(value, struct immune_stat);
} immune_stats SEC(".maps");

/* What would have been dropped while the organism only observes. Key: enum verdict, of those that drop. Writer: verdict_leave. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICT_COUNT);
	__type(key, __u32);
	__type(value, struct immune_stat);
} observed_stats SEC(".maps");

/*
 * Where answers leave, 0: XDP_TX. Set before load by `up` for a veth pair, whose other end is not woken by XDP_TX unless
 * it has an XDP program of its own; a redirect to the same interface wakes it.
 */
const volatile __u32 answer_ifindex = 0;

/* One bit for each verdict that drops, from the table. */
#define X(NAME, name, drop, text) | (__u64)(drop) << VERDICT_##NAME
static const __u64 verdict_drops = 0 VERDICTS(X);
#undef X

static __always_inline bool verdict_is_drop(__u32 verdict)
{
	return verdict_drops >> verdict & 1;
}

static __always_inline void verdict_count(void *stats, __u32 verdict, __u32 frame)
{
	struct immune_stat *stat = bpf_map_lookup_elem(stats, &verdict);

	if (stat) {
		stat->packets++;
		stat->bytes += frame;
	}
}

static __always_inline int verdict_leave(__u32 verdict, __u32 frame)
{
	if (verdict_is_drop(verdict) && observes()) {
		verdict_count(&observed_stats, verdict, frame);
		verdict = VERDICT_PASS_OBSERVED;
	}
	verdict_count(&immune_stats, verdict, frame);
	if (verdict == VERDICT_ANSWER_COOKIE)
		return answer_ifindex ? bpf_redirect(answer_ifindex, 0) : XDP_TX;
	return verdict_is_drop(verdict) ? XDP_DROP : XDP_PASS;
}

#endif
