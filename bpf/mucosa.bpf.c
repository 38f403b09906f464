// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The mucosa: a filter on every listener, inherited by its connections, that looks for the DNA's signatures in what clients send.
//
// A segment that continues what was looked at is searched from the state in which the one before it ended. One in which a
// signature ends is dropped, and the state stays as it was before it: sent again, it is found again. What was looked at already
// is skipped; what is out of order, or was looked at but not taken by the stack (its checksum was wrong, say), is searched by itself,
// and counts as no evidence: its sender need not have seen our numbers. Looked at are the first MUCOSA_BYTES that a client
// sends after an answer. What gets past all this meets the same automaton in blood, which sees every request whole.
#include "lymph.bpf.h"
#include "antibody.bpf.h"
#include "bounds.bpf.h"
#include "shared/signature.h"
#include "shared/verdict.h"
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What became of every packet; defined in the skin, which counts those that pass. Here: those that are dropped. */
extern struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICT_COUNT);
	__type(key, __u32);
	__type(value, struct immune_stat);
} immune_stats SEC(".maps");

/* The automata, by bank, and their tables; cells map both. `up` sets the size. Writers: `up`, `mutate` of the one that does not count. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SIGNATURE_BANKS);
	__type(key, __u32);
	__type(value, struct signature_head);
} signature_head SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct signature_cells);
} signatures SEC(".maps");

/* Which automaton counts: signature_numbered(). Set before load by `up`; writer from then on: gland_mutate. */
volatile __u32 signature_now SEC(".data.limits") = 0;

/* How far each connection has been followed; `up` sets the size. Key: cookie of the socket. Writer: mucosa_screen. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct flow_scan);
} flow_scans SEC(".maps");

/* Connections on which a signature was found. Key: cookie of the socket. Writer: mucosa_screen. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOW_TAGS_MAX);
	__type(key, __u64);
	__type(value, struct flow_tag);
} flow_tags SEC(".maps");

/*
 * The bytes in hand, and how far they have been looked at: here and not on the stack, where the kernel's verifier would follow
 * every value they can have. Writer: mucosa_screen.
 */
struct window {
	__u32 n;
	__u32 state; /* of the automaton */
	__u32 hit;   /* byte that ended a signature, from 1 on; 0: none */
	__u32 bank;  /* of the automaton, the same for the whole segment */
	__u8 byte[MUCOSA_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window);
} mucosa_window SEC(".maps");

#define PASS 0xffffffffu /* bytes of the segment that stay: all */
#define DROP 0u

struct segment {
	__u32 seq;
	__u32 head;  /* bytes of the TCP header */
	__u32 bytes; /* of data, at least 1 */
	__u32 from;  /* first byte of data to look at */
	__u32 n;     /* how many; at most MUCOSA_BYTES */
	bool proven; /* its numbers are those that only who hears us can know */
};

#define FLAGS_AT  13 /* in the TCP header */
#define FLAG_SYN  0x02
#define FLAG_RST  0x04
#define FLAG_ACK  0x10
#define HEAD_LEAST 20u
#define FAMILY_V4  2

static __always_inline __s32 ahead(__u32 a, __u32 b)
{
	return (__s32)(a - b);
}

/* Connections that are open both ways: what comes after our own end is thrown away by blood. */
static __always_inline struct tcp_sock *mucosa_connection(struct __sk_buff *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct tcp_sock *tp = sk ? bpf_skc_to_tcp_sock(sk) : NULL;

	return tp && tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == TCP_ESTABLISHED ? tp : NULL;
}

/* Whether it acknowledges what we may have sent (RFC 5961, section 5.2). */
static __always_inline bool ack_is_possible(const struct tcp_sock *tp, __u32 ack)
{
	return ahead(ack, tp->snd_nxt) <= 0 && ahead(ack, tp->snd_una - tp->max_window) >= 0;
}

