/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that kill drones: how many deaths each has caused, here and on other hosts, and what other hosts are told of it. */
#ifndef CELLWS_PATHOGEN_BPF_H
#define CELLWS_PATHOGEN_BPF_H

#include "lymph.bpf.h"

/* Requests that have killed drones. Writers: gland_blame, gland_infect; blood reads it by mapping. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PATHOGEN_SETS * PATHOGEN_WAYS);
	__type(key, __u32);
	__type(value, struct pathogen);
} pathogens SEC(".maps");

/* Its place among the requests known: its own, an empty one, or that of the least dangerous, oldest one. */
static __always_inline struct pathogen *pathogen_place(__u64 fingerprint)
{
	struct pathogen *best = NULL;
	__u32 set = pathogen_set(fingerprint);

	for (__u32 i = 0; i < PATHOGEN_WAYS; i++) {
		__u32 at = set + i;
		struct pathogen *p = bpf_map_lookup_elem(&pathogens, &at);

		if (!p || p->fingerprint == fingerprint)
			return p;
		if (!best || (p->deaths < PATHOGEN_DEADLY) > (best->deaths < PATHOGEN_DEADLY) ||
			((p->deaths < PATHOGEN_DEADLY) == (best->deaths < PATHOGEN_DEADLY) && p->last_ns < best->last_ns))
			best = p;
	}
	return best;
}


struct pathogen_deaths {
	__u64 fingerprint;
	__u64 now;
	__u32 route;
	__u32 cause; /* exit code of the drone */
	__u32 n;     /* that are new */
};

/* Counts deaths at a request; detail: printable. How many there were so far. */
static __always_inline __u32 pathogen_note(struct lymph *count, const struct pathogen_deaths *d, const char *detail)
{
	struct pathogen *p = pathogen_place(d->fingerprint);
	__u32 was;

	if (!p)
		return 0;
	if (p->fingerprint != d->fingerprint) {
		if (p->deaths >= PATHOGEN_DEADLY)
			__sync_fetch_and_add(&count->pathogens, -1);
		p->fingerprint = 0;
		p->deaths = 0;
		p->first_ns = d->now;
		p->route = d->route;
		__builtin_memcpy(p->detail, detail, ANTIGEN_DETAIL);
	}
	p->last_ns = d->now;
	p->cause = d->cause;
	was = __sync_fetch_and_add(&p->deaths, d->n);
	barrier();
	p->fingerprint = d->fingerprint;
	if (was < PATHOGEN_DEADLY && was + d->n >= PATHOGEN_DEADLY)
		__sync_fetch_and_add(&count->pathogens, 1);
	return was + d->n;
}

struct gamete_search {
	struct message m;
};

static long contagion_wake(__u32 slot, void *ctx)
{
	struct gamete_search *s = ctx;
	struct cell *c = cell_at(slot);
	void *ring;

	if (!c || c->state != CELL_LIVING || c->class != CLASS_GAMETE)
		return 0;
	ring = inbox_of(slot);
	if (ring)
		bpf_ringbuf_output(ring, &s->m, sizeof(s->m), BPF_RB_FORCE_WAKEUP);
	return 1;
}

/* Puts a word into the log of what other hosts are told; its number is the last thing that is written. */
static __always_inline void contagion_put(struct link_state *l, const struct contagion_key *what, __u64 from, __u32 deaths,
	const struct pathogen_deaths *d, const char *detail)
{
	__u64 number = __sync_fetch_and_add(&l->contagions, 1) + 1;
	__u32 at = number % CONTAGIONS_MAX;
	struct contagion *to = bpf_map_lookup_elem(&contagions, &at);

	if (!to)
		return;
	to->number = 0;
	barrier();
	to->what = *what;
	to->from = from;
	to->deaths = deaths;
	to->route = d->route;
	to->cause = d->cause;
	__builtin_memcpy(to->detail, detail, ANTIGEN_DETAIL);
	barrier();
	to->number = number;
}

/* A death of this host. More of them than make a request deadly are no news. */
static __always_inline void contagion_tell(const struct pathogen_deaths *d, const char *detail)
{
	struct gamete_search s = { .m = { .kind = MSG_CONTAGION, .time_ns = d->now } };
	struct link_state *l = link_get();
	struct contagion_key what = { .fingerprint = d->fingerprint, .host = l ? l->self : 0 };
	__u32 *heard = l ? bpf_map_lookup_elem(&contagion_heard, &what) : NULL, deaths = heard ? *heard + 1 : 1;

	if (!l || deaths > PATHOGEN_DEADLY)
		return;
	bpf_map_update_elem(&contagion_heard, &what, &deaths, BPF_ANY);
	contagion_put(l, &what, 0, deaths, d, detail);
	bpf_loop(CELL_SLOTS_MAX, contagion_wake, &s, 0);
}

#endif
