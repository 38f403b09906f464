/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes off percent-coding and dot segments, leniently: what a server behind might understand counts, not what is right. */
#include "immune/normalise.h"

#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t normalise_decode(const char *from, size_t n, char *to)
{
	size_t made = 0;

	for (size_t i = 0; i < n; i++) {
		if (from[i] == '%' && n - i > 2 && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
			to[made++] = (char)(hex(from[i + 1]) << 4 | hex(from[i + 2]));
			i += 2;
		} else {
			to[made++] = from[i] == '+' ? ' ' : from[i];
		}
	}
	return made;
}

/* Bytes of the dot segment or empty segment that begins with the slash at at, without the next slash; 0 for none. */
static size_t dot_segment(const char *at, size_t n, int *up)
{
	*up = 0;
	if (n >= 2 && at[1] == '/')
		return 1;
	if (n >= 3 && at[1] == '.' && at[2] == '/')
		return 2;
	*up = n >= 4 && !memcmp(at + 1, "../", 3);
	return *up ? 3 : 0;
}

size_t normalise_dots(char *text, size_t n)
{
	size_t made = 0;

	for (size_t i = 0; i < n;) {
		int up = 0;
		size_t skip = text[i] == '/' ? dot_segment(text + i, n - i, &up) : 0;

		if (!skip) {
			text[made++] = text[i++];
			continue;
		}
		i += skip;
		while (up && made && text[made - 1] != '/')
			made--;
		if (up && made)
			made--;
	}
	return made;
}

static int find(const struct automaton *a, const char *text, size_t n)
{
	uint32_t state = 0;

	return automaton_scan(a, &state, text, n);
}

int normalise_find(const struct automaton *a, const char *text, size_t n, char *scratch)
{
	int found = find(a, text, n);

	if (found >= 0)
		return found;
	if (memchr(text, '%', n) || memchr(text, '+', n)) {
		n = normalise_decode(text, n, scratch);
		found = find(a, scratch, n);
		if (found >= 0)
			return found;
		n = normalise_decode(scratch, n, scratch);
		found = find(a, scratch, n);
		if (found >= 0)
			return found;
	} else if (memchr(text, '/', n)) {
		memcpy(scratch, text, n);
	} else {
		return -1;
	}
	n = normalise_dots(scratch, n);
	return find(a, scratch, n);
}