/* False for segments without data, and for those that the stack will not take. */
static __always_inline bool segment_read(struct __sk_buff *ctx, struct segment *s)
{
	struct tcphdr th;
	struct tcp_sock *tp;
	__u8 flags;

	if (ctx->len <= HEAD_LEAST || bpf_skb_load_bytes(ctx, 0, &th, sizeof(th)))
		return false;
	s->head = th.doff * 4u;
	if (s->head < HEAD_LEAST || s->head >= ctx->len)
		return false;
	flags = ((__u8 *)&th)[FLAGS_AT];
	tp = mucosa_connection(ctx);
	if (!tp || (flags & (FLAG_SYN | FLAG_RST | FLAG_ACK)) != FLAG_ACK || !ack_is_possible(tp, bpf_ntohl(th.ack_seq)))
		return false;
	s->seq = bpf_ntohl(th.seq);
	s->bytes = ctx->len - s->head;
	return true;
}

/* What is to be looked at of a segment, and from which state. s->n is 0 when nothing is. */
static __always_inline __u32 segment_place(const struct tcp_sock *tp, struct flow_scan *f, struct segment *s)
{
	__u32 end = s->seq + s->bytes, left;

	if (ahead(s->seq, f->next) > 0 && ahead(tp->rcv_nxt, s->seq) >= 0) {
		/* The stack has all before it, which was not seen in order here. */
		f->next = s->seq;
		f->state = 0;
	}
	s->proven = ahead(s->seq, f->next) <= 0 && ahead(end, f->next) > 0;
	if (!s->proven) {
		s->from = 0;
		s->n = ahead(end, tp->rcv_nxt) <= 0 ? 0 : s->bytes;
		return 0;
	}
	if (f->written != tp->write_seq) {
		f->written = tp->write_seq;
		f->seen = 0;
	}
	left = f->seen < MUCOSA_BYTES ? MUCOSA_BYTES - f->seen : 0;
	s->from = f->next - s->seq;
	s->n = s->bytes - s->from < left ? s->bytes - s->from : left;
	return f->state;
}

/* A segment without a signature, or one that is only observed, is behind us. */
static __always_inline void segment_pass(struct flow_scan *f, const struct segment *s, __u32 state)
{
	if (!s->proven)
		return;
	f->state = s->from + s->n == s->bytes ? state : 0;
	f->seen += s->n;
	f->next = s->seq + s->bytes;
}

#define BLOCK 64u /* bytes that are looked at in one turn */

static __always_inline struct window *window(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&mucosa_window, &zero);
}

static __always_inline struct signature_head *automaton(const struct window *w)
{
	__u32 bank = w->bank;

	return bpf_map_lookup_elem(&signature_head, &bank);
}

/*
 * A cell of the table; 0, the beginning, for one that is not there. Not static: the kernel verifies it once, by itself, instead
 * of once for every way through the loop that calls it.
 */
__noinline __u32 automaton_cell(__u32 at)
{
	__u32 key = at / 4;
	struct signature_cells *four = bpf_map_lookup_elem(&signatures, &key);

	return four ? four->cell[at % 4] : 0;
}

static long walk_block(__u32 block, void *ctx)
{
	struct window *w = window();
	const struct signature_head *h = w ? automaton(w) : NULL;
	__u32 from = block * BLOCK, n, s;

	if (!h || !w || from >= MUCOSA_BYTES)
		return 1;
	n = w->n - from;
	s = w->state;
	for (__u32 i = 0; i < BLOCK && i < n; i++) {
		__u32 class = h->class_of[w->byte[from + i]];

		if (!s && class < h->start_from)
			continue;
		s = automaton_cell(h->at + s * h->classes + class);
		if (s >= h->hit_from) {
			w->hit = from + i + 1;
			break;
		}
	}
	w->state = s;
	return w->hit != 0;
}

/*
 * Looks at n bytes of the segment, from a state on: where it ends, and in the upper half the byte that ended a signature,
 * counted from 1 on; 0 when none did. Not static, for the same reason.
 */
__noinline __u64 mucosa_walk(struct __sk_buff *ctx, __u32 from, __u32 n, __u32 state)
{
	struct window *w = window();

	if (!n || !w)
		return state;
	if (n > MUCOSA_BYTES)
		n = MUCOSA_BYTES;
	if (bpf_skb_load_bytes(ctx, from, w->byte, bounded_size(n, MUCOSA_BYTES)))
		return state;
	w->n = n;
	w->state = state;
	w->hit = 0;
	bpf_loop((n + BLOCK - 1) / BLOCK, walk_block, NULL, 0);
	return (__u64)w->hit << 32 | w->state;
}

