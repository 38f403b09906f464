/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why the skin passed or dropped a packet, and the records of the immune maps; one definition for kernel and user side. */
#ifndef CELLWS_SHARED_VERDICT_H
#define CELLWS_SHARED_VERDICT_H

#include "shared/border.h"

/*
 * X(NAME, name, drop, text). The order is the key in immune_stats; new reasons are added at the end of their group
 * only while the maps are not pinned by a running organism (the layout is checked by name at `up`).
 */
#define VERDICTS(X)                                                                                \
	X(PASS_CLEAN, pass_clean, 0, "own port, nothing against it")                               \
	X(PASS_FOREIGN_PORT, pass_foreign_port, 0, "not for one of the organism's ports")          \
	X(PASS_NOT_IP, pass_not_ip, 0, "neither IPv4 nor IPv6")                                    \
	X(PASS_NOT_TCP, pass_not_tcp, 0, "another transport than TCP")                             \
	X(PASS_FRAGMENT, pass_fragment, 0, "later fragment: no port to judge it by, the kernel reassembles") \
	X(PASS_ALLOWED, pass_allowed, 0, "source is on the never-ban list")                        \
	X(PASS_UNPARSED, pass_unparsed, 0, "more tags or extension headers than the skin follows") \
	X(PASS_OBSERVED, pass_observed, 0, "would have been dropped, but the organism only observes") \
	X(DROP_BANNED, drop_banned, 1, "source address is banned")                                 \
	X(DROP_BANNED_PREFIX, drop_banned_prefix, 1, "source prefix is banned")                    \
	X(DROP_TRUNCATED, drop_truncated, 1, "shorter than its headers say")                       \
	X(DROP_BAD_IP_HEADER, drop_bad_ip_header, 1, "IP version, header length or total length impossible") \
	X(DROP_BAD_SOURCE, drop_bad_source, 1, "source is multicast, broadcast or equal to the destination with the same port (land)") \
	X(DROP_BAD_TCP_HEADER, drop_bad_tcp_header, 1, "TCP header length impossible")             \
	X(DROP_BAD_TCP_FLAGS, drop_bad_tcp_flags, 1, "TCP flags that no stack sends: none, SYN+FIN, SYN+RST, FIN without ACK, XMAS") \
	X(DROP_ZERO_PORT, drop_zero_port, 1, "source port zero")                                   \
	X(DROP_TINY_FRAGMENT, drop_tiny_fragment, 1, "first fragment too small for a TCP header, or a second one that overlaps it") \
	X(DROP_SYN_RATE, drop_syn_rate, 1, "the source opens more connections than immune.syn_rate") \
	X(DROP_PACKET_RATE, drop_packet_rate, 1, "the source sends more packets than immune.packet_rate") \
	X(DROP_SYN_ODD, drop_syn_odd, 1, "SYN in a flood with IP options, extension headers or fragments: no cookie answers it") \
	X(DROP_STRAY, drop_stray, 1, "in a flood: belongs to no connection and carries no valid cookie") \
	X(PASS_COOKIE, pass_cookie, 0, "carries a valid SYN cookie: its sender is where it says") \
	X(ANSWER_COOKIE, answer_cookie, 0, "SYN in a flood, answered with a SYN cookie by the skin itself") \
	X(DROP_SIGNATURE, drop_signature, 1, "a segment of a connection that carries a signature of the DNA (counted by the socket filter)")

enum verdict {
#define X(NAME, name, drop, text) VERDICT_##NAME,
	VERDICTS(X)
#undef X
	VERDICT_COUNT
};

/* immune_stats, key: enum verdict, one per CPU. Writer: the skin's single exit. */
struct immune_stat {
	__u64 packets;
	__u64 bytes; /* of the frame as the driver gave it */
};
CW_LAYOUT(struct immune_stat, 16);

/*
 * Keys of the address maps, always made by address_key_* (user/immune/address.h): network byte order.
 * antibody_v6 is keyed by the upper 64 bits of the address.
 */
struct prefix_v4 {
	__u32 bits; /* 0 to 32, host order as LPM tries want it */
	__u32 addr; /* network order, host part zero */
};
CW_LAYOUT(struct prefix_v4, 8);

struct prefix_v6 {
	__u32 bits; /* 0 to 128 */
	__u32 addr[4];
};
CW_LAYOUT(struct prefix_v6, 20);

/*
 * The never-ban list once more, for programs that may not look into a trie: prefixes up to what is banned at once, an IPv4
 * address or an IPv6 /64. Key of never_ban; the value is 1.
 */
struct never_key {
	__u64 key;    /* as of struct source in shared/antigen.h, bits beyond the length zero */
	__u32 family; /* 4 or 6 */
	__u32 bits;
};
CW_LAYOUT(struct never_key, 16);

/* A ban. Writers: cellctl, T cells through gland_ban; hits by the skin. */
struct antibody {
	__u64 expires_ns; /* boot clock; 0 = until lifted */
	__u64 hits;
	__u64 since_ns; /* boot clock */
	__u32 reason;   /* enum antibody_reason */
	__u32 bits;     /* length of the banned prefix; the skin looks past an expired one by it */
};
CW_LAYOUT(struct antibody, 32);

/* X(NAME, text): why an address was banned. */
#define ANTIBODY_REASONS(X) \
	X(BY_HAND, "cellctl immune ban") \
	X(BY_EVIDENCE, "a T cell, on evidence") \
	X(IMPORTED, "cellctl immune import") \
	X(BY_PEER, "another host of the family")

enum antibody_reason {
#define X(NAME, text) ANTIBODY_##NAME,
	ANTIBODY_REASONS(X)
#undef X
	ANTIBODY_REASON_COUNT
};

/* An entry of the never-ban list. Writer: `up` and cellctl. */
struct allowance {
	__u64 hits;
	__u32 origin; /* enum allowance_origin */
	__u32 pad;
};
CW_LAYOUT(struct allowance, 16);

/* X(NAME, text): who put an entry on the never-ban list. */
#define ALLOWANCE_ORIGINS(X)                         \
	X(DNA, "the DNA")                            \
	X(BY_HAND, "cellctl immune allow")           \
	X(OWN, "an address of this host")            \
	X(ADMIN, "an administrator's SSH session")   \
	X(GATEWAY, "a gateway of this host")         \
	X(RESOLVER, "a name server of this host")    \
	X(PROXY, "a trusted proxy of the DNA")       \
	X(HOST, "a host of this family")

enum allowance_origin {
#define X(NAME, text) ALLOWANCE_##NAME,
	ALLOWANCE_ORIGINS(X)
#undef X
	ALLOWANCE_ORIGIN_COUNT
};

#endif
