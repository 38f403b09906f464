/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The chunked transfer coding by RFC 9112 7.1: a strict decoder that can stop and go on at any byte. */
#ifndef CELLWS_HTTP_CHUNK_H
#define CELLWS_HTTP_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_CHUNK_LINE_MAX  1024u /* most bytes of one size line with its extensions */
#define HTTP_TRAILER_MAX     8192u /* most bytes of all trailer fields */

/* Zeroed at the start of a body. Fixed width: it lives in a connection record in shared memory. */
struct http_chunk {
	uint64_t left;   /* bytes of the current chunk still to come */
	uint32_t line;   /* bytes of the current line or of the trailers so far */
	uint8_t state;
	uint8_t digits;
	uint16_t pad;
};

enum http_chunk_end {
	HTTP_CHUNK_MORE = 0, /* all input used, the body goes on */
	HTTP_CHUNK_DONE = 1, /* the body, trailers included, is complete; *used may be less than n */
	HTTP_CHUNK_FULL = 2, /* room is used up, input may be left */
	HTTP_CHUNK_BAD = 3,  /* answer 400 and close */
};

/*
 * Decodes in[0..n) into out[0..room) (out may be in, or lie before it). *used: bytes of in consumed; *made: bytes put
 * into out. Trailer fields are checked for form and dropped, as RFC 9110 6.5.1 allows. Refused: a size that does not fit
 * 63 bits, no digits, blanks before the size, bare CR or LF, NUL, anything but CRLF after the data, a trailer that
 * http_head_parse would refuse.
 */
enum http_chunk_end http_chunk_decode(
	struct http_chunk *c, const char *in, size_t n, char *out, size_t room, size_t *used, size_t *made);

#endif