/* Which signature ends in a state. */
static __always_inline __u32 automaton_found(__u32 state)
{
	const struct window *w = window();
	const struct signature_head *h = w ? automaton(w) : NULL;

	return h ? automaton_cell(h->at + h->states * h->classes + state - h->hit_from) : ANTIGEN_NO_RULE;
}

/* The end of what was looked at, up to the signature, as far as there is room. */
static __always_inline void segment_print(struct __sk_buff *ctx, const struct segment *s, __u32 end, char *to)
{
	__u32 n = end < ANTIGEN_DETAIL ? end : ANTIGEN_DETAIL - 1;

	if (n)
		bpf_skb_load_bytes(ctx, s->head + s->from + end - n, to, bounded_size(n, ANTIGEN_DETAIL));
	lymph_printable(to);
}

/* Those on the never-ban list may speak for many: of theirs blood refuses the request alone. */
static __always_inline bool peer_is_allowed(const struct tcp_sock *tp)
{
	const struct sock_common *sk = &tp->inet_conn.icsk_inet.sk.__sk_common;
	struct prefix_v4 v4 = { .bits = 32, .addr = sk->skc_daddr };
	struct prefix_v6 v6 = { .bits = 128 };

	if (sk->skc_family == FAMILY_V4)
		return bpf_map_lookup_elem(&allow_v4, &v4);
	for (int i = 0; i < 4; i++)
		v6.addr[i] = sk->skc_v6_daddr.in6_u.u6_addr32[i];
	return bpf_map_lookup_elem(&allow_v6, &v6);
}

/* The cell that serves the connection: TCP_KEEPCNT, as `up` has set it, is its vessel's number and one. */
static __always_inline struct cell *mucosa_blood(const struct tcp_sock *tp)
{
	__u32 vessel = tp->keepalive_probes - 1;
	struct vessel_owner *v = bpf_map_lookup_elem(&vessels, &vessel);
	struct cell *c = v ? cell_of_id(v->owner) : NULL;

	return c && c->class == CLASS_BLOOD ? c : NULL;
}

/* Wakes the cell that serves the connection, as long as its inbox keeps room for what others have to say. */
static __always_inline void blood_tell(const struct cell *c, __u64 cookie, __u64 now)
{
	struct message m = { .kind = MSG_TAGGED, .slot = c->slot, .id = c->id, .class = c->class, .time_ns = now, .molecule = cookie,
		.from = CELL_NOBODY };
	void *ring = inbox_of(c->slot);

	if (ring && bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < INBOX_BYTES / 4)
		bpf_ringbuf_output(ring, &m, sizeof(m), BPF_RB_FORCE_WAKEUP);
}

/* Who is at the other end, as the connection's own record says. */
static __always_inline void flow_peer(const struct tcp_sock *tp, struct flow_tag *t, struct source *from)
{
	const struct sock_common *sk = &tp->inet_conn.icsk_inet.sk.__sk_common;

	t->family = sk->skc_family == FAMILY_V4 ? 4 : 6;
	t->client_port = bpf_ntohs(sk->skc_dport);
	t->own_port = sk->skc_num;
	from->family = t->family;
	if (t->family == 4) {
		t->client[0] = sk->skc_daddr;
		from->key = t->client[0];
		return;
	}
	for (int i = 0; i < 4; i++)
		t->client[i] = sk->skc_v6_daddr.in6_u.u6_addr32[i];
	__builtin_memcpy(&from->key, t->client, sizeof(from->key));
}

/* Tags the connection. Whether it was not before, or the tag could not be kept. */
static __always_inline bool flow_mark(__u64 cookie, const struct flow_tag *new)
{
	struct flow_tag *old = bpf_map_lookup_elem(&flow_tags, &cookie);

	if (!old) {
		bpf_map_update_elem(&flow_tags, &cookie, new, BPF_ANY);
		return true;
	}
	old->last_ns = new->last_ns;
	__sync_fetch_and_add(&old->segments, 1);
	return false;
}

