/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A request that has killed, as hosts tell each other: to bytes and back, judged as if a stranger had written it. */
#include "link/record.h"
#include "link/wire.h"

#include <errno.h>

void record_contagion_write(const struct record_contagion *r, uint8_t to[RECORD_CONTAGION_BYTES])
{
	to = wire_put64(to, r->scheme);
	to = wire_put64(to, r->fingerprint);
	to = wire_put64(to, r->host);
	to = wire_put32(to, r->deaths);
	to = wire_put32(to, r->route);
	to = wire_put32(to, r->cause);
	to = wire_put32(to, 0);
	memset(to, 0, ANTIGEN_DETAIL);
	memcpy(to, r->detail, strnlen(r->detail, ANTIGEN_DETAIL - 1));
}

int record_contagion_read(struct record_contagion *r, const uint8_t from[RECORD_CONTAGION_BYTES])
{
	*r = (struct record_contagion){ .scheme = wire_get64(from), .fingerprint = wire_get64(from + 8), .host = wire_get64(from + 16),
		.deaths = wire_get32(from + 24), .route = wire_get32(from + 28), .cause = wire_get32(from + 32) };
	memcpy(r->detail, from + 40, ANTIGEN_DETAIL);
	if (!r->fingerprint || !r->host || !r->deaths || r->deaths > PATHOGEN_DEADLY || r->cause > UINT16_MAX || wire_get32(from + 36))
		return -EBADMSG;
	return record_is_text(r->detail, ANTIGEN_DETAIL) ? 0 : -EBADMSG;
}
