/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A signal as it crosses from host to host: to bytes and back, judged as if a stranger had written it. */
#include "link/record.h"
#include "link/wire.h"

#include <errno.h>
#include <stdbool.h>

void record_signal_write(const struct record_signal *r, uint8_t to[RECORD_SIGNAL_BYTES])
{
	to = wire_put64(to, r->host);
	to = wire_put64(to, r->molecule);
	to = wire_put16(to, r->kind);
	to = wire_put16(to, r->class);
	to = wire_put32(to, r->strength_q16);
	to = wire_put32(to, r->hops);
	wire_put32(to, 0);
}

/* Growth and antigrowth speak of a class, the others of none. */
static bool is_of_class(uint16_t kind, uint16_t class)
{
	if (kind == HORMONE_GROWTH || kind == HORMONE_ANTIGROWTH)
		return class > CLASS_EGG && class < CLASS_COUNT;
	return class == CLASS_NONE;
}

int record_signal_read(struct record_signal *r, const uint8_t from[RECORD_SIGNAL_BYTES])
{
	*r = (struct record_signal){ .host = wire_get64(from), .molecule = wire_get64(from + 8), .kind = wire_get16(from + 16),
		.class = wire_get16(from + 18), .strength_q16 = wire_get32(from + 20), .hops = wire_get32(from + 24) };
	if (!r->host || !r->molecule || r->molecule & MOLECULE_CARRIED || !signal_crosses(r->kind) || !is_of_class(r->kind, r->class))
		return -EBADMSG;
	if (!r->strength_q16 || r->strength_q16 > Q16_ONE || !r->hops || r->hops > RECORD_HOPS_MOST || wire_get32(from + 28))
		return -EBADMSG;
	return 0;
}
