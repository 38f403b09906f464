/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The head of an answer: the server's lines written right before the header lines that a drone left in the slot. */
#include "cells/blood.h"
#include "http/path.h"
#include <cellws/gene.h>

#include <string.h>

/* Writes a decimal number; returns behind it. */
static char *put_number(char *to, uint64_t n)
{
	char digits[20];
	int i = 0;

	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		*to++ = digits[--i];
	return to;
}

static char *put_text(char *to, const char *text)
{
	size_t n = strlen(text);

	memcpy(to, text, n);
	return to + n;
}

/* Content-Length or Transfer-Encoding, as the body is to be framed. */
static char *put_framing(char *to, const struct conn *c, const struct answer_said *said)
{
	if (!answer_status_has_body(said->status))
		return to;
	if (c->flags & CONN_PIECES)
		return put_text(to, "Transfer-Encoding: chunked\r\n");
	if (said->length == CELLWS_UNKNOWN)
		return to;
	to = put_text(to, "Content-Length: ");
	to = put_number(to, said->length);
	return put_text(to, "\r\n");
}

/* Status line and Date. */
static char *put_start(const struct artery *a, uint32_t status, char *to, uint32_t *date_at)
{
	char *at = put_text(to, "HTTP/1.1 ");

	at = put_number(at, status);
	*at++ = ' ';
	at = put_text(at, http_reason((int)status));
	at = put_text(at, "\r\nDate: ");
	*date_at = (uint32_t)(at - to);
	memcpy(at, a->date, HTTP_DATE_BYTES);
	return put_text(at + HTTP_DATE_BYTES, "\r\n");
}

/* The same for 200, of which a second sees many, from a copy made once in that second. */
static char *put_ok_start(struct artery *a, char *to, uint32_t *date_at)
{
	if (a->ok_second != a->now_s) {
		a->ok_n = (uint32_t)(put_start(a, 200, a->ok_start, &a->ok_date_at) - a->ok_start);
		a->ok_second = a->now_s;
	}
	memcpy(to, a->ok_start, sizeof(a->ok_start));
	*date_at = a->ok_date_at;
	return to + a->ok_n;
}

static uint32_t put_prefix(struct artery *a, const struct conn *c, const struct answer_said *said, char *to, uint32_t *date_at)
{
	uint32_t status = said->status;
	char *at = status == 200 ? put_ok_start(a, to, date_at) : put_start(a, status, to, date_at);

	at = put_framing(at, c, said);
	if (!(c->flags & CONN_KEEP))
		at = put_text(at, "Connection: close\r\n");
	else if (c->flags & CONN_OLD)
		at = put_text(at, "Connection: keep-alive\r\n");
	return (uint32_t)(at - to);
}

/* By the request that has come, not by what drones have made of it. The head of a long upload is gone by now: that counts. */
static bool path_is_news(struct artery *a, struct conn *c, struct http_span path)
{
	int n;

	if (conn_in(c)->origin > c->used)
		return true;
	a->request_of = CONN_NONE; /* its path is written over */
	n = http_path_normalise(vessel_byte(a->vessel, c, c->used) + path.at, path.n, a->path, sizeof(a->path));
	cw_assert(n >= 0);
	return missing_is_news(a, c, a->path, (uint32_t)n);
}

uint32_t head_compose(struct artery *a, uint32_t i, uint32_t slot, const struct answer_said *said, uint32_t *date_at)
{
	struct conn *c = conn_at(a, i);
	char *data = (char *)a->synapse->data[slot], prefix[ANSWER_PREFIX_MAX];
	uint32_t end = SLOT_ANSWER_BODY_AT - (c->flags & CONN_PIECES ? SLOT_FRAME : 0) - said->head_len, n;

	if (said->status != 404 || path_is_news(a, c, a->vessel->asked[slot].path))
		screen_status(a, c, (int)said->status);
	n = put_prefix(a, c, said, prefix, date_at);
	memcpy(data + end - n, prefix, n);
	return end - n;
}
