/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYN cookies: the skin answers SYNs of a flood itself, and asks what belongs to no connection for a cookie. */
#ifndef CELLWS_COOKIE_BPF_H
#define CELLWS_COOKIE_BPF_H

#include "bounds.bpf.h"
#include "flood.bpf.h"

/*
 * The cookie is the kernel's own, so the stack makes the connection when the ACK comes. It does so only while the half-open
 * connections of a listener have overflowed lately; until then the skin leaves SYNs to it, so that ordinary handshakes go on
 * for as long as there is room. One SYN in COOKIE_TRICKLE goes to the stack all the time, which keeps it full.
 *
 * Window scale, selective ACKs and timestamps outlive a cookie only in the lowest bits of the timestamp, where the stack
 * finds them only without its random offset (net.ipv4.tcp_timestamps = 2). Else the SYN-ACK offers none of them.
 *
 * A SYN with IPv4 options, IPv6 extension headers or in fragments is not answered but dropped while its port is flooded:
 * no ordinary client sends one. VLAN tags inside the frame are sent back as they came.
 */

#define COOKIE_TTL    64
#define COOKIE_WINDOW 64240
#define COOKIE_TRICKLE 256

enum tcp_option {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_SCALE = 3,
	OPTION_SACK = 4,
	OPTION_STAMP = 8,
};

/* A TCP header as it came, with its options, and room for what an option that begins at the last byte could hold. */
struct cookie_syn {
	struct wire_tcp tcp;
	__u8 options[48];
};

struct cookie_wish {
	__u32 stamp; /* network order */
	__u32 stamped;
	__u32 sack;
	__u32 scale; /* 15 for none */
	__u32 at;    /* how far the options are read: here, where the kernel's verifier does not follow every value it can have */
};

struct cookie_reply {
	struct wire_tcp tcp;
	__u32 options[5];
};
CW_LAYOUT(struct cookie_reply, 40);

/* The segment sizes that are offered, and the window scale that the stack will assume. Set before load by `up`. */
const volatile __u16 cookie_mss_v4 = 1460;
const volatile __u16 cookie_mss_v6 = 1440;
const volatile __u8 cookie_scale = COOKIE_NO_STAMPS;

/* n: bytes of options. Not inline, so that the verifier walks the loop once. */
__noinline int cookie_options(const struct cookie_syn *syn, __u32 n, struct cookie_wish *wish)
{
	if (!syn || !wish)
		return 0;
	for (int i = 0; i < 40; i++) {
		__u32 at = *(volatile __u32 *)&wish->at, kind, length, value;

		if (at >= n || at >= 40)
			break;
		kind = syn->options[at];
		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOP) {
			wish->at = at + 1;
			continue;
		}
		length = syn->options[at + 1];
		if (length < 2 || at + length > n)
			break;
		value = at + 2;
		if (kind == OPTION_SACK && length == 2)
			wish->sack = 1;
		if (kind == OPTION_SCALE && length == 3)
			wish->scale = syn->options[value] > 14 ? 14 : syn->options[value];
		if (kind == OPTION_STAMP && length == 10) {
			__builtin_memcpy(&wish->stamp, &syn->options[value], sizeof(wish->stamp));
			wish->stamped = 1;
		}
		wish->at = at + length;
	}
	return 0;
}

/* The stack's clock with what it will want to know in the lowest six bits, and not ahead of it. */
static __always_inline __u32 cookie_stamp(const struct cookie_wish *w)
{
	__u32 now = bpf_ktime_get_coarse_ns() / 1000000, stamp = (now & ~63U) | w->sack << 4 | (w->scale & 15);

	return stamp > now ? stamp - 64 : stamp;
}

