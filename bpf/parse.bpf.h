/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads a frame down to its TCP header; the only place of the skin that touches packet bytes and checks bounds. */
#ifndef CELLWS_PARSE_BPF_H
#define CELLWS_PARSE_BPF_H

/*
 * Compiled twice: by the skin after vmlinux.h and bpf_helpers.h, and in user space (tests/fuzz) after a header that has
 * the fixed-width types, __always_inline, bpf_ntohs and a struct xdp_md with wide pointers.
 *
 * Lengths. What the IP header says is the packet: bytes of the frame beyond it are padding and never read. A frame that
 * is shorter than its IP header says is cut, and no stack can use it.
 *
 * Fragments. Only a first fragment has ports and is judged by them; what it lacks is lost, so dropping it drops the
 * whole datagram. Later fragments pass. A first fragment without a whole TCP header, and a TCP fragment at offset 8
 * (which could write other flags over those that were judged), are dropped whatever the port: no stack makes them.
 */
#include "shared/verdict.h"

#define TAGS_MAX       4 /* VLAN tags that are followed */
#define EXTENSIONS_MAX 8 /* IPv6 extension headers that are followed */

/* Beside the verdicts: nothing has been decided yet. */
#define UNDECIDED VERDICT_COUNT

enum wire_numbers {
	WIRE_IPV4 = 0x0800,
	WIRE_IPV6 = 0x86dd,
	WIRE_TAG = 0x8100,         /* 802.1Q */
	WIRE_SERVICE_TAG = 0x88a8, /* 802.1ad */
	WIRE_HOP = 0,              /* protocol numbers from here on */
	WIRE_TCP = 6,
	WIRE_ROUTING = 43,
	WIRE_FRAGMENT = 44,
	WIRE_AUTHENTICATION = 51,
	WIRE_DESTINATION = 60,
};

#define WIRE_EXTENSIONS                                                                                            \
	(1ULL << WIRE_HOP | 1ULL << WIRE_ROUTING | 1ULL << WIRE_FRAGMENT | 1ULL << WIRE_AUTHENTICATION |           \
		1ULL << WIRE_DESTINATION)

enum wire_flags {
	WIRE_FIN = 0x01,
	WIRE_SYN = 0x02,
	WIRE_RST = 0x04,
	WIRE_PSH = 0x08,
	WIRE_ACK = 0x10,
	WIRE_URG = 0x20,
};

struct wire_ethernet {
	__u8 to[6];
	__u8 from[6];
	__u16 type;
};

struct wire_tag {
	__u16 control;
	__u16 type;
};

struct wire_ipv4 {
	__u8 version_words; /* version, header length in 32-bit words */
	__u8 service;
	__u16 total;
	__u16 id;
	__u16 fragment; /* 0x2000 more follow, 0x1fff offset in 8 bytes */
	__u8 ttl;
	__u8 protocol;
	__u16 sum;
	__u32 source;
	__u32 dest;
};

struct wire_ipv6 {
	__u32 version_flow;
	__u16 payload;
	__u8 next;
	__u8 hops;
	__u32 source[4];
	__u32 dest[4];
};

/* Any extension header; offset only in a fragment header. */
struct wire_extension {
	__u8 next;
	__u8 length;
	__u16 offset; /* bits 3 to 15 offset in 8 bytes, bit 0 more follow */
	__u32 rest;
};

struct wire_tcp {
	__u16 source;
	__u16 dest;
	__u32 sequence;
	__u32 acknowledged;
	__u8 words; /* upper half: header length in 32-bit words */
	__u8 flags;
	__u16 window;
	__u16 sum;
	__u16 urgent;
};

CW_LAYOUT(struct wire_ethernet, 14);
CW_LAYOUT(struct wire_ipv4, 20);
CW_LAYOUT(struct wire_ipv6, 40);
CW_LAYOUT(struct wire_extension, 8);
CW_LAYOUT(struct wire_tcp, 20);

union wire_address {
	__u32 word[4]; /* network order; IPv4 in the first */
	__u64 half[2];
};

/* Where the reader stands; offsets count from the first byte of the frame. */
struct cursor {
	__u32 frame;          /* bytes the driver gave */
	__u32 at;             /* where the header to be read next begins */
	__u32 end;            /* where the packet ends by its IP header */
	__u32 next;           /* what begins at `at`: first an EtherType, then a protocol number */
	__u32 first_fragment; /* more fragments follow */
};

