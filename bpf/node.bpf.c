// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What T cells do besides banning single sources: share out their work, ban whole prefixes, call the alarm, forget. Run by
// cells without privileges; how many were hostile, who behaves well and what is over is for the kernel to see.
#include "lymph.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A T cell takes a post (class) whose holder is dead or was never there. */
SEC("syscall")
int gland_post(struct gland_call *call)
{
	struct cell *c = cell_or_stranger(), *old;
	__u32 post = call->class, holder, *at;

	call->answer = !c ? GLAND_STRANGER : c->class != CLASS_TCELL ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK || !c)
		return 0;
	at = bpf_map_lookup_elem(&posts, &post);
	if (!at) {
		call->answer = GLAND_RANGE;
		return 0;
	}
	holder = *(volatile __u32 *)at;
	old = holder ? cell_at(cell_slot_of_id(holder)) : NULL;
	if (old && old->state == CELL_LIVING && old->id == holder)
		call->answer = GLAND_OWNED;
	else if (__sync_val_compare_and_swap(at, holder, c->id) != holder)
		call->answer = GLAND_STALE;
	call->slot = c->slot;
	call->id = c->id;
	return 0;
}

/* The helper is not needed any more: without its post it is one too many, and ends. */
SEC("syscall")
int gland_resign(struct gland_call *call)
{
	const struct constitution *k = constitution_get();
	struct census *n = census_of(CLASS_TCELL);
	struct cell *c = cell_or_stranger();
	__u32 post = POST_HELPER, *at = bpf_map_lookup_elem(&posts, &post);

	call->answer = !c || !k || !n || !at ? GLAND_STRANGER : c->class != CLASS_TCELL || *at != c->id ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK || !k || !n || !at || !c)
		return 0;
	__sync_val_compare_and_swap(&n->min, k->tcells + 1, k->tcells);
	__sync_val_compare_and_swap(at, c->id, 0);
	return 0;
}

/* Widths that one family may be banned in, as the DNA bounds them. */
static __always_inline bool widen_is_legal(const struct constitution *k, const struct source *s)
{
	const struct link_state *l = link_get();

	/* Who is cut off from most of the family protects itself, but judges no crowds. */
	if (!k->widen || (l && l->minority))
		return false;
	if (s->family == 4)
		return (s->bits == 24 || s->bits == 16) && s->bits >= k->widest_v4;
	return s->family == 6 && (s->bits == 56 || s->bits == 48) && s->bits >= k->widest_v6;
}

static __always_inline bool widen_is_allowed(const struct source *s)
{
	struct prefix_v4 v4 = { .bits = s->bits, .addr = (__u32)s->key };
	struct prefix_v6 v6 = { .bits = s->bits };

	if (s->family == 4)
		return bpf_map_lookup_elem(&allow_v4, &v4);
	__builtin_memcpy(v6.addr, &s->key, sizeof(s->key));
	return bpf_map_lookup_elem(&allow_v6, &v6);
}

static __always_inline struct antibody *widen_find(const struct source *s)
{
	struct prefix_v4 v4 = { .bits = s->bits, .addr = (__u32)s->key };
	struct prefix_v6 v6 = { .bits = s->bits };

	if (s->family == 4)
		return bpf_map_lookup_elem(&prefix_v4, &v4);
	__builtin_memcpy(v6.addr, &s->key, sizeof(s->key));
	return bpf_map_lookup_elem(&prefix_v6, &v6);
}

/* The same prefix, or a wider one around it, is banned already. */
static __always_inline bool widen_holds(const struct source *s, __u64 now)
{
	const struct antibody *a = widen_find(s);

	return a && (!a->expires_ns || a->expires_ns > now);
}

static __always_inline __u32 widen_write(const struct source *s, __u32 ttl_s, __u64 now)
{
	struct antibody new = { .expires_ns = now + ttl_s * SECOND_NS, .since_ns = now, .reason = ANTIBODY_BY_EVIDENCE, .bits = s->bits };
	struct prefix_v4 v4 = { .bits = s->bits, .addr = (__u32)s->key };
	struct prefix_v6 v6 = { .bits = s->bits };
	long error;

	__builtin_memcpy(v6.addr, &s->key, sizeof(s->key));
	error = s->family == 4 ? bpf_map_update_elem(&prefix_v4, &v4, &new, BPF_ANY) :
				 bpf_map_update_elem(&prefix_v6, &v6, &new, BPF_ANY);
	return error ? INCIDENT_FULL : INCIDENT_WIDENED;
}

static __always_inline __u32 widen_check(const struct cell *c, const struct constitution *k, const struct incident *what)
{
	if (c->class != CLASS_TCELL)
		return GLAND_CLASS;
	if (!widen_is_legal(k, &what->source))
		return GLAND_RANGE;
	if (what->count < k->widen)
		return GLAND_UNPROVEN;
	return widen_holds(&what->source, what->time_ns) ? GLAND_TWICE : GLAND_OK;
}

static __always_inline __u32 widen_judge(const struct constitution *k, struct lymph *count, const struct incident *what, bool spared)
{
	if (spared)
		return INCIDENT_NARROW;
	if (k->observe)
		return INCIDENT_OBSERVED;
	if (!ban_is_within_budget(count, k->bans_per_minute, what->time_ns))
		return INCIDENT_HELD_BACK;
	return widen_write(&what->source, what->ttl_s, what->time_ns);
}

