/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans to bytes and back. */
#include "link/bans.h"
#include "link/wire.h"

#include <errno.h>

void ban_wire_write(const struct ban_wire *b, uint8_t to[BAN_WIRE_BYTES])
{
	to[0] = b->family;
	to[1] = b->bits;
	to = wire_put16(to + 2, b->reason);
	to = wire_put32(to, b->offences);
	to = wire_put(to, b->address, sizeof(b->address));
	wire_put64(to, b->left_ms);
}

int ban_wire_read(struct ban_wire *b, const uint8_t from[BAN_WIRE_BYTES])
{
	static const uint8_t zeros[12];

	*b = (struct ban_wire){ .family = from[0], .bits = from[1], .reason = wire_get16(from + 2), .offences = wire_get32(from + 4),
		.left_ms = wire_get64(from + 24) };
	memcpy(b->address, from + 8, sizeof(b->address));
	if ((b->family != 4 && b->family != 6) || b->bits > (b->family == 4 ? 32 : 128) || b->left_ms > BAN_WIRE_LEFT_MS)
		return -EBADMSG;
	return b->family == 4 && memcmp(b->address + 4, zeros, sizeof(zeros)) != 0 ? -EBADMSG : 0;
}
