/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a host is doing, as others are told: to bytes and back, judged as if a stranger had written it. */
#include "link/record.h"
#include "link/wire.h"

#include <errno.h>

void record_vitals_write(const struct host_vitals *v, uint8_t to[RECORD_VITALS_BYTES])
{
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class++)
		to = wire_put16(to, v->cells[class]);
	to = wire_put16(to, 0);
	to = wire_put32(to, v->busy_permille);
	to = wire_put32(to, v->wait_us);
	to = wire_put32(to, v->bans);
	to = wire_put32(to, v->generation);
	to = wire_put32(to, v->key_generation);
	wire_put32(to, v->load_percent);
}

int record_vitals_read(struct host_vitals *v, const uint8_t from[RECORD_VITALS_BYTES])
{
	*v = (struct host_vitals){ .busy_permille = wire_get32(from + 16), .wait_us = wire_get32(from + 20), .bans = wire_get32(from + 24),
		.generation = wire_get32(from + 28), .key_generation = wire_get32(from + 32), .load_percent = wire_get32(from + 36) };
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class++) {
		v->cells[class] = wire_get16(from + 2 * (class - 1));
		if (v->cells[class] > RECORD_CELLS_MOST)
			return -EBADMSG;
	}
	return wire_get16(from + 14) || v->busy_permille > 1000 || !v->key_generation ? -EBADMSG : 0;
}