static __always_inline __u32 widen_answer(__u32 act)
{
	switch (act) {
	case INCIDENT_WIDENED:
		return GLAND_OK;
	case INCIDENT_NARROW:
		return GLAND_SPARED;
	case INCIDENT_OBSERVED:
		return GLAND_OBSERVED;
	case INCIDENT_HELD_BACK:
		return GLAND_RATE;
	default:
		return GLAND_FULL;
	}
}

/*
 * Bans a prefix that many hostile sources were banned of, and none that behaves well. Not a "syscall" program, because
 * those may not use tries: this one is run with numbers and returns numbers (enum widen_argument).
 */
SEC("raw_tp")
int gland_widen(struct bpf_raw_tracepoint_args *ctx)
{
	struct incident what = { .time_ns = bpf_ktime_get_boot_ns() };
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger();
	struct lymph *count = lymph_get();
	struct neighbourhood *n;
	__u32 answer;
	bool told;

	if (!c || !k || !count)
		return GLAND_STRANGER;
	what.source.key = ctx->args[WIDEN_KEY];
	what.source.family = ctx->args[WIDEN_FAMILY];
	what.source.bits = ctx->args[WIDEN_BITS];
	n = bpf_map_lookup_elem(&neighbourhoods, &what.source);
	if (n)
		neighbourhood_turn(n, what.time_ns);
	what.count = n ? neighbourhood_hostile(n) : 0;
	answer = widen_check(c, k, &what);
	if (answer != GLAND_OK || !n)
		return answer;
	what.offence = offender_next(&what.source);
	what.ttl_s = ban_seconds(k->ban_s, k->ban_max_s, what.offence);
	what.act = widen_judge(k, count, &what,
		ctx->args[WIDEN_SPARED] || neighbourhood_has_good(n) || widen_is_allowed(&what.source));
	what.cell = c->id;
	told = incident_is_told(&n->told_s, what.act == INCIDENT_WIDENED, what.time_ns);
	if (told)
		incident_write(count, &what);
	if (what.act != INCIDENT_WIDENED)
		return widen_answer(what.act) | (told ? WIDEN_TOLD : 0);
	offender_note(&what.source, what.offence, what.time_ns);
	happened_to(&what.source, HAPPENED_WIDEN, c, what.count, what.ttl_s, what.offence);
	return GLAND_OK | neighbour_is_bad(&what.source, what.time_ns) << 8;
}

#define ALARMS_PER_S 1u /* each is an event: they must not push out all others */

/* The judge calls the alarm, or calls it off; and shows what it has learned of quiet times, for the memory. */
SEC("syscall")
int gland_alarm(struct alarm_call *call)
{
	struct cell *c = cell_or_stranger();
	struct lymph *state = lymph_get();

	call->answer = !c || !state ? GLAND_STRANGER : c != post_holder(POST_JUDGE) ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK || !c || !state)
		return 0;
	if (state->alarm != (call->on != 0) && !allowed(c->slot, ACT_ALARM, ALARMS_PER_S, bpf_ktime_get_boot_ns())) {
		call->answer = refuse(c, GLAND_RATE, 0);
		return 0;
	}
	state->mean_milli = call->mean_milli;
	state->deviation_milli = call->deviation_milli;
	state->samples = call->samples;
	if (state->alarm == (call->on != 0))
		return 0;
	state->alarm = call->on != 0;
	happened(call->on ? HAPPENED_ALARM : HAPPENED_CALM, c, call->per_s, call->threshold, 0);
	return 0;
}

struct forgetting {
	__u64 now;
	__u32 gone;
};

static long forget_ban(void *map, const void *key, struct antibody *a, struct forgetting *f)
{
	if (a->expires_ns && a->expires_ns <= f->now && !bpf_map_delete_elem(map, key))
		f->gone++;
	return 0;
}

static long forget_offender(void *map, const void *key, struct offender *o, struct forgetting *f)
{
	if (f->now - o->last_ns > OFFENDER_NS && f->now > o->last_ns && !bpf_map_delete_elem(map, key))
		f->gone++;
	return 0;
}

/* Takes out bans that are over, so that there is room for new ones, and offenders of long ago. call->seen: how many. */
SEC("syscall")
int gland_forget(struct gland_call *call)
{
	struct forgetting f = { .now = bpf_ktime_get_boot_ns() };
	struct cell *c = cell_or_stranger();

	call->answer = !c ? GLAND_STRANGER : c != post_holder(POST_JUDGE) ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK)
		return 0;
	bpf_for_each_map_elem(&antibody_v4, forget_ban, &f, 0);
	bpf_for_each_map_elem(&antibody_v6, forget_ban, &f, 0);
	bpf_for_each_map_elem(&offenders, forget_offender, &f, 0);
	call->seen = f.gone;
	return 0;
}

/* What root did by hand, for people and for the memory; only root has this program. */
SEC("syscall")
int gland_record(struct record_call *call)
{
	struct incident what = { .time_ns = bpf_ktime_get_boot_ns(), .source = call->source, .act = call->act, .ttl_s = call->ttl_s };
	struct lymph *count = lymph_get();

	call->answer = !count ? GLAND_STRANGER : call->act != INCIDENT_BY_HAND && call->act != INCIDENT_LIFTED ? GLAND_RANGE : GLAND_OK;
	if (call->answer != GLAND_OK || !count)
		return 0;
	incident_write(count, &what);
	happened_to(&what.source, call->act == INCIDENT_BY_HAND ? HAPPENED_BAN : HAPPENED_UNBAN, NULL, 0, call->ttl_s, 0);
	return 0;
}
