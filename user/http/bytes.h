/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the readers in this folder ask of single bytes: one class table, and loops over it. */
#ifndef CELLWS_HTTP_BYTES_H
#define CELLWS_HTTP_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum http_byte_class {
	BYTE_TOKEN = 0x01, /* RFC 9110 5.6.2 tchar */
	BYTE_VALUE = 0x02, /* HTAB, SP, visible ASCII, 0x80 and above: RFC 9110 5.5 */
	BYTE_PATH = 0x04,  /* visible ASCII without '?' and '#' */
	BYTE_QUERY = 0x08, /* visible ASCII without '#' */
	BYTE_HOST = 0x10,  /* RFC 3986 2.3 unreserved: all that names and IPv4 addresses need */
	BYTE_DIGIT = 0x20,
};

extern const uint8_t http_bytes[256];

static inline bool http_byte_is(char c, unsigned class)
{
	return http_bytes[(uint8_t)c] & class;
}

/* The first place from at on whose byte is not of the class. The caller knows that there is one. */
static inline size_t http_bytes_span(const char *s, size_t at, unsigned class)
{
	while (http_byte_is(s[at], class))
		at++;
	return at;
}

/* Whether all n bytes are of the class; true for none. */
static inline bool http_bytes_are(const char *s, size_t n, unsigned class)
{
	for (size_t i = 0; i < n; i++) {
		if (!http_byte_is(s[i], class))
			return false;
	}
	return true;
}

/* Value of a digit of base 16, or -1. */
static inline int http_byte_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Whether s is lower but for case. Both have n bytes; lower holds only letters, digits, '-' and '='; s holds no control
 * characters (setting bit 5 would make some of them look like those).
 */
static inline bool http_bytes_same(const char *s, const char *lower, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((s[i] | 0x20) != lower[i])
			return false;
	}
	return true;
}

/* The first place in s[at..end) that holds a control character (HTAB and DEL included), or end. Eight bytes a step. */
static inline size_t http_bytes_control(const char *s, size_t at, size_t end)
{
	const uint64_t each = 0x0101010101010101u;

	for (; at + 8 <= end; at += 8) {
		uint64_t w, below, del;

		memcpy(&w, s + at, sizeof(w));
		w = le64toh(w);
		/* A borrow makes false marks only above a true one, so the lowest mark is right. */
		below = (w - each * 0x20) & ~w;
		del = w ^ each * 0x7f;
		del = (del - each) & ~del;
		w = (below | del) & each * 0x80;
		if (w)
			return at + (unsigned)__builtin_ctzll(w) / 8;
	}
	while (at < end && (uint8_t)s[at] >= 0x20 && s[at] != 0x7f)
		at++;
	return at;
}

#endif
