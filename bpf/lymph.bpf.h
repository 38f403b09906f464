/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How evidence is taken: counted, noted against its source, put into the ring. Maps defined in lymph, only declared elsewhere. */
#ifndef CELLWS_LYMPH_BPF_H
#define CELLWS_LYMPH_BPF_H

#include "bus.bpf.h"
#include "shared/antigen.h"

#ifdef LYMPH_DEFINES
#define LYMPH_MAP
#else
#define LYMPH_MAP extern
#endif

/* Evidence on its way to a T cell. Writers: gland_present, mucosa_screen; reader: the T cell. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ANTIGEN_RING);
} antigens SEC(".maps");

/* What stands against each source. Writers: gland_present, mucosa_screen; gland_ban its offences. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SUSPECTS_MAX);
	__type(key, struct source);
	__type(value, struct suspect);
} suspects SEC(".maps");

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

/* Makes printable text with a NUL at the end of whatever stands there. */
static __always_inline void lymph_printable(char *to)
{
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

/* From the first evidence on, one T cell is the least there is: a stem sees the vacancy. */
static __always_inline void lymph_call_tcell(const struct cell *c)
{
	struct census *n = census_of(CLASS_TCELL);

	if (n && n->max && !n->min && __sync_val_compare_and_swap(&n->min, 0, 1) == 0)
		family_announce(c, MSG_ANTIGEN, 0);
}

static __always_inline void lymph_take(const struct cell *c, const struct antigen *a, struct lymph *count)
{
	__sync_fetch_and_add(&count->antigens, 1);
	suspect_note(a);
	if (bpf_ringbuf_output(&antigens, (void *)a, sizeof(*a), BPF_RB_FORCE_WAKEUP))
		__sync_fetch_and_add(&count->lost, 1);
	lymph_call_tcell(c);
}

#endif
