/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the learning half of the immune system, and what its programs do alike. Defined in lymph, only declared elsewhere. */
#ifndef CELLWS_LYMPH_BPF_H
#define CELLWS_LYMPH_BPF_H

#include "bus.bpf.h"
#include "antibody.bpf.h"
#include "shared/antigen.h"

#ifdef LYMPH_DEFINES
#define LYMPH_MAP
#else
#define LYMPH_MAP extern
#endif

/* Evidence on its way to a T cell. Writers: gland_present, mucosa_screen; reader: the T cell that judges. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ANTIGEN_RING);
} antigens SEC(".maps");

/* Of half of the sources, while there is a helper who reads it. Writers: as above. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ANTIGEN_RING);
} antigens_more SEC(".maps");

/* Incidents on their way into the memory. Writer: incident_write; reader: the T cell that keeps the records. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CHRONICLE_RING);
} chronicle SEC(".maps");

#include "report.bpf.h"
#include "share.bpf.h"

/* What stands against each source. Writers: gland_present, mucosa_screen; told_s: gland_ban. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SUSPECTS_MAX);
	__type(key, struct source);
	__type(value, struct suspect);
} suspects SEC(".maps");

/* How often each source was banned: no crowd of suspects washes it out. Writers: gland_ban, gland_widen, gland_forget; `up`. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, OFFENDERS_MAX);
	__type(key, struct source);
	__type(value, struct offender);
} offenders SEC(".maps");

/* Who lives in each prefix that was looked at. Writers: gland_ban, gland_widen, gland_praise, gland_present. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NEIGHBOURHOODS_MAX);
	__type(key, struct source);
	__type(value, struct neighbourhood);
} neighbourhoods SEC(".maps");

/* What was decided lately, for people. Writer: incident_write. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, INCIDENTS_MAX);
	__type(key, __u32);
	__type(value, struct incident);
} incidents SEC(".maps");

/* Ids of the T cells by enum post. Writer: gland_post. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POST_COUNT);
	__type(key, __u32);
	__type(value, __u32);
} posts SEC(".maps");

/* Counts, key 0. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lymph);
} lymph SEC(".maps");

static __always_inline struct lymph *lymph_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lymph, &zero);
}

/* From the first evidence on, so many T cells are the least there are: stems see the vacancies. */
static __always_inline void lymph_call_tcells(const struct cell *c)
{
	const struct constitution *k = constitution_get();
	struct census *n = census_of(CLASS_TCELL);

	if (k && n && n->max && !n->min && __sync_val_compare_and_swap(&n->min, 0, k->tcells ? k->tcells : 1) == 0)
		family_announce(c, MSG_ANTIGEN, 0);
}

/* Evidence comes faster than it is read: one T cell more, until there is too little for two. */
static __always_inline void lymph_call_helper(const struct cell *c)
{
	const struct constitution *k = constitution_get();
	struct census *n = census_of(CLASS_TCELL);

	if (k && n && k->tcells && n->min == k->tcells && n->max > k->tcells &&
		__sync_val_compare_and_swap(&n->min, k->tcells, k->tcells + 1) == k->tcells)
		family_announce(c, MSG_ANTIGEN, 0);
}

/* The living T cell on a post, or NULL. */
static __always_inline struct cell *post_holder(__u32 post)
{
	__u32 *id = bpf_map_lookup_elem(&posts, &post);

	return id && *id ? cell_of_id(*id) : NULL;
}

/* For people and for the memory. Its number is the last thing that is written. */
static __always_inline void incident_write(struct lymph *count, struct incident *what)
{
	__u64 seq = __sync_fetch_and_add(&count->incidents, 1) + 1;
	__u32 at = seq % INCIDENTS_MAX;
	struct incident *to = bpf_map_lookup_elem(&incidents, &at);
	const struct constitution *k = constitution_get();

	if (!to || !k)
		return;
	what->seq = 0;
	to->seq = 0;
	barrier();
	__builtin_memcpy(to, what, sizeof(*to));
	barrier();
	to->seq = what->seq = seq;
	report_put(what);
	share_incident(what);
	if (k->remember && bpf_ringbuf_output(&chronicle, what, sizeof(*what), BPF_RB_FORCE_WAKEUP))
		__sync_fetch_and_add(&count->unwritten, 1);
}

