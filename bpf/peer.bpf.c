// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the gamete does for other hosts: writes down who is linked, and takes over bans that they have decided; what may be banned
// here, how much of it and how widely is for the kernel to see.
#include "lymph.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline bool link_speaks(const struct cell *c)
{
	return c && c->class == CLASS_GAMETE;
}

/* Writes down what is known of another host. */
SEC("syscall")
int gland_host(struct host_call *call)
{
	struct cell *c = cell_or_stranger();
	struct link_state *l = link_get();
	__u32 index = call->index;
	struct host *h;

	call->answer = !c || !l ? GLAND_STRANGER : !link_speaks(c) ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK || !l)
		return 0;
	l->family = call->family;
	l->minority = call->minority;
	h = bpf_map_lookup_elem(&hosts, &index);
	if (!h)
		return 0;
	__builtin_memcpy(h, &call->host, sizeof(*h));
	h->address[HOST_ADDRESS - 1] = 0;
	h->dna_sha256[sizeof(h->dna_sha256) - 1] = 0;
	return 0;
}

/* Only what a ban here could be: a source, or a prefix that is no wider than the DNA lets T cells ban. */
static __always_inline bool learn_is_legal(const struct constitution *k, const struct source *s)
{
	if (s->family == 4)
		return !(s->key >> 32) && (!s->bits || (s->bits >= k->widest_v4 && s->bits < 32));
	return s->family == 6 && (!s->bits || (s->bits >= k->widest_v6 && s->bits < 64));
}

static __always_inline bool learn_is_allowed(const struct source *s)
{
	struct prefix_v4 v4 = { .bits = s->bits ? s->bits : 32, .addr = (__u32)s->key };
	struct prefix_v6 v6 = { .bits = s->bits ? s->bits : 64 };

	if (s->family == 4)
		return bpf_map_lookup_elem(&allow_v4, &v4);
	__builtin_memcpy(v6.addr, &s->key, sizeof(s->key));
	return bpf_map_lookup_elem(&allow_v6, &v6);
}

/* Writes a ban, or takes it out when there is none to write. */
static __always_inline long learn_put(const struct source *s, const struct antibody *a)
{
	struct prefix_v4 v4 = { .bits = s->bits, .addr = (__u32)s->key };
	struct prefix_v6 v6 = { .bits = s->bits };

	__builtin_memcpy(v6.addr, &s->key, sizeof(s->key));
	if (s->bits && s->family == 4)
		return a ? bpf_map_update_elem(&prefix_v4, &v4, a, BPF_ANY) : bpf_map_delete_elem(&prefix_v4, &v4);
	if (s->bits)
		return a ? bpf_map_update_elem(&prefix_v6, &v6, a, BPF_ANY) : bpf_map_delete_elem(&prefix_v6, &v6);
	if (s->family == 4)
		return a ? bpf_map_update_elem(&antibody_v4, &v4.addr, a, BPF_ANY) : bpf_map_delete_elem(&antibody_v4, &v4.addr);
	return a ? bpf_map_update_elem(&antibody_v6, &s->key, a, BPF_ANY) : bpf_map_delete_elem(&antibody_v6, &s->key);
}

/* What stands here is as new, or newer. */
static __always_inline bool learn_is_old(const struct source *s, __u64 stamp, __u64 origin)
{
	const struct tiding *t = bpf_map_lookup_elem(&shared, s);

	return t && !tiding_is_older(t, stamp, origin);
}

static __always_inline __u32 learn_judge(const struct constitution *k, struct lymph *count, const struct source *s, __u64 now)
{
	if (learn_is_allowed(s))
		return GLAND_SPARED;
	if (k->observe)
		return GLAND_OBSERVED;
	return ban_is_within_budget(count, k->bans_per_minute, now) ? GLAND_OK : GLAND_RATE;
}

static __always_inline __u32 learn_ban(const struct source *s, __u64 left_ms, __u64 now)
{
	struct antibody new = { .expires_ns = left_ms ? now + left_ms * 1000000ull : 0, .since_ns = now, .reason = ANTIBODY_BY_PEER };

	new.bits = s->bits ? s->bits : s->family == 4 ? 32 : 64;
	return learn_put(s, &new) ? GLAND_FULL : GLAND_OK;
}

