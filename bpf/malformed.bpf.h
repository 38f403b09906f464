/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What no honest stack sends: judges a parsed packet by its own fields alone, without a map or a clock. */
#ifndef CELLWS_MALFORMED_BPF_H
#define CELLWS_MALFORMED_BPF_H

#include "parse.bpf.h"

/*
 * PSH, URG, ECE and CWR only ever accompany one of the four flags asked for here, so a packet with none of the four
 * counts as one without flags. FIN without ACK covers XMAS (FIN+PSH+URG).
 */
static __always_inline bool malformed_flags(__u8 flags)
{
	switch (flags & (WIRE_FIN | WIRE_SYN | WIRE_RST | WIRE_ACK)) {
	case WIRE_SYN:
	case WIRE_SYN | WIRE_ACK:
	case WIRE_ACK:
	case WIRE_FIN | WIRE_ACK:
	case WIRE_RST:
	case WIRE_RST | WIRE_ACK:
		return false;
	default:
		return true;
	}
}

/* Loopback sources are left alone: the skin may stand on lo. */
static __always_inline bool malformed_source_v4(const struct packet *p)
{
	__u32 source = bpf_ntohl(p->source.word[0]);

	if (source == 0 || source == 0xffffffff || source >> 28 == 0xe)
		return true;
	return p->source.word[0] == p->dest.word[0] && p->source_port == bpf_htons(p->dest_port);
}

static __always_inline bool malformed_source_v6(const struct packet *p)
{
	if (!(p->source.half[0] | p->source.half[1]) || bpf_ntohl(p->source.word[0]) >> 24 == 0xff)
		return true;
	return p->source.half[0] == p->dest.half[0] && p->source.half[1] == p->dest.half[1] &&
		p->source_port == bpf_htons(p->dest_port);
}

/* p: as parse_packet left it with UNDECIDED. A DROP verdict, or UNDECIDED when nothing is wrong. */
static __always_inline __u32 malformed_judge(const struct packet *p)
{
	if (p->fault != UNDECIDED)
		return p->fault;
	if (p->family == 4 ? malformed_source_v4(p) : malformed_source_v6(p))
		return VERDICT_DROP_BAD_SOURCE;
	if (!p->source_port)
		return VERDICT_DROP_ZERO_PORT;
	if (malformed_flags(p->flags))
		return VERDICT_DROP_BAD_TCP_FLAGS;
	return UNDECIDED;
}

#endif
