/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a host is, and votes on who is to be one no more: to bytes and back; signatures are for others to judge. */
#include "link/record.h"
#include "link/wire.h"

#include <errno.h>

void record_host_write(const struct record_host *r, uint8_t to[RECORD_HOST_BYTES])
{
	to = wire_put(wire_put64(to, r->id), r->key, sizeof(r->key));
	wire_put(wire_put(to, r->certificate, sizeof(r->certificate)), r->proof, sizeof(r->proof));
}

int record_host_read(struct record_host *r, const uint8_t from[RECORD_HOST_BYTES])
{
	r->id = wire_get64(from);
	memcpy(r->key, from + 8, sizeof(r->key));
	memcpy(r->certificate, from + 40, sizeof(r->certificate));
	memcpy(r->proof, from + 104, sizeof(r->proof));
	return r->id ? 0 : -EBADMSG;
}

void record_vote_write(const struct record_vote *r, uint8_t to[RECORD_VOTE_BYTES])
{
	to = wire_put(wire_put64(to, r->voter), r->voter_key, sizeof(r->voter_key));
	to = wire_put(to, r->certificate, sizeof(r->certificate));
	to = wire_put(wire_put64(to, r->target), r->target_key, sizeof(r->target_key));
	to = wire_put32(wire_put32(wire_put64(to, r->stamp), r->family), r->withdrawn);
	wire_put(to, r->signature, sizeof(r->signature));
}

int record_vote_read(struct record_vote *r, const uint8_t from[RECORD_VOTE_BYTES])
{
	r->voter = wire_get64(from);
	memcpy(r->voter_key, from + 8, sizeof(r->voter_key));
	memcpy(r->certificate, from + 40, sizeof(r->certificate));
	r->target = wire_get64(from + 104);
	memcpy(r->target_key, from + 112, sizeof(r->target_key));
	r->stamp = wire_get64(from + 144);
	r->family = wire_get32(from + 152);
	r->withdrawn = wire_get32(from + 156);
	memcpy(r->signature, from + 160, sizeof(r->signature));
	if (!r->voter || !r->target || r->voter == r->target || !r->stamp)
		return -EBADMSG;
	return !r->family || r->family > RECORD_FAMILY_MOST || r->withdrawn > 1 ? -EBADMSG : 0;
}
