/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bounded floods of packets with right checksums and forged sources, and a plain XDP list that drops them all. */
#ifndef CELLWS_TESTS_FLOOD_H
#define CELLWS_TESTS_FLOOD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where everything hostile comes from. */
#define FLOOD_V4 "100.64.0.0/10"
#define FLOOD_V6 "fd98::/16"

/* X(NAME, "text", family, flags, protocol, fragment field, sources differ) */
#define FLOODS(X)                                                                      \
	X(SYN_ONE, "SYN, one source", 4, SYN, PACKET_TCP, 0, false)                    \
	X(SYN_MANY, "SYN, random sources", 4, SYN, PACKET_TCP, 0, true)                \
	X(SYN_MANY_V6, "SYN, random sources, IPv6", 6, SYN, PACKET_TCP, 0, true)       \
	X(ACK_MANY, "ACK", 4, ACK, PACKET_TCP, 0, true)                                \
	X(ACK_MANY_V6, "ACK, IPv6", 6, ACK, PACKET_TCP, 0, true)                       \
	X(RST_MANY, "RST", 4, RST, PACKET_TCP, 0, true)                                \
	X(FIN_MANY, "FIN", 4, FIN | ACK, PACKET_TCP, 0, true)                          \
	X(XMAS, "XMAS", 4, FIN | PSH | URG, PACKET_TCP, 0, true)                       \
	X(NONE, "NULL", 4, 0, PACKET_TCP, 0, true)                                     \
	X(FRAGMENT, "fragments", 4, ACK, PACKET_TCP, PACKET_MORE | 100, true)          \
	X(UDP, "UDP", 4, 0, PACKET_UDP, 0, true)

enum flood_kind {
#define X(NAME, text, family, tcp, protocol, fragment, many) FLOOD_##NAME,
	FLOODS(X)
#undef X
	FLOOD_KIND_COUNT
};

struct flood {
	enum flood_kind kind;
	uint8_t mac[6];	     /* where the frames go */
	unsigned per_second; /* at the most */
	pid_t pid;
	volatile uint64_t *sent; /* shared memory */
};

const char *flood_text(enum flood_kind kind);

/* Starts it on eth0 of this network namespace, in a child. Fails the test when it cannot be sent. */
void flood_start(struct flood *f);
/* Ends it. How many packets were sent. */
uint64_t flood_end(struct flood *f);

/*
 * The program of an XDP link at a path in a BPF file system, or in its place one that drops the sources above and passes
 * the rest. Meanwhile what is sent to these sources is dropped at eth0 of this namespace: clients would not get it.
 */
struct flood_list {
	int link, own, list, echo;
};

void flood_list_open(struct flood_list *l, const char *path);
void flood_list_use(const struct flood_list *l, bool plain);
void flood_list_close(struct flood_list *l);

#endif