/* Bytes of the reply's TCP header. */
static __always_inline __u32 cookie_offer(struct cookie_reply *r, const struct cookie_wish *w, __u32 mss)
{
	r->options[0] = bpf_htonl(OPTION_MSS << 24 | 4 << 16 | mss);
	if (!w->stamped)
		return sizeof(r->tcp) + 4;
	r->options[1] = bpf_htonl((w->sack ? OPTION_SACK << 24 | 2 << 16 : OPTION_NOP << 24 | OPTION_NOP << 16) | OPTION_STAMP << 8 | 10);
	r->options[2] = bpf_htonl(cookie_stamp(w));
	r->options[3] = w->stamp;
	if (w->scale == 15)
		return sizeof(r->tcp) + 16;
	r->options[4] = bpf_htonl(OPTION_NOP << 24 | OPTION_SCALE << 16 | 3 << 8 | cookie_scale);
	return sizeof(r->tcp) + 20;
}

static __always_inline __u16 cookie_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Sums in network order what is a multiple of 4 bytes long. */
static __always_inline __u64 cookie_sum(const __u32 *words, __u32 n)
{
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < n; i++)
		sum += words[i];
	return sum;
}

/* Unused options are zero, so the whole reply is summed whatever its length. */
static __always_inline void cookie_fill(const struct packet *p, const struct cookie_syn *syn, __u32 cookie, __u32 bytes, struct cookie_reply *r)
{
	__u64 sum = bpf_htonl(WIRE_TCP) + (__u64)bpf_htonl(bytes);

	r->tcp.source = syn->tcp.dest;
	r->tcp.dest = syn->tcp.source;
	r->tcp.sequence = bpf_htonl(cookie);
	r->tcp.acknowledged = bpf_htonl(bpf_ntohl(syn->tcp.sequence) + 1);
	r->tcp.words = bytes << 2;
	r->tcp.flags = WIRE_SYN | WIRE_ACK;
	r->tcp.window = bpf_htons(COOKIE_WINDOW);
	sum += cookie_sum(p->source.word, 4) + cookie_sum(p->dest.word, 4);
	r->tcp.sum = cookie_fold(sum + cookie_sum((const __u32 *)r, sizeof(*r) / 4));
}

static __always_inline long cookie_put_v4(struct xdp_md *ctx, const struct packet *p, __u32 bytes)
{
	struct wire_ipv4 ip = { .version_words = 0x45, .ttl = COOKIE_TTL, .protocol = WIRE_TCP };

	ip.total = bpf_htons(sizeof(ip) + bytes);
	ip.fragment = bpf_htons(0x4000);
	ip.source = p->dest.word[0];
	ip.dest = p->source.word[0];
	ip.sum = cookie_fold(cookie_sum((const __u32 *)&ip, sizeof(ip) / 4));
	return bpf_xdp_store_bytes(ctx, p->ip_at, &ip, sizeof(ip));
}

static __always_inline long cookie_put_v6(struct xdp_md *ctx, const struct packet *p, __u32 bytes)
{
	struct wire_ipv6 ip = { .version_flow = bpf_htonl(6U << 28), .next = WIRE_TCP, .hops = COOKIE_TTL };

	ip.payload = bpf_htons(bytes);
	__builtin_memcpy(ip.source, &p->dest, sizeof(ip.source));
	__builtin_memcpy(ip.dest, &p->source, sizeof(ip.dest));
	return bpf_xdp_store_bytes(ctx, p->ip_at, &ip, sizeof(ip));
}

static __always_inline bool cookie_turn(struct xdp_md *ctx)
{
	struct wire_ethernet *e = parse_header(ctx, 0, sizeof(*e));
	__u8 to[6];

	if (!e)
		return false;
	__builtin_memcpy(to, e->to, sizeof(to));
	__builtin_memcpy(e->to, e->from, sizeof(to));
	__builtin_memcpy(e->from, to, sizeof(to));
	return true;
}

/* The kernel's cookie for a SYN, or negative. */
static __always_inline __s64 cookie_make(const struct packet *p, struct cookie_syn *syn, __u32 bytes)
{
	struct wire_ipv4 v4 = { .source = p->source.word[0], .dest = p->dest.word[0] };
	struct wire_ipv6 v6 = { 0 };

	if (p->family == 4)
		return bpf_tcp_raw_gen_syncookie_ipv4((void *)&v4, (void *)syn, bytes);
	__builtin_memcpy(v6.source, &p->source, sizeof(v6.source));
	__builtin_memcpy(v6.dest, &p->dest, sizeof(v6.dest));
	return bpf_tcp_raw_gen_syncookie_ipv6((void *)&v6, (void *)syn, bytes);
}