struct packet {
	struct cursor c;
	__u32 family; /* 4, 6, or 0 while the addresses are unknown */
	__u32 ip_at;  /* where the IP header begins, from the first byte of the frame */
	__u32 fault;  /* a structural verdict that waits for the port to be known, or UNDECIDED */
	union wire_address source;
	union wire_address dest;
	__u16 source_port; /* network order */
	__u16 dest_port;   /* host order */
	__u8 flags;
};

/* The header of so many bytes at `at`, or NULL when the frame ends before it does. */
static __always_inline void *parse_header(const struct xdp_md *ctx, __u32 at, __u32 bytes)
{
	void *header = (void *)(long)ctx->data + at;

	return header + bytes > (void *)(long)ctx->data_end ? NULL : header;
}

static __always_inline bool parse_is_tag(__u32 type)
{
	return type == WIRE_TAG || type == WIRE_SERVICE_TAG;
}

static __always_inline __u32 parse_ethernet(const struct xdp_md *ctx, struct cursor *c)
{
	const struct wire_ethernet *ethernet = parse_header(ctx, 0, sizeof(*ethernet));

	if (!ethernet)
		return VERDICT_DROP_TRUNCATED;
	c->next = bpf_ntohs(ethernet->type);
	c->at = sizeof(*ethernet);
#pragma unroll
	for (int i = 0; i < TAGS_MAX; i++) {
		const struct wire_tag *tag;

		if (!parse_is_tag(c->next))
			break;
		tag = parse_header(ctx, c->at, sizeof(*tag));
		if (!tag)
			return VERDICT_DROP_TRUNCATED;
		c->next = bpf_ntohs(tag->type);
		c->at += sizeof(*tag);
	}
	return parse_is_tag(c->next) ? VERDICT_PASS_UNPARSED : UNDECIDED;
}

/* offset in units of 8 bytes; c->next is the protocol of the fragmented part. */
static __always_inline __u32 parse_fragment(struct cursor *c, __u32 offset, __u32 more)
{
	if (offset == 1 && c->next == WIRE_TCP)
		return VERDICT_DROP_TINY_FRAGMENT;
	if (offset)
		return VERDICT_PASS_FRAGMENT;
	if (more)
		c->first_fragment = 1;
	return UNDECIDED;
}

static __always_inline __u32 parse_ipv4(const struct xdp_md *ctx, struct packet *p)
{
	const struct wire_ipv4 *ip = parse_header(ctx, p->c.at, sizeof(*ip));
	__u32 header, total, fragment;

	if (!ip)
		return VERDICT_DROP_TRUNCATED;
	header = (ip->version_words & 0x0f) * 4;
	total = bpf_ntohs(ip->total);
	/* Segments that the kernel merged beyond 64 KiB have no total length; no wire carries such a frame. */
	if (!total) {
		if (p->c.frame <= 0xffff)
			return VERDICT_DROP_BAD_IP_HEADER;
		total = p->c.frame - p->c.at;
	}
	if (ip->version_words >> 4 != 4 || header < sizeof(*ip) || total < header)
		return VERDICT_DROP_BAD_IP_HEADER;
	if (p->c.at + header > p->c.frame)
		return VERDICT_DROP_TRUNCATED;
	p->family = 4;
	p->ip_at = p->c.at;
	p->source.word[0] = ip->source;
	p->dest.word[0] = ip->dest;
	p->c.next = ip->protocol;
	p->c.end = p->c.at + total;
	p->c.at += header;
	fragment = bpf_ntohs(ip->fragment);
	return parse_fragment(&p->c, fragment & 0x1fff, fragment & 0x2000);
}

static __always_inline bool parse_is_extension(__u32 next)
{
	return next < 64 && (WIRE_EXTENSIONS >> next & 1);
}

/* A chain that ends, by its IP header or by the frame, before its headers do. */
static __always_inline __u32 parse_cut(const struct cursor *c)
{
	return c->first_fragment && c->end <= c->frame ? VERDICT_DROP_TINY_FRAGMENT : VERDICT_DROP_TRUNCATED;
}

static __always_inline __u32 parse_extension(const struct xdp_md *ctx, struct cursor *c)
{
	const struct wire_extension *extension = parse_header(ctx, c->at, sizeof(*extension));
	__u32 kind = c->next, length, fragment;

	if (!extension || c->at + sizeof(*extension) > c->end)
		return parse_cut(c);
	length = extension->length;
	c->next = extension->next;
	if (kind == WIRE_FRAGMENT) {
		fragment = bpf_ntohs(extension->offset);
		c->at += sizeof(*extension);
		return parse_fragment(c, fragment >> 3, fragment & 1);
	}
	c->at += kind == WIRE_AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
	return UNDECIDED;
}

