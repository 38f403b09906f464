/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Byte ranges by RFC 9110 14: parsed against a length, sanitised, ordered as asked. */
#ifndef CELLWS_HTTP_RANGE_H
#define CELLWS_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_RANGES_MAX 16 /* a request for more, or for overlapping ones that add up to more than the whole, gets the whole */

struct http_range {
	uint64_t first;
	uint64_t length; /* > 0 */
};

/*
 * value: the Range field's value; length: of the representation. Returns the number of ranges (1 to HTTP_RANGES_MAX),
 * 0 when the field is to be ignored (another unit, bad syntax, too many, overlapping too much, or the last bytes of an
 * empty representation, which no Content-Range can name), or -416 when none can be satisfied.
 */
int http_range_parse(const char *value, size_t n, uint64_t length, struct http_range out[HTTP_RANGES_MAX]);

#endif
