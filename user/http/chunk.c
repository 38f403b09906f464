/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The decoder of the chunked coding: one step a byte for the framing, whole stretches for the data. */
#include "http/chunk.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "http/bytes.h"

enum state {
	SIZE,	   /* digits of the size */
	BLANK,	   /* blanks after it: only an extension may follow */
	EXTENSION, /* read over */
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	FIELD,	 /* first byte of a trailer line */
	NAME,	 /* of a trailer field */
	TRAILER, /* its value */
	TRAILER_LF,
	LAST_LF,
	DONE,
	BAD,
	STATES
};

static enum state step_size(struct http_chunk *c, char b)
{
	int digit = http_byte_hex(b);

	if (digit >= 0) {
		if (c->left > (uint64_t)INT64_MAX >> 4)
			return BAD;
		c->left = c->left << 4 | (unsigned)digit;
		c->digits = 1;
		return SIZE;
	}
	if (!c->digits)
		return BAD;
	if (b == '\r')
		return SIZE_LF;
	if (b == ';')
		return EXTENSION;
	return b == ' ' || b == '\t' ? BLANK : BAD;
}

static enum state step_blank(struct http_chunk *c, char b)
{
	(void)c;
	if (b == ';')
		return EXTENSION;
	return b == ' ' || b == '\t' ? BLANK : BAD;
}

/* No CR and no LF can stand in an extension, not even in quotes, so its own syntax need not be known. */
static enum state step_extension(struct http_chunk *c, char b)
{
	(void)c;
	if (b == '\r')
		return SIZE_LF;
	return http_byte_is(b, BYTE_VALUE) ? EXTENSION : BAD;
}

static enum state step_size_lf(struct http_chunk *c, char b)
{
	c->line = 0;
	c->digits = 0;
	if (b != '\n')
		return BAD;
	return c->left ? DATA : FIELD;
}

static enum state step_data_cr(struct http_chunk *c, char b)
{
	(void)c;
	return b == '\r' ? DATA_LF : BAD;
}

static enum state step_data_lf(struct http_chunk *c, char b)
{
	c->line = 0;
	return b == '\n' ? SIZE : BAD;
}

static enum state step_field(struct http_chunk *c, char b)
{
	(void)c;
	if (b == '\r')
		return LAST_LF;
	return http_byte_is(b, BYTE_TOKEN) ? NAME : BAD;
}

static enum state step_name(struct http_chunk *c, char b)
{
	(void)c;
	if (b == ':')
		return TRAILER;
	return http_byte_is(b, BYTE_TOKEN) ? NAME : BAD;
}

static enum state step_trailer(struct http_chunk *c, char b)
{
	(void)c;
	if (b == '\r')
		return TRAILER_LF;
	return http_byte_is(b, BYTE_VALUE) ? TRAILER : BAD;
}

static enum state step_trailer_lf(struct http_chunk *c, char b)
{
	(void)c;
	return b == '\n' ? FIELD : BAD;
}

static enum state step_last_lf(struct http_chunk *c, char b)
{
	(void)c;
	return b == '\n' ? DONE : BAD;
}

/* What one byte of framing does in each state, and how many bytes its line, or all trailers, may have. */
static const struct {
	enum state (*step)(struct http_chunk *c, char b);
	uint32_t most;
} table[STATES] = {
	[SIZE] = {step_size, HTTP_CHUNK_LINE_MAX},
	[BLANK] = {step_blank, HTTP_CHUNK_LINE_MAX},
	[EXTENSION] = {step_extension, HTTP_CHUNK_LINE_MAX},
	[SIZE_LF] = {step_size_lf, HTTP_CHUNK_LINE_MAX},
	[DATA_CR] = {step_data_cr, HTTP_CHUNK_LINE_MAX},
	[DATA_LF] = {step_data_lf, HTTP_CHUNK_LINE_MAX},
	[FIELD] = {step_field, HTTP_TRAILER_MAX},
	[NAME] = {step_name, HTTP_TRAILER_MAX},
	[TRAILER] = {step_trailer, HTTP_TRAILER_MAX},
	[TRAILER_LF] = {step_trailer_lf, HTTP_TRAILER_MAX},
	[LAST_LF] = {step_last_lf, HTTP_TRAILER_MAX},
};

static enum state step(struct http_chunk *c, char b)
{
	if (c->line++ >= table[c->state].most)
		return BAD;
	return table[c->state].step(c, b);
}

/* Moves as much data as there is, fits and belongs to the chunk. Returns the bytes moved. */
static size_t move_data(struct http_chunk *c, const char *in, size_t n, char *out, size_t room)
{
	if (n > room)
		n = room;
	if (n > c->left)
		n = (size_t)c->left;
	if (n && out != in)
		memmove(out, in, n);
	c->left -= n;
	if (c->left == 0)
		c->state = DATA_CR;
	return n;
}

enum http_chunk_end http_chunk_decode(
	struct http_chunk *c, const char *in, size_t n, char *out, size_t room, size_t *used, size_t *made)
{
	size_t at = 0, put = 0;

	assert(c->state < STATES);
	while (at < n && c->state != DONE && c->state != BAD) {
		if (c->state == DATA) {
			size_t moved = move_data(c, in + at, n - at, out + put, room - put);

			at += moved;
			put += moved;
			if (moved == 0)
				break;
		} else {
			c->state = (uint8_t)step(c, in[at++]);
		}
	}
	*used = at;
	*made = put;
	if (c->state == BAD)
		return HTTP_CHUNK_BAD;
	if (c->state == DONE)
		return HTTP_CHUNK_DONE;
	return at < n ? HTTP_CHUNK_FULL : HTTP_CHUNK_MORE;
}