/* Tag, evidence and a word to blood. The evidence is the attack, not how often its sender's stack repeats it. */
static __always_inline void mucosa_accuse(struct __sk_buff *ctx, const struct tcp_sock *tp, const struct segment *s,
	__u64 walked, bool observe)
{
	__u64 now = bpf_ktime_get_boot_ns(), cookie = bpf_get_socket_cookie(ctx);
	struct flow_tag tag = { .first_ns = now, .last_ns = now, .reason = ANTIGEN_SIGNATURE, .signature = automaton_found((__u32)walked),
		.segments = 1, .observed = observe };
	struct antigen a = { .time_ns = now, .reason = ANTIGEN_SIGNATURE, .rule = tag.signature, .route = ANTIGEN_NO_RULE };
	struct cell *c = mucosa_blood(tp), *about = c ? c : cell_at(0);
	struct lymph *count = lymph_get();

	flow_peer(tp, &tag, &a.source);
	if (c && !observe)
		blood_tell(c, cookie, now);
	if (!flow_mark(cookie, &tag) || !count || !about)
		return;
	a.cell = about->id;
	segment_print(ctx, s, walked >> 32, a.detail);
	lymph_take(about, &a, count);
}

static __always_inline void mucosa_count(struct __sk_buff *ctx, bool observe)
{
	__u32 verdict = observe ? VERDICT_PASS_OBSERVED : VERDICT_DROP_SIGNATURE;
	struct immune_stat *stat = bpf_map_lookup_elem(&immune_stats, &verdict);

	if (!stat)
		return;
	stat->packets++;
	stat->bytes += ctx->len;
}

/* Takes the automaton that counts. Whether the connection was followed by the same one so far. */
static __always_inline bool window_open(struct flow_scan *f)
{
	__u32 now = signature_now, of = f->of;
	struct window *w = window();

	if (w)
		w->bank = signature_bank_of(now);
	f->of = now;
	return of == now;
}

/* One that two processors have in hand at once is passed unseen: f->busy has one owner. */
static __always_inline __u32 mucosa_judge(struct __sk_buff *ctx, struct tcp_sock *tp, struct flow_scan *f, struct segment *s)
{
	const struct constitution *k = constitution_get();
	bool observe = k && k->observe;
	__u32 state = segment_place(tp, f, s);
	__u64 walked;

	if (!window_open(f))
		state = 0;
	walked = mucosa_walk(ctx, s->head + s->from, s->n, state);

	if (!(walked >> 32) || peer_is_allowed(tp)) {
		segment_pass(f, s, walked >> 32 ? 0 : (__u32)walked);
		return PASS;
	}
	if (s->proven)
		mucosa_accuse(ctx, tp, s, walked, observe);
	mucosa_count(ctx, observe);
	if (observe)
		segment_pass(f, s, 0);
	return observe ? PASS : DROP;
}

static __always_inline struct flow_scan *flow_follow(const struct tcp_sock *tp, __u64 cookie)
{
	struct flow_scan fresh = { .next = tp->rcv_nxt, .written = tp->write_seq, .of = signature_now };
	struct flow_scan *f = bpf_map_lookup_elem(&flow_scans, &cookie);

	if (f)
		return f;
	bpf_map_update_elem(&flow_scans, &cookie, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&flow_scans, &cookie);
}

SEC("socket")
int mucosa_screen(struct __sk_buff *ctx)
{
	struct segment s = { 0 };
	struct flow_scan *f;
	struct tcp_sock *tp;
	__u32 verdict;

	if (!segment_read(ctx, &s))
		return PASS;
	tp = mucosa_connection(ctx);
	f = tp ? flow_follow(tp, bpf_get_socket_cookie(ctx)) : NULL;
	if (!f || __sync_lock_test_and_set(&f->busy, 1))
		return PASS;
	verdict = mucosa_judge(ctx, tp, f, &s);
	__sync_lock_test_and_set(&f->busy, 0);
	return verdict;
}
