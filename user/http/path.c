/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Normalises request paths segment by segment, and matches them against routes. */
#include "http/path.h"

#include <string.h>

#include "http/bytes.h"

/* Reads raw[*at], or the percent triplet there, into *c and steps over it. Whether it is a byte a path may hold. */
static bool decode(const char *raw, size_t n, size_t *at, char *c)
{
	int high, low;

	*c = raw[(*at)++];
	if (*c == '%') {
		if (n - *at < 2)
			return false;
		high = http_byte_hex(raw[*at]);
		low = http_byte_hex(raw[*at + 1]);
		if (high < 0 || low < 0)
			return false;
		*at += 2;
		*c = (char)(high << 4 | low);
		if (*c == '/')
			return false;
	}
	return (uint8_t)*c >= 0x20 && *c != 0x7f;
}

/*
 * The segment out[from..to) is complete, a '/' stands before it. Returns where the next one begins if a slash follows:
 * behind it, or where it or its parent began if it is a dot segment or empty; 0 for ".." above the root.
 */
static size_t resolve(const char *out, size_t from, size_t to)
{
	if (to == from || (to - from == 1 && out[from] == '.'))
		return from;
	if (to - from != 2 || out[from] != '.' || out[from + 1] != '.')
		return to + 1;
	if (from == 1)
		return 0;
	from--;
	while (out[from - 1] != '/')
		from--;
	return from;
}

int http_path_normalise(const char *raw, size_t n, char *out, size_t room)
{
	size_t at = 1, from = 1, to = 1, next;

	if (room == 0 || (n && raw[0] != '/'))
		return -400;
	out[0] = '/';
	for (; at < n; to = from = next) {
		while (at < n && raw[at] != '/') {
			char c;

			if (!decode(raw, n, &at, &c) || to == room)
				return -400;
			out[to++] = c;
		}
		next = resolve(out, from, to);
		if (next == 0)
			return -400;
		if (at == n)
			return (int)(next > to ? to : next);
		at++;
		if (next > to) {
			if (to == room)
				return -400;
			out[to] = '/';
		}
	}
	return (int)to;
}

bool http_path_covers(const char *prefix, size_t prefix_n, const char *path, size_t path_n)
{
	bool open = prefix_n && prefix[prefix_n - 1] == '/';

	if (open && path_n == prefix_n - 1 && path_n)
		return memcmp(prefix, path, path_n) == 0;
	if (path_n < prefix_n || memcmp(prefix, path, prefix_n) != 0)
		return false;
	return open || path_n == prefix_n || path[prefix_n] == '/';
}
