/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the bus and what all its programs do: events for people, allowances, delivery. Defined in lineage. */
#ifndef CELLWS_BUS_BPF_H
#define CELLWS_BUS_BPF_H

#include "family.bpf.h"
#include "shared/foreign.h"
#include "shared/hormone.h"
#include "shared/receptor.h"

/* The rules, key 0. Writer: `up`; `cellctl immune` switches observe. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct constitution);
} constitution SEC(".maps");

/* What each cell has heard. Writer: gland_relay, in the cell's own call. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct receptors);
} receptors SEC(".maps");

/* Signals received lately. Writers: gland_secrete, gland_relay, gland_inject. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct molecules);
} molecules SEC(".maps");

/* Votes against each cell. Writer: gland_vote; gland_divide empties a slot's with the licence. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct ballot);
} ballots SEC(".maps");

/* Each cell's own measure of itself. Writer: gland_pulse. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct pulse);
} pulses SEC(".maps");

/* Questions for the key and answers. Writers: gland_prompt, gland_prove. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct proof);
} proofs SEC(".maps");

enum act {
	ACT_SECRETE,
	ACT_RELAY,
	ACT_VOTE,
	ACT_PULSE,
	ACT_PROMPT,
	ACT_ALARM,
	ACT_CARRY,
	ACT_REFUSED, /* entries in the events: a cell that is refused all the time must not push out everything else */
	ACT_COUNT
};

/* When a cell may act again: the time its allowance is used up to, by kind of act. Writer: the cell's own calls. */
struct quota {
	__u64 used_ns[ACT_COUNT];
};

FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct quota);
} allowances SEC(".maps");

/* The last events, for people. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, EVENTS_MAX);
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

/* What strangers have tried. Writers: cuticle and gland programs, by atomic addition. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct foreign);
} foreign SEC(".maps");

struct serials {
	__u64 event;
	__u64 molecule;
	__u64 strangers_ns; /* allowance of all strangers together */
};

/* Last numbers given out, key 0. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct serials);
} serials SEC(".maps");

static __always_inline struct serials *serials_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&serials, &zero);
}

static __always_inline const struct constitution *constitution_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&constitution, &zero);
}

/* Writes an event about a cell (NULL: about none) and a source. seq last, so that a reader sees whole records only. */
static __always_inline void happened_to(const struct source *source, __u32 kind, const struct cell *about, __u32 a, __u32 b,
	__u32 c)
{
	struct serials *s = serials_get();
	struct event *e;
	__u64 seq;
	__u32 at;

	if (!s)
		return;
	seq = __sync_fetch_and_add(&s->event, 1) + 1;
	at = seq % EVENTS_MAX;
	e = bpf_map_lookup_elem(&events, &at);
	if (!e)
		return;
	e->seq = 0;
	barrier();
	e->time_ns = bpf_ktime_get_boot_ns();
	e->kind = kind;
	e->slot = about ? about->slot : CELL_NOBODY;
	e->id = about ? about->id : 0;
	e->class = about ? about->class : CLASS_NONE;
	e->a = a;
	e->b = b;
	e->c = c;
	e->source.key = source ? source->key : 0;
	e->source.family = source ? source->family : 0;
	e->source.bits = source ? source->bits : 0;
	e->source.via = source ? source->via : 0;
	barrier();
	e->seq = seq;
}

static __always_inline void happened(__u32 kind, const struct cell *about, __u32 a, __u32 b, __u32 c)
{
	happened_to(NULL, kind, about, a, b, c);
}

#define SECOND_NS   1000000000ull
#define BURST       16u /* acts at once, before the rate counts */
#define REFUSED_PER_S 5u

/* One act at most each 1/rate second on the long run, BURST at once (the generic cell rate algorithm). */
static __always_inline bool allowed_at(__u64 *used_ns, __u32 rate, __u64 now)
{
	__u64 period = SECOND_NS / (rate ? rate : 1), from = *used_ns > now ? *used_ns : now;

	if (from - now > BURST * period)
		return false;
	*used_ns = from + period;
	return true;
}

static __always_inline bool allowed(__u32 slot, enum act act, __u32 rate, __u64 now)
{
	struct quota *a = bpf_map_lookup_elem(&allowances, &slot);

	return a && act < ACT_COUNT && allowed_at(&a->used_ns[act], rate, now);
}

/* Gives a refusal as the answer, and tells of it, within bounds. */
static __always_inline __u32 refuse(const struct cell *c, __u32 answer, __u32 hormone)
{
	if (allowed(c->slot, ACT_REFUSED, REFUSED_PER_S, bpf_ktime_get_boot_ns()))
		happened(HAPPENED_REFUSE, c, answer, hormone, 0);
	return answer;
}

/* Somebody who is no cell. what: 1 called the gland, 2 wanted our address, 3 was a cell until it called exec. */
static __always_inline void stranger_seen(__u32 pid, __u32 what)
{
	struct serials *s = serials_get();

	if (s && allowed_at(&s->strangers_ns, REFUSED_PER_S, bpf_ktime_get_boot_ns()))
		happened(HAPPENED_STRANGER, NULL, pid, what, 0);
}

/* The cell that calls; a stranger's call is noted. */
static __always_inline struct cell *cell_or_stranger(void)
{
	struct cell *c = cell_calling();
	__u32 zero = 0;
	struct foreign *f;

	if (c)
		return c;
	f = bpf_map_lookup_elem(&foreign, &zero);
	if (f)
		__sync_fetch_and_add(&f->foreign_gland_calls, 1);
	stranger_seen(bpf_get_current_pid_tgid() >> 32, 1);
	return NULL;
}

/* Those who have a vote: cells that have become what they are. */
static __always_inline bool is_adult(const struct cell *c)
{
	return c->class == CLASS_NEURON || c->class == CLASS_BLOOD || c->class == CLASS_DRONE || c->class == CLASS_TCELL;
}

/* The living cell of that id, or NULL. */
static __always_inline struct cell *cell_of_id(__u32 id)
{
	struct cell *c = cell_at(cell_slot_of_id(id));

	return c && c->id == id && c->state == CELL_LIVING ? c : NULL;
}

#endif
