/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks the field lines of a head by RFC 9112 5 and hands the known ones to field.c. */
#include "http/bytes.h"
#include "http/head.h"

/*
 * X(ID, name, its last letter, trait, who reads the value): the fields that mean something to the server itself. Length
 * and last letter together tell them apart; two alike would be two equal case labels, which does not compile.
 */
#define FIELDS(X)                                                                                                      \
	X(HOST, "host", 't', 0, http_field_host)                                                                       \
	X(CONNECTION, "connection", 'n', 0, http_field_connection)                                                     \
	X(CONTENT_LENGTH, "content-length", 'h', 0, http_field_length)                                                 \
	X(TRANSFER_ENCODING, "transfer-encoding", 'g', 0, http_field_coding)                                           \
	X(EXPECT, "expect", 't', 0, http_field_expect)                                                                 \
	X(ACCEPT_ENCODING, "accept-encoding", 'g', 0, http_field_accept_encoding)                                      \
	X(CACHE_CONTROL, "cache-control", 'l', 0, http_field_cache_control)                                            \
	X(PRAGMA, "pragma", 'a', 0, http_field_pragma)                                                                 \
	X(IF_MATCH, "if-match", 'h', HTTP_IF_MATCH, NULL)                                                              \
	X(IF_NONE_MATCH, "if-none-match", 'h', HTTP_IF_NONE_MATCH, NULL)                                               \
	X(IF_MODIFIED_SINCE, "if-modified-since", 'e', HTTP_IF_MODIFIED_SINCE, NULL)                                   \
	X(IF_UNMODIFIED_SINCE, "if-unmodified-since", 'e', HTTP_IF_UNMODIFIED_SINCE, NULL)                             \
	X(IF_RANGE, "if-range", 'e', HTTP_IF_RANGE, NULL)                                                              \
	X(RANGE, "range", 'e', HTTP_RANGE, NULL)                                                                       \
	X(AUTHORIZATION, "authorization", 'n', HTTP_AUTHORIZATION, NULL)                                               \
	X(COOKIE, "cookie", 'e', HTTP_COOKIE, NULL)                                                                    \
	X(UPGRADE, "upgrade", 'e', HTTP_UPGRADE, NULL)

enum field {
	FIELD_OTHER,
#define X(id, name, last, trait, take) FIELD_##id,
	FIELDS(X)
#undef X
};

static const struct {
	uint32_t trait;
	http_field_take *take;
} fields[] = {[FIELD_OTHER] = {0, NULL},
#define X(id, name, last, trait, take) [FIELD_##id] = {trait, take},
	FIELDS(X)
#undef X
};

/* s is a token of n > 0 bytes. */
static enum field recognise(const char *s, size_t n)
{
	switch (n << 8 | (uint8_t)(s[n - 1] | 0x20)) {
#define X(id, name, last, trait, take)                                                                                 \
	case (sizeof(name) - 1) << 8 | (last):                                                                         \
		return http_bytes_same(s, name, sizeof(name) - 1) ? FIELD_##id : FIELD_OTHER;
		FIELDS(X)
#undef X
	default:
		return FIELD_OTHER;
	}
}

/* The end of the value that begins at at: where its CRLF begins, or 0 when a control character stands in it. */
static size_t value_end(const struct http_head *h, size_t at)
{
	at = http_bytes_control(h->p, at, h->n);
	while (h->p[at] == '\t')
		at = http_bytes_control(h->p, at + 1, h->n);
	return h->p[at] == '\r' && h->p[at + 1] == '\n' ? at : 0;
}

/* One field line at *at, which is not the empty one. */
static int take_line(struct http_head *h, size_t *at)
{
	struct http_request *r = h->r;
	size_t name = *at, colon = http_bytes_span(h->p, name, BYTE_TOKEN), from = colon + 1, end, to;
	enum field id;

	if (colon == name || h->p[colon] != ':')
		return 400;
	while (h->p[from] == ' ' || h->p[from] == '\t')
		from++;
	to = end = value_end(h, from);
	if (!end)
		return 400;
	while (to > from && (h->p[to - 1] == ' ' || h->p[to - 1] == '\t'))
		to--;
	if (r->header_count == HTTP_HEADERS_MAX)
		return 431;
	r->headers[r->header_count++] = (struct http_header){
		.name = {(uint16_t)name, (uint16_t)(colon - name)},
		.value = {(uint16_t)from, (uint16_t)(to - from)},
	};
	*at = end + 2;
	id = recognise(h->p + name, colon - name);
	r->traits |= fields[id].trait;
	return fields[id].take ? fields[id].take(h, h->p + from, to - from) : 0;
}

int http_fields_parse(struct http_head *h, size_t at)
{
	while (h->p[at] != '\r') {
		int status = take_line(h, &at);

		if (status)
			return status;
	}
	return at == h->n - 2 ? 0 : 400;
}
