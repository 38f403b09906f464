/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of a request stands in its slot, for the drone that takes it. */
#include "cells/blood.h"

#include <arpa/inet.h>
#include <string.h>

/* inet_ntop takes a tenth of a microsecond for an IPv4 address; this is for every request. */
static void put_peer(const struct conn *c, char *to)
{
	if (c->family != AF_INET) {
		inet_ntop(c->family, c->addr, to, INET6_ADDRSTRLEN);
		return;
	}
	for (int i = 0; i < 4; i++) {
		unsigned n = c->addr[i];

		if (n >= 100)
			*to++ = (char)('0' + n / 100);
		if (n >= 10)
			*to++ = (char)('0' + n / 10 % 10);
		*to++ = (char)('0' + n % 10);
		*to++ = i < 3 ? '.' : 0;
	}
}

/* What a->request, parsed from head, and its path are to a drone. Returns the bytes of the path. */
static uint32_t put_request(struct artery *a, const struct conn *c, const char *head, uint8_t *data)
{
	const struct http_request *r = &a->request;

	memcpy(data + SLOT_REQUEST_AT, r, offsetof(struct http_request, headers) + r->header_count * sizeof(r->headers[0]));
	memcpy(data + SLOT_HEAD_AT, head, r->head_bytes);
	memcpy(data + SLOT_HEAD_AT + r->head_bytes, a->path, a->path_n);
	put_peer(c, (char *)data + SLOT_PEER_AT);
	return a->path_n;
}

void slot_fill(struct artery *a, uint32_t i, uint32_t slot)
{
	struct conn *c = conn_at(a, i);
	struct slot *s = &a->synapse->slot[slot];
	struct asked *r = &a->vessel->asked[slot];
	const char *head = vessel_byte(a->vessel, c, c->used);
	uint32_t head_n = (uint32_t)(c->req_end - c->used);

	/* Parsed before other requests came between: once more. */
	if (a->request_of != i)
		cw_assert(http_head_parse(head, head_n, &a->request) == 0 && request_path(a, head) == 0);
	a->request_of = CONN_NONE;
	r->asker = i;
	r->target = a->request.target;
	r->path = a->request.path;
	r->host = a->request.host;
	r->route = s->route = c->route;
	s->generation = c->generation;
	s->head_n = head_n;
	s->path_n = put_request(a, c, head, a->synapse->data[slot]);
	s->body_n = c->flags & CONN_HAS_BODY ? conn_in(c)->staged : 0;
	s->body_last = c->flags & CONN_HAS_BODY ? conn_in(c)->whole : 1;
	s->parts = s->pieces = 0;
	s->chunks = !(c->flags & CONN_OLD);
	s->queued_ms = r->queued_ms;
	s->now = a->now_s;
	atomic_store_explicit(&s->gone, 0, memory_order_relaxed);
}
