/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How much is too much: buckets of SYNs and packets for each source, and the SYNs of each port. */
#ifndef CELLWS_FLOOD_BPF_H
#define CELLWS_FLOOD_BPF_H

#include "alarm.bpf.h"
#include "parse.bpf.h"
#include "shared/flood.h"

/*
 * A bucket is one number, the moment at which it is full again; each packet moves it on by the time that a source has to
 * wait for one more. Two CPUs that spend from one bucket at once may count one packet instead of two.
 *
 * What is counted here may come from forged addresses: it drops packets and never bans.
 */

/* Counters may be forgotten, unlike bans. Writer: the skin. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOOD_SOURCES);
	__type(key, __u64);
	__type(value, struct source_rate);
} rate_sources SEC(".maps");

/* The ports that are guarded against floods; none when cookie_rate is 0. Writer: `up` makes the entries, the skin counts. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOOD_PORTS);
	__type(key, __u32);
	__type(value, struct port_flood);
} flood_ports SEC(".maps");

/* Writer: the skin. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood_state);
} flood_state SEC(".maps");

/* These are of the DNA. Set before load by `up`; writer from then on: gland_mutate. */
/* Nanoseconds that a source pays for a SYN and for a packet, 0 for no limit. */
volatile __u64 syn_cost_ns SEC(".data.limits") = 0;
volatile __u64 packet_cost_ns SEC(".data.limits") = 0;
/* One packet in so many is charged, for all of them, where the limit is so high that a draw is fair. */
volatile __u32 packet_sample SEC(".data.limits") = 1;
/* SYNs, or packets of no connection, to one port per second that are a flood; 0: never. */
volatile __u32 port_syn_rate SEC(".data.limits") = 0;

static __always_inline bool flood_is_syn(const struct packet *p)
{
	return (p->flags & (WIRE_SYN | WIRE_ACK)) == WIRE_SYN;
}

/* An IPv4 address as a /64 of ::/8, which nobody has; an IPv6 one as its own. */
static __always_inline __u64 flood_key(const struct packet *p)
{
	return p->family == 4 ? (__u64)p->source.word[0] << 32 : p->source.half[0];
}

/* pays: else it is only seen whether it could. */
static __always_inline bool flood_spend(__u64 *full_ns, __u64 now, __u64 cost, bool pays)
{
	__u64 full = *full_ns;

	if (!cost)
		return true;
	if (full < now)
		full = now;
	if (full + cost - now > FLOOD_SECOND)
		return false;
	if (pays)
		*full_ns = full + cost;
	return true;
}

/* Whether some port is, or lately was, flooded. */
static __always_inline bool flood_rages(void)
{
	__u32 zero = 0;
	const struct flood_state *s = bpf_map_lookup_elem(&flood_state, &zero);

	return s && s->judge_until_ns && bpf_ktime_get_coarse_ns() < s->judge_until_ns;
}

/* Whether a packet is charged to its source. */
static __always_inline bool flood_draws(bool syn, __u32 sample)
{
	return syn || sample <= 1 || !(bpf_get_prandom_u32() % sample);
}

/* In a flood no source is added: forged addresses would cost more to count than to answer. */
static __always_inline __u32 flood_charge(const struct packet *p, bool syn, bool rages)
{
	__u32 sample = packet_sample;
	__u64 key = flood_key(p), now = bpf_ktime_get_coarse_ns(), cost = syn ? packet_cost_ns : packet_cost_ns * sample;
	struct source_rate *rate = bpf_map_lookup_elem(&rate_sources, &key);
	bool pays = flood_draws(syn, sample);

	if (!rate) {
		struct source_rate first = { .syn_ns = syn ? now + syn_cost_ns : now, .packet_ns = now + cost };

		if (!rages && pays)
			bpf_map_update_elem(&rate_sources, &key, &first, BPF_NOEXIST);
		return UNDECIDED;
	}
	if (!flood_spend(&rate->packet_ns, now, cost, pays))
		return VERDICT_DROP_PACKET_RATE;
	if (syn && !flood_spend(&rate->syn_ns, now, syn_cost_ns, true))
		return VERDICT_DROP_SYN_RATE;
	return UNDECIDED;
}

/* What one source may send. DROP_PACKET_RATE, DROP_SYN_RATE or UNDECIDED. */
static __always_inline __u32 flood_judge(const struct packet *p, bool syn, bool rages)
{
	return packet_cost_ns || (syn && syn_cost_ns) ? flood_charge(p, syn, rages) : UNDECIDED;
}

/* Packets in a window that are a flood: by the rate, in full alarm an eighth of it. */
static __always_inline __u64 flood_limit(__u64 now)
{
	__u64 rate = port_syn_rate;

	if (!rate)
		return ~0ULL;
	rate -= rate * alarm_level(now) * 7 / 8 >> 16;
	return rate / (FLOOD_SECOND / FLOOD_WINDOW);
}

static __always_inline void flood_turn_window(struct port_flood *f, __u64 now)
{
	if (now - f->window_ns < FLOOD_WINDOW)
		return;
	f->window_ns = now;
	f->syns = 0;
	f->strays = 0;
}

/* Not moved by less than a part of a window: every CPU reads these moments for every packet. */
static __always_inline void flood_hold(__u64 *until_ns, __u64 to_ns)
{
	if (*until_ns + FLOOD_WINDOW / 4 < to_ns)
		*until_ns = to_ns;
}

/*
 * Counts a SYN to a port. Which one of its window it is while the port is flooded and the skin answers, else 0. A flood
 * goes from more SYNs than the limit in one window on, until no window has had half as many for a while.
 */
static __always_inline __u64 flood_count_syn(const struct packet *p)
{
	__u32 port = p->dest_port, zero = 0;
	struct port_flood *f = bpf_map_lookup_elem(&flood_ports, &port);
	struct flood_state *s = bpf_map_lookup_elem(&flood_state, &zero);
	__u64 now, limit, syns;
	bool flooded;

	if (!f || !s)
		return 0;
	now = bpf_ktime_get_coarse_ns();
	limit = flood_limit(now);
	flooded = now < f->answer_until_ns;
	flood_turn_window(f, now);
	syns = __sync_fetch_and_add(&f->syns, 1) + 1;
	if (syns > (flooded ? limit / 2 : limit)) {
		flood_hold(&f->answer_until_ns, now + FLOOD_HOLD);
		flood_hold(&s->judge_until_ns, now + FLOOD_HOLD + FLOOD_LINGER);
		flooded = true;
	}
	return flooded && f->answers ? syns : 0;
}

/* Counts packets that belong to no connection; many of them are a flood, too, though there is nothing to answer. */
static __always_inline void flood_count_strays(const struct packet *p, __u64 n)
{
	__u32 port = p->dest_port, zero = 0;
	struct port_flood *f = bpf_map_lookup_elem(&flood_ports, &port);
	struct flood_state *s = bpf_map_lookup_elem(&flood_state, &zero);
	__u64 now, limit;

	if (!f || !s)
		return;
	now = bpf_ktime_get_coarse_ns();
	limit = flood_limit(now);
	if (limit < STRAY_LEAST)
		limit = STRAY_LEAST;
	flood_turn_window(f, now);
	if (__sync_fetch_and_add(&f->strays, n) + n > limit)
		flood_hold(&s->judge_until_ns, now + FLOOD_HOLD);
}

#endif
