/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The request head by RFC 9112 and RFC 9110: strict, pure functions over bytes; no copy, no allocation, no clock. */
#ifndef CELLWS_HTTP_PARSE_H
#define CELLWS_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX    60000u /* most bytes of a head: offsets are 16 bits wide */
#define HTTP_HEADERS_MAX 96u    /* most header fields; one more is answered 431 */

/* Bytes at..at+n of the head that was parsed. */
struct http_span {
	uint16_t at;
	uint16_t n;
};

/* X(NAME, "text", known to be idempotent): methods the server knows; any other token is answered 501. */
#define HTTP_METHODS(X)     \
	X(GET, 1)           \
	X(HEAD, 1)          \
	X(POST, 0)          \
	X(PUT, 1)           \
	X(DELETE, 1)        \
	X(OPTIONS, 1)       \
	X(PATCH, 0)         \
	X(TRACE, 1)         \
	X(CONNECT, 0)

enum http_method {
	HTTP_METHOD_NONE = 0,
#define X(name, safe) HTTP_##name,
	HTTP_METHODS(X)
#undef X
	HTTP_METHOD_COUNT
};

/* What a request asks for beyond a plain GET: any of these sends it past the response memory. */
enum http_trait {
	HTTP_IF_MATCH = 0x001,
	HTTP_IF_NONE_MATCH = 0x002,
	HTTP_IF_MODIFIED_SINCE = 0x004,
	HTTP_IF_UNMODIFIED_SINCE = 0x008,
	HTTP_IF_RANGE = 0x010,
	HTTP_RANGE = 0x020,
	HTTP_AUTHORIZATION = 0x040,
	HTTP_COOKIE = 0x080,
	HTTP_ACCEPT_GZIP = 0x100,     /* Accept-Encoding allows gzip with q > 0 */
	HTTP_CACHE_REVALIDATE = 0x200, /* Cache-Control no-cache/no-store/max-age=0, or Pragma: no-cache */
	HTTP_UPGRADE = 0x400,         /* Upgrade is present; it is ignored, as RFC 9110 7.8 allows */
};

struct http_header {
	struct http_span name;
	struct http_span value; /* blanks around it removed */
};

struct http_request {
	uint8_t method;        /* enum http_method */
	uint8_t minor;         /* HTTP/1.minor: 0 or 1 */
	bool keep_alive;       /* the connection may be used again after this request */
	bool expect_continue;  /* the client waits for 100 before it sends its body (only HTTP/1.1, only with a body) */
	bool chunked;          /* the body is chunked; content_length is 0 */
	bool asterisk;         /* the target is "*" (OPTIONS only) */
	bool has_length;       /* Content-Length is present */
	uint8_t pad;
	uint32_t traits;       /* enum http_trait */
	uint64_t content_length;
	struct http_span method_text;
	struct http_span target; /* as received; for absolute-form the part from the path on ("/" is not added when empty: n is 0) */
	struct http_span path;   /* the target without the query; n is 0 for "http://host" and for "*" */
	struct http_span query;  /* without '?' */
	struct http_span host;   /* Host value, or the authority of an absolute-form target, which wins (RFC 9112 3.2.2) */
	uint16_t head_bytes;     /* of the whole head with its final empty line, leading empty lines included */
	uint16_t header_count;
	struct http_header headers[HTTP_HEADERS_MAX];
};

/* Limits in bytes, from the DNA. head <= HTTP_HEAD_MAX, line <= head. */
struct http_limits {
	uint32_t line; /* request line without CRLF: longer is 414 */
	uint32_t head; /* whole head: longer is 431 */
};

/*
 * Looks for the end of the head in buf[0..len). *scanned: 0 at first, then as the last call left it (where it stopped, and
 * in the highest bit whether the request line is complete); the same bytes are not looked at twice. Returns the bytes of
 * the head (> 0) when it is complete, 0 when more is needed, or the negative status to answer with before closing: -400
 * (bare LF, bare CR or another control character so far), -414, -431. In which pieces the bytes come does not matter.
 * One leading empty line is skipped as RFC 9112 2.2 asks; more than one is 400.
 */
int http_head_find(const char *buf, size_t len, uint32_t *scanned, const struct http_limits *limits);

/*
 * Parses a complete head of len bytes, as found by http_head_find, into *r. Returns 0, or the status to answer with
 * before closing: 400, 417 (Expect is not 100-continue), 431 (too many fields), 501 (unknown method, unknown transfer
 * coding), 505 (not HTTP/1.0 or 1.1). After 0 every span lies inside the head.
 */
int http_head_parse(const char *head, size_t len, struct http_request *r);

/* Index of the first field called name (lower case), from field `from` on, or -1. */
int http_header_find(const char *head, const struct http_request *r, const char *name, unsigned from);

/* "GET", never NULL; "" for HTTP_METHOD_NONE. */
const char *http_method_name(enum http_method m);

/* RFC 9110 9.2.2. */
bool http_method_idempotent(enum http_method m);

/* The reason phrase of RFC 9110 15 for a status, "Unknown" where it has none. */
const char *http_reason(int status);

#endif
