/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files that parse a request head share: line.c and fields.c fill in the request, parse.c judges the whole. */
#ifndef CELLWS_HTTP_HEAD_H
#define CELLWS_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/parse.h"

/* A head on its way through the parser. It ends in CRLF CRLF: every loop over a class of bytes stops there at last. */
struct http_head {
	const char *p;
	size_t n;
	struct http_request *r;
	bool has_authority; /* the target is in absolute form, r->host is set already */
	bool has_host;
	bool wants_close;
	bool wants_keep;
	bool has_coding;     /* Transfer-Encoding is present */
	bool unknown_coding; /* another coding than chunked is named */
	bool expects;	     /* Expect: 100-continue */
	bool expects_other;  /* Expect: anything else */
	uint8_t gzip;	     /* enum http_gzip */
};

enum http_gzip {
	GZIP_NAMED = 0x1, /* Accept-Encoding names gzip: then "*" does not matter */
	GZIP_TAKEN = 0x2, /* ... with q > 0 */
	GZIP_ANY = 0x4,	  /* "*" with q > 0 */
};

/* The request line at *at; *at then lies behind its CRLF. 0, or the status to answer with. */
int http_line_parse(struct http_head *h, size_t *at);

/* All field lines from at to the empty line that ends the head. 0, or the status to answer with. */
int http_fields_parse(struct http_head *h, size_t at);

/* A known field's value, n bytes without control characters but HTAB. 0, or the status to answer with. */
typedef int http_field_take(struct http_head *h, const char *v, size_t n);

http_field_take http_field_host, http_field_length, http_field_coding, http_field_connection, http_field_expect;
http_field_take http_field_accept_encoding, http_field_cache_control, http_field_pragma;

/*
 * Whether s is host[:port]: a name of letters, digits, '-', '.', '_' and '~', an IPv4 address, or an IPv6 address in
 * brackets; the port at most 65535 and, as RFC 3986 3.2.3 has it, possibly empty. Stricter than RFC 3986: no percent
 * triplets and no sub-delims, which no name on the net has and which mean different things to different readers.
 */
bool http_host_valid(const char *s, size_t n);

/* The method of that name, HTTP_METHOD_NONE for one that is not known. Case matters (RFC 9110 9.1). */
enum http_method http_method_find(const char *s, size_t n);

#endif