static __always_inline void learn_note(struct link_state *l, const struct source *s, struct bpf_raw_tracepoint_args *ctx, __u64 now)
{
	struct tiding *t = share_entry(s);
	__u64 left_ms = ctx->args[LEARN_LEFT_MS];

	if (!t)
		return;
	t->source = *s;
	t->origin = ctx->args[LEARN_ORIGIN];
	t->stamp = ctx->args[LEARN_STAMP];
	t->from = ctx->args[LEARN_FROM];
	t->expires_ns = left_ms ? now + left_ms * 1000000ull : 0;
	t->lifted = ctx->args[LEARN_KIND] >> 16 & 1;
	t->reason = ctx->args[LEARN_KIND] & 0xffff;
	for (__u32 i = 0; i < TIDING_DETAIL / 8; i++)
		((__u64 *)t->detail)[i] = ctx->args[LEARN_DETAIL + i];
	t->detail[TIDING_DETAIL - 1] = 0;
	/* The next word that is decided here is newer than all that was heard; only the gamete raises it, others count on. */
	if (l->stamp < t->stamp)
		l->stamp = t->stamp;
	share_tell(l, t);
}

static __always_inline void learn_write_down(const struct cell *c, const struct source *s, struct bpf_raw_tracepoint_args *ctx,
	__u64 now)
{
	struct incident what = { .time_ns = now, .source = *s, .cell = c->id };
	struct lymph *count = lymph_get();

	what.act = ctx->args[LEARN_KIND] >> 16 & 1 ? INCIDENT_UNLEARNED : INCIDENT_LEARNED;
	what.reason = ctx->args[LEARN_KIND] & 0xffff;
	what.host = ctx->args[LEARN_ORIGIN];
	what.ttl_s = (ctx->args[LEARN_LEFT_MS] + 999) / 1000;
	for (__u32 i = 0; i < TIDING_DETAIL / 8; i++)
		((__u64 *)what.detail)[i] = ctx->args[LEARN_DETAIL + i];
	lymph_printable(what.detail);
	if (count)
		incident_write(count, &what);
	happened_to(s, what.act == INCIDENT_LEARNED ? HAPPENED_BAN : HAPPENED_UNBAN, c, what.reason, what.ttl_s, 0);
}

/*
 * Takes over what another host has decided (enum learn_argument), once: what is known already, or older than what is known, changes
 * nothing. The answer is returned.
 */
SEC("raw_tp")
int gland_learn(struct bpf_raw_tracepoint_args *ctx)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger();
	struct link_state *l = link_get();
	struct lymph *count = lymph_get();
	struct source s = { .key = ctx->args[LEARN_KEY], .family = ctx->args[LEARN_FAMILY_BITS] >> 16 & 0xff,
		.bits = ctx->args[LEARN_FAMILY_BITS] & 0xff };
	__u64 now = bpf_ktime_get_boot_ns();
	bool lifted = ctx->args[LEARN_KIND] >> 16 & 1;
	__u32 answer;

	if (!c || !k || !l || !count)
		return GLAND_STRANGER;
	if (!link_speaks(c))
		return GLAND_CLASS;
	if (!learn_is_legal(k, &s) || ctx->args[LEARN_ORIGIN] == l->self || !ctx->args[LEARN_STAMP] || ctx->args[LEARN_STAMP] >> 62)
		return GLAND_RANGE;
	if (learn_is_old(&s, ctx->args[LEARN_STAMP], ctx->args[LEARN_ORIGIN]))
		return GLAND_TWICE;
	answer = lifted ? GLAND_OK : learn_judge(k, count, &s, now);
	if (answer == GLAND_OK && lifted)
		learn_put(&s, NULL);
	else if (answer == GLAND_OK)
		answer = learn_ban(&s, ctx->args[LEARN_LEFT_MS], now);
	/* What is not done here is passed on all the same; what found no room now may come again. */
	if (answer == GLAND_RATE || answer == GLAND_FULL)
		return answer;
	learn_note(l, &s, ctx, now);
	if (answer == GLAND_OK)
		learn_write_down(c, &s, ctx, now);
	return answer;
}
