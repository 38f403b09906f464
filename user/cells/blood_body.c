/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Request bodies: looked through while they come in, decoded into the slot part by part; every step can be done again. */
#include "cells/blood.h"

#include <string.h>
#include <sys/socket.h>

/* Decodes n raw bytes into at most room bytes. Returns as http_chunk_decode does; without chunks the same for a length. */
static enum http_chunk_end decode(const struct conn *c, struct conn_in *in, const char *raw, size_t n, char *out,
	size_t room, size_t *used, size_t *made)
{
	uint64_t left = c->body_total - in->body_sum;

	if (c->flags & CONN_CHUNKED)
		return http_chunk_decode(&in->chunk, raw, n, out, room, used, made);
	*used = n < left ? n : (size_t)left;
	*used = *used < room ? *used : room;
	*made = *used;
	if (out != raw)
		memcpy(out, raw, *used);
	return *used == left ? HTTP_CHUNK_DONE : *used == room ? HTTP_CHUNK_FULL : HTTP_CHUNK_MORE;
}

int body_scan(struct artery *a, struct conn *c)
{
	static char waste[INPUT_BYTES];
	struct conn_in *next = conn_in_next(c);
	size_t n = c->received - next->scan, used = 0, made = 0;
	enum http_chunk_end end = HTTP_CHUNK_MORE;

	if (n || !(c->flags & CONN_CHUNKED))
		end = decode(c, next, vessel_byte(a->vessel, c, next->scan), n, waste, sizeof(waste), &used, &made);
	next->scan += used;
	next->body_sum += made;
	conn_in_commit(c);
	return end == HTTP_CHUNK_BAD ? -400 : end == HTTP_CHUNK_DONE;
}

void body_restart(struct conn *c)
{
	struct conn_in *next = conn_in_next(c);

	next->raw = next->scan = c->req_end;
	next->body_sum = 0;
	memset(&next->chunk, 0, sizeof(next->chunk));
	next->staged = next->parts = next->whole = 0;
	conn_in_commit(c);
}

int body_stage(struct artery *a, struct conn *c)
{
	struct conn_in *next = conn_in_next(c);
	char *out = (char *)a->synapse->data[c->slot] + SLOT_BODY_AT;
	size_t n = c->received - next->raw, used = 0, made = 0;
	enum http_chunk_end end = HTTP_CHUNK_MORE;

	if (n || !(c->flags & CONN_CHUNKED))
		end = decode(c, next, vessel_byte(a->vessel, c, next->raw), n, out, SLOT_BODY_ROOM, &used, &made);
	if (end == HTTP_CHUNK_BAD)
		return -400;
	next->raw += used;
	next->body_sum += made;
	next->whole = end == HTTP_CHUNK_DONE;
	/* A part is worth handing on when there is something in it, or when it is the last; the first comes with the head. */
	if (made || next->whole || !next->parts) {
		next->staged = (uint32_t)made;
		next->parts++;
	}
	conn_in_commit(c);
	return 0;
}

bool blood_continue(struct artery *a, uint32_t i)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct conn *c = conn_at(a, i);
	uint64_t done = c->sent - c->cont_base;
	ssize_t n;

	if (done < sizeof(text) - 1) {
		n = send(c->fd, text + done, sizeof(text) - 1 - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		c->sent += n > 0 ? (uint64_t)n : 0;
		done = c->sent - c->cont_base;
	}
	if (done < sizeof(text) - 1) {
		conn_watch(a, i);
		return false;
	}
	COMMIT();
	c->flags &= ~(uint32_t)CONN_CONTINUE;
	return true;
}