/*
 * Not inline, so that the verifier walks the chain once and not once for each number of tags before and for each
 * end behind it. *from is where the IPv6 header ends; the result is where the chain does.
 */
__noinline __u32 parse_extensions(struct xdp_md *ctx, struct cursor *from)
{
	struct cursor c;
	__u32 verdict = UNDECIDED;

	if (!from)
		return VERDICT_PASS_UNPARSED;
	c = *from;
	c.at &= 0xff;
#pragma unroll
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		if (verdict != UNDECIDED || !parse_is_extension(c.next))
			break;
		verdict = parse_extension(ctx, &c);
	}
	if (verdict == UNDECIDED && parse_is_extension(c.next))
		verdict = VERDICT_PASS_UNPARSED;
	*from = c;
	return verdict;
}

static __always_inline __u32 parse_ipv6(struct xdp_md *ctx, struct packet *p)
{
	const struct wire_ipv6 *ip = parse_header(ctx, p->c.at, sizeof(*ip));
	struct cursor c;
	__u32 verdict;

	if (!ip)
		return VERDICT_DROP_TRUNCATED;
	if ((bpf_ntohl(ip->version_flow) >> 28) != 6)
		return VERDICT_DROP_BAD_IP_HEADER;
	p->family = 6;
	p->ip_at = p->c.at;
	__builtin_memcpy(&p->source, ip->source, sizeof(p->source));
	__builtin_memcpy(&p->dest, ip->dest, sizeof(p->dest));
	p->c.next = ip->next;
	p->c.at += sizeof(*ip);
	p->c.end = p->c.at + bpf_ntohs(ip->payload);
	if (!ip->payload && p->c.frame > 0xffff) /* as in IPv4; the length is in a hop-by-hop option */
		p->c.end = p->c.frame;
	if (!parse_is_extension(p->c.next))
		return UNDECIDED;
	c = p->c;
	verdict = parse_extensions(ctx, &c);
	p->c = c;
	p->c.at &= 0x7fff;
	return verdict;
}

/* The ports decide whether a fault of the rest is our business, so they are read first. */
static __always_inline __u32 parse_tcp(const struct xdp_md *ctx, struct packet *p)
{
	const struct cursor *c = &p->c;
	const struct wire_tcp *tcp = parse_header(ctx, c->at, 4);
	__u32 header;

	if (c->first_fragment && c->at + sizeof(*tcp) > c->end)
		return VERDICT_DROP_TINY_FRAGMENT;
	if (!tcp || c->at + 4 > c->end)
		return VERDICT_DROP_TRUNCATED;
	p->source_port = tcp->source;
	p->dest_port = bpf_ntohs(tcp->dest);
	p->fault = VERDICT_DROP_TRUNCATED;
	tcp = parse_header(ctx, c->at, sizeof(*tcp));
	if (!tcp || c->at + sizeof(*tcp) > c->end || c->end > c->frame)
		return UNDECIDED;
	p->flags = tcp->flags;
	header = (tcp->words >> 4) * 4;
	if (header < sizeof(*tcp))
		p->fault = VERDICT_DROP_BAD_TCP_HEADER;
	else if (c->at + header > c->end)
		p->fault = c->first_fragment ? VERDICT_DROP_TINY_FRAGMENT : VERDICT_DROP_BAD_TCP_HEADER;
	else
		p->fault = UNDECIDED;
	return UNDECIDED;
}

/*
 * Fills *p. UNDECIDED: a TCP packet (or its first fragment) whose ports are known; p->fault says what else is wrong.
 * Any other verdict is final but one: PASS_UNPARSED with p->family set still has a source that may be banned.
 */
static __always_inline __u32 parse_packet(struct xdp_md *ctx, struct packet *p)
{
	__u32 verdict;

	*p = (struct packet){ .fault = UNDECIDED };
	p->c.frame = ctx->data_end - ctx->data;
	verdict = parse_ethernet(ctx, &p->c);
	if (verdict != UNDECIDED)
		return verdict;
	if (p->c.next == WIRE_IPV4)
		verdict = parse_ipv4(ctx, p);
	else if (p->c.next == WIRE_IPV6)
		verdict = parse_ipv6(ctx, p);
	else
		return VERDICT_PASS_NOT_IP;
	if (verdict != UNDECIDED)
		return verdict;
	return p->c.next == WIRE_TCP ? parse_tcp(ctx, p) : VERDICT_PASS_NOT_TCP;
}

#endif