#define MINUTE_NS 60000000000ull

/* So many at once, and so many each minute on the long run. */
static __always_inline bool ban_is_within_budget(struct lymph *count, __u32 per_minute, __u64 now)
{
	__u64 from = count->bans_ns > now ? count->bans_ns : now;

	if (!per_minute || from - now + MINUTE_NS / per_minute > MINUTE_NS)
		return false;
	count->bans_ns = from + MINUTE_NS / per_minute;
	return true;
}

/* Which ban of this source the next one is. */
static __always_inline __u32 offender_next(const struct source *s)
{
	const struct offender *o = bpf_map_lookup_elem(&offenders, s);

	return o ? o->offences + 1 : 1;
}

static __always_inline void offender_note(const struct source *s, __u32 offences, __u64 now)
{
	struct offender new = { .last_ns = now, .offences = offences };

	bpf_map_update_elem(&offenders, s, &new, BPF_ANY);
}

/* The prefix that a source, or a prefix, lies in: /24 and /16, /56 and /48. False when there is no wider one. */
static __always_inline bool neighbourhood_of(const struct source *s, struct source *to)
{
	__u32 own = s->bits ? s->bits : s->family == 4 ? 32 : 64, bits = own - 8;

	if (s->family == 4 ? bits < 16 : bits < 48)
		return false;
	to->family = s->family;
	to->bits = bits;
	to->key = s->key & ((1ULL << (bits & 63)) - 1);
	return true;
}

/* Which of the 256 parts of that prefix it is: the first byte behind it, as in memory. */
static __always_inline __u32 neighbour_number(const struct source *s, __u32 bits)
{
	return s->key >> (bits & 63) & 0xff;
}

/* Two turns are kept: what is older than one to two of them is forgotten. */
static __always_inline void neighbourhood_turn(struct neighbourhood *n, __u64 now)
{
	__u64 turn = now / NEIGHBOURHOOD_NS, was = n->turn;

	if (was == turn || __sync_val_compare_and_swap(&n->turn, was, turn) != was)
		return;
	for (__u32 i = 0; i < 4; i++) {
		n->bad_before[i] = was + 1 == turn ? n->bad[i] : 0;
		n->good_before[i] = was + 1 == turn ? n->good[i] : 0;
		n->bad[i] = n->good[i] = 0;
	}
}

/* The record of a prefix as it is now; made when it is not there. */
static __always_inline struct neighbourhood *neighbourhood_get(const struct source *prefix, __u64 now)
{
	struct neighbourhood *n = bpf_map_lookup_elem(&neighbourhoods, prefix);

	if (!n) {
		struct neighbourhood fresh = { .turn = now / NEIGHBOURHOOD_NS };

		bpf_map_update_elem(&neighbourhoods, prefix, &fresh, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&neighbourhoods, prefix);
	}
	if (n)
		neighbourhood_turn(n, now);
	return n;
}

/* What was not done is written down now and then only: a source that may do as it likes would push out all else. */
static __always_inline bool incident_is_told(__u32 *told_s, bool done, __u64 now)
{
	__u32 now_s = now / SECOND_NS;

	if (!done && *told_s && now_s - *told_s < TOLD_S)
		return false;
	*told_s = done ? 0 : now_s;
	return true;
}

static __always_inline __u32 bits_set(__u64 x)
{
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return x * 0x0101010101010101ull >> 56;
}

/* Of how many parts of a prefix something hostile came lately. */
static __always_inline __u32 neighbourhood_hostile(const struct neighbourhood *n)
{
	__u32 all = 0;

	for (__u32 i = 0; i < 4; i++)
		all += bits_set(n->bad[i] | n->bad_before[i]);
	return all;
}

/* Whether one behaves well of whom nothing hostile came. */
static __always_inline bool neighbourhood_has_good(const struct neighbourhood *n)
{
	__u64 any = 0;

	for (__u32 i = 0; i < 4; i++)
		any |= (n->good[i] | n->good_before[i]) & ~(n->bad[i] | n->bad_before[i]);
	return any;
}