/* The SYN's TCP header. Its bytes, or 0 when the skin does not answer such a one. */
static __always_inline __u32 cookie_read(struct xdp_md *ctx, const struct packet *p, struct cookie_syn *syn)
{
	__u32 header = p->family == 4 ? sizeof(struct wire_ipv4) : sizeof(struct wire_ipv6), bytes;

	if (p->c.first_fragment || p->c.at != p->ip_at + header)
		return 0;
	if (bpf_xdp_load_bytes(ctx, p->c.at, &syn->tcp, sizeof(syn->tcp)))
		return 0;
	bytes = (syn->tcp.words >> 4) * 4;
	if (bytes < sizeof(syn->tcp))
		return 0;
	bytes = bounded_size(bytes, 64);
	return bpf_xdp_load_bytes(ctx, p->c.at, syn, bytes) ? 0 : bytes;
}

/* Whether the stack would make a connection of this ACK at this listener: its own check, of the cookie and of the overflow. */
static __always_inline bool cookie_taken(struct bpf_sock *listener, const struct packet *p, struct wire_tcp *ack)
{
	struct wire_ipv6 ip = { .version_flow = bpf_htonl(6U << 28) };
	struct wire_ipv4 *v4 = (void *)&ip;

	if (p->family == 4) {
		v4->version_words = 0x45;
		v4->source = p->source.word[0];
		v4->dest = p->dest.word[0];
		return !bpf_tcp_check_syncookie(listener, v4, sizeof(*v4), (void *)ack, sizeof(*ack));
	}
	__builtin_memcpy(ip.source, &p->source, sizeof(ip.source));
	__builtin_memcpy(ip.dest, &p->dest, sizeof(ip.dest));
	return !bpf_tcp_check_syncookie(listener, &ip, sizeof(ip), (void *)ack, sizeof(*ack));
}

/* The same of the ACK that would come back. */
static __always_inline bool cookie_would_be_taken(struct bpf_sock *listener, const struct packet *p, const struct cookie_syn *syn,
	__u32 cookie)
{
	struct wire_tcp ack = syn->tcp;

	ack.sequence = bpf_htonl(bpf_ntohl(syn->tcp.sequence) + 1);
	ack.acknowledged = bpf_htonl(cookie + 1);
	ack.words = 0x50;
	ack.flags = WIRE_ACK;
	return cookie_taken(listener, p, &ack);
}

/* Writes the SYN-ACK over the SYN. */
static __always_inline __u32 cookie_send(struct xdp_md *ctx, const struct packet *p, const struct cookie_syn *syn, __u32 bytes,
	__u32 cookie)
{
	struct cookie_wish wish = { .scale = 15 };
	struct cookie_reply reply = { 0 };

	if (cookie_scale != COOKIE_NO_STAMPS)
		cookie_options(syn, bytes - sizeof(syn->tcp), &wish);
	bytes = cookie_offer(&reply, &wish, p->family == 4 ? cookie_mss_v4 : cookie_mss_v6);
	cookie_fill(p, syn, cookie, bytes, &reply);
	if (bpf_xdp_adjust_tail(ctx, (int)(p->c.at + bytes) - (int)p->c.frame) || !cookie_turn(ctx))
		return VERDICT_DROP_SYN_ODD;
	if (p->family == 4 ? cookie_put_v4(ctx, p, bytes) : cookie_put_v6(ctx, p, bytes))
		return VERDICT_DROP_SYN_ODD;
	if (bpf_xdp_store_bytes(ctx, p->c.at, &reply, bytes))
		return VERDICT_DROP_SYN_ODD;
	return VERDICT_ANSWER_COOKIE;
}

