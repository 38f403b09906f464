/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A ban as it crosses from host to host: with the time that is left, since boot clocks differ; pure. */
#ifndef CELLWS_LINK_BANS_H
#define CELLWS_LINK_BANS_H

#include <stdint.h>

/* family (1: 4 or 6) bits (1) reason (2) offences (4) address (16) milliseconds left, 0: until lifted (8). */
#define BAN_WIRE_BYTES	 32u
#define BAN_WIRE_LEFT_MS (10ULL * 365 * 86400 * 1000) /* most */

struct ban_wire {
	uint8_t family; /* 4 or 6 */
	uint8_t bits;   /* at most 32 or 128 */
	uint16_t reason;
	uint32_t offences;
	uint8_t address[16]; /* network order; IPv4 in the first four, the rest zero */
	uint64_t left_ms;
};

void ban_wire_write(const struct ban_wire *b, uint8_t to[BAN_WIRE_BYTES]);
/* 0, or -EBADMSG when it is none that anybody could have written. */
int ban_wire_read(struct ban_wire *b, const uint8_t from[BAN_WIRE_BYTES]);

#endif
