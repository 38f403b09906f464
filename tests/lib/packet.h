/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds frames from a recipe: Ethernet, VLAN tags, IPv4 or IPv6 with extension headers, TCP; lengths are right. */
#ifndef CELLWS_TEST_PACKET_H
#define CELLWS_TEST_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 2048

enum packet_number {
	PACKET_HOP = 0, /* protocol numbers */
	PACKET_TCP = 6,
	PACKET_UDP = 17,
	PACKET_ROUTING = 43,
	PACKET_FRAGMENT = 44,
	PACKET_AH = 51,
	PACKET_NONE = 59,
	PACKET_DEST = 60,
	PACKET_END = 255, /* ends a chain */
	PACKET_MORE = 0x2000, /* IPv4 fragment field; the rest is the offset in 8 bytes */
	PACKET_MORE_V6 = 1,   /* IPv6 fragment field; the offset in 8 bytes is shifted left by 3 */
};

enum packet_flag {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	URG = 0x20,
	ECE = 0x40,
	CWR = 0x80,
};

/* Start from PACKET_V4 or PACKET_V6 and name only what differs. */
struct packet_recipe {
	int family;          /* 4, 6, or an EtherType when greater than 255 */
	unsigned int tags;   /* VLAN tags in front */
	uint16_t outer_tag;  /* EtherType of the first tag; the rest are 0x8100 */
	const char *source;
	const char *dest;
	uint16_t source_port;
	uint16_t dest_port;
	uint8_t flags;
	uint8_t version;     /* as written into the IP header */
	uint8_t ip_words;    /* IPv4 header length field; options are really there */
	uint8_t protocol;    /* IPv4, or the end of the IPv6 chain */
	uint8_t chain[12];   /* IPv6 extension headers up to PACKET_END */
	uint8_t chain_units; /* length field of the extension headers, but for AH and fragment */
	uint16_t fragment;   /* IPv4 field, or that of the IPv6 fragment header */
	uint8_t tcp_words;   /* TCP header length field */
	uint16_t tcp_bytes;  /* of TCP header really there */
	uint16_t data;       /* bytes behind the TCP header */
	int length_off;      /* added to the length field of the IP header */
	uint16_t padding;    /* bytes behind the packet, as Ethernet adds */
	uint16_t cut;        /* bytes that are kept of the frame; 0 for all */
};

#define PACKET_COMMON                                                                                              \
	.outer_tag = 0x8100, .source_port = 40000, .dest_port = 8080, .flags = SYN, .protocol = PACKET_TCP,        \
	.chain = { PACKET_END }, .tcp_words = 5, .tcp_bytes = 20
#define PACKET_V4 PACKET_COMMON, .family = 4, .version = 4, .ip_words = 5, .source = "192.0.2.1", .dest = "192.0.2.99"
#define PACKET_V6 PACKET_COMMON, .family = 6, .version = 6, .source = "2001:db8:1::1", .dest = "2001:db8:99::1"

/* Writes the frame into to (PACKET_MAX bytes) and returns its size. Asserts that the recipe makes sense. */
size_t packet_build(const struct packet_recipe *r, uint8_t *to);

#endif