/* A SYN to a listener: ANSWER_COOKIE, DROP_SYN_ODD, or UNDECIDED while the stack has room for it. */
static __always_inline __u32 cookie_answer(struct xdp_md *ctx, const struct packet *p, struct bpf_sock *listener)
{
	struct cookie_syn syn = { 0 };
	__u32 bytes = cookie_read(ctx, p, &syn);
	__s64 cookie;

	if (!bytes)
		return VERDICT_DROP_SYN_ODD;
	cookie = cookie_make(p, &syn, bytes);
	if (cookie < 0)
		return VERDICT_DROP_SYN_ODD;
	return cookie_would_be_taken(listener, p, &syn, cookie) ? cookie_send(ctx, p, &syn, bytes, cookie) : UNDECIDED;
}

/* What the packet would go to: a connection, a listener, or nothing (NULL). To be released. */
static __always_inline struct bpf_sock *cookie_socket(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock_tuple t = { 0 };

	if (p->family == 4) {
		t.ipv4.saddr = p->source.word[0];
		t.ipv4.daddr = p->dest.word[0];
		t.ipv4.sport = p->source_port;
		t.ipv4.dport = bpf_htons(p->dest_port);
		return bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0);
	}
	__builtin_memcpy(t.ipv6.saddr, &p->source, sizeof(t.ipv6.saddr));
	__builtin_memcpy(t.ipv6.daddr, &p->dest, sizeof(t.ipv6.daddr));
	t.ipv6.sport = p->source_port;
	t.ipv6.dport = bpf_htons(p->dest_port);
	return bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv6), BPF_F_CURRENT_NETNS, 0);
}

/*
 * A SYN. In a flood one whose addresses and ports have a connection is still the stack's: it may be a client that uses a
 * port again whose last connection waits here for stray packets (TIME_WAIT). The stack lets the new one take its place; an
 * ACK with a cookie it would take for one of the old connection, and the client would wait for ever. ANSWER_COOKIE, a drop,
 * or UNDECIDED when the stack may have it.
 */
static __always_inline __u32 cookie_judge_syn(struct xdp_md *ctx, const struct packet *p)
{
	__u32 verdict = UNDECIDED;
	struct bpf_sock *sk;

	if (flood_count_syn(p) % COOKIE_TRICKLE == 0)
		return UNDECIDED;
	sk = cookie_socket(ctx, p);
	if (!sk)
		return VERDICT_DROP_STRAY;
	if (sk->state == BPF_TCP_LISTEN)
		verdict = cookie_answer(ctx, p, sk);
	bpf_sk_release(sk);
	return verdict;
}

/* Not a SYN: PASS_COOKIE, DROP_STRAY, or UNDECIDED for what belongs to a connection. */
static __always_inline __u32 cookie_judge_rest(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock *sk = cookie_socket(ctx, p);
	__u32 verdict = VERDICT_DROP_STRAY;
	struct wire_tcp tcp;

	if (!sk)
		return verdict;
	if (sk->state != BPF_TCP_LISTEN)
		verdict = UNDECIDED;
	else if ((p->flags & (WIRE_ACK | WIRE_SYN | WIRE_RST)) == WIRE_ACK && !bpf_xdp_load_bytes(ctx, p->c.at, &tcp, sizeof(tcp)) &&
		cookie_taken(sk, p, &tcp))
		verdict = VERDICT_PASS_COOKIE;
	bpf_sk_release(sk);
	return verdict;
}

/* Not a SYN: looks whether it is a stray, each one in a flood, else one in STRAY_SAMPLE. The verdicts above. */
static __always_inline __u32 cookie_judge_strays(struct xdp_md *ctx, const struct packet *p, bool rages)
{
	__u32 verdict;

	if (!rages && bpf_get_prandom_u32() % STRAY_SAMPLE)
		return UNDECIDED;
	verdict = cookie_judge_rest(ctx, p);
	if (verdict == VERDICT_DROP_STRAY)
		flood_count_strays(p, rages ? 1 : STRAY_SAMPLE);
	return rages || verdict != VERDICT_DROP_STRAY ? verdict : UNDECIDED;
}

#endif