/* A part of a prefix has been banned. How many parts are hostile now; 0 when there is no wider prefix. */
static __always_inline __u32 neighbour_is_bad(const struct source *s, __u64 now)
{
	struct source prefix = { 0 };
	struct neighbourhood *n;
	__u32 number;

	if (!neighbourhood_of(s, &prefix))
		return 0;
	n = neighbourhood_get(&prefix, now);
	if (!n)
		return 0;
	number = neighbour_number(s, prefix.bits);
	__sync_fetch_and_or(&n->bad[number >> 6 & 3], 1ULL << (number & 63));
	return neighbourhood_hostile(n);
}

/* Evidence against a source: that it behaved well counts no longer. */
static __always_inline void neighbour_is_suspect(const struct source *s)
{
	struct source prefix = { 0 };
	struct neighbourhood *n;
	__u32 number;

	if (!neighbourhood_of(s, &prefix))
		return;
	n = bpf_map_lookup_elem(&neighbourhoods, &prefix);
	number = neighbour_number(s, prefix.bits);
	if (!n)
		return;
	__sync_fetch_and_and(&n->good[number >> 6 & 3], ~(1ULL << (number & 63)));
	__sync_fetch_and_and(&n->good_before[number >> 6 & 3], ~(1ULL << (number & 63)));
}

/* Makes printable text with a NUL at the end of whatever stands there. */
static __always_inline void lymph_printable(char *to)
{
	barrier_var(to); /* or the compiler enters the loop in its middle, and Linux 6.1 takes no such jump */
	for (__u32 i = 0; i < ANTIGEN_DETAIL; i++)
		if (to[i] && (to[i] < ' ' || to[i] > '~'))
			to[i] = '?';
	to[ANTIGEN_DETAIL - 1] = 0;
}

static __always_inline void lymph_print(char *to, const char *from)
{
	__builtin_memcpy(to, from, ANTIGEN_DETAIL);
	lymph_printable(to);
}

static __always_inline void suspect_note(const struct antigen *a)
{
	struct suspect *s = bpf_map_lookup_elem(&suspects, &a->source), fresh = { .first_ns = a->time_ns };

	if (!s) {
		bpf_map_update_elem(&suspects, &a->source, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&suspects, &a->source);
	}
	if (!s)
		return;
	s->last_ns = a->time_ns;
	s->reason = a->reason;
	s->rule = a->rule;
	s->route = a->route;
	__builtin_memcpy(s->detail, a->detail, sizeof(s->detail));
	__sync_fetch_and_add(&s->count, 1);
}

/* The last quarter of a ring is kept for what decides by itself. */
static __always_inline long lymph_put(void *ring, const struct antigen *a, __u64 waiting)
{
	if (antigen_is_weak(a->reason) && waiting > ANTIGEN_RING / 4 * 3)
		return -1;
	return bpf_ringbuf_output(ring, (void *)a, sizeof(*a), BPF_RB_FORCE_WAKEUP);
}

/* To the judge; while there is a helper, what is of every other source to that one. */
static __always_inline long lymph_tell(const struct cell *c, const struct antigen *a)
{
	bool more = (a->source.key * 0x9e3779b97f4a7c15ull >> 63) && post_holder(POST_HELPER);
	__u64 waiting = more ? bpf_ringbuf_query(&antigens_more, BPF_RB_AVAIL_DATA) : bpf_ringbuf_query(&antigens, BPF_RB_AVAIL_DATA);

	if (waiting > ANTIGEN_RING / 2)
		lymph_call_helper(c);
	return more ? lymph_put(&antigens_more, a, waiting) : lymph_put(&antigens, a, waiting);
}

static __always_inline void lymph_take(const struct cell *c, const struct antigen *a, struct lymph *count)
{
	__sync_fetch_and_add(&count->antigens, 1);
	suspect_note(a);
	neighbour_is_suspect(&a->source);
	if (lymph_tell(c, a))
		__sync_fetch_and_add(&count->lost, 1);
	lymph_call_tcells(c);
}

#endif
