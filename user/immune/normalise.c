/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes codings and dot segments off, leniently: what a server behind might understand counts, not what is right. */
#include "immune/normalise.h"

#include <stdint.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t normalise_decode(const char *from, size_t n, char *to, bool blank)
{
	size_t made = 0;

	for (size_t i = 0; i < n; i++) {
		if (from[i] == '%' && n - i > 2 && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
			to[made++] = (char)(hex(from[i + 1]) << 4 | hex(from[i + 2]));
			i += 2;
		} else {
			to[made++] = from[i] == '+' && blank ? ' ' : from[i];
		}
	}
	return made;
}

#define LONGEST 6u /* bytes of one character, in the first definition of UTF-8 */

/* Bytes of the character that begins at at and has too many of them for the ASCII character it is; 0 for none. */
static size_t overlong(const char *at, size_t n, char *ascii)
{
	uint8_t lead = (uint8_t)at[0];
	uint32_t value;
	size_t bytes = 2;

	while (bytes < LONGEST && lead & 0x80 >> bytes)
		bytes++;
	if ((lead & 0xc0) != 0xc0 || lead >= 0xfe || bytes > n)
		return 0;
	value = lead & (0x7fu >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		if (((uint8_t)at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((uint8_t)at[i] & 0x3f);
	}
	*ascii = (char)value;
	return value < 0x80 ? bytes : 0;
}

size_t normalise_overlong(const char *from, size_t n, char *to)
{
	size_t made = 0;

	for (size_t i = 0; i < n;) {
		char ascii;
		size_t bytes = overlong(from + i, n - i, &ascii);

		to[made++] = bytes ? ascii : from[i];
		i += bytes ? bytes : 1;
	}
	return made;
}

/* Bytes of the dot segment or empty segment that begins with the slash at at, without the next slash; 0 for none. */
static size_t dot_segment(const char *at, size_t n, bool *up)
{
	*up = false;
	if (n >= 2 && at[1] == '/')
		return 1;
	if (n >= 3 && at[1] == '.' && at[2] == '/')
		return 2;
	*up = n >= 4 && !memcmp(at + 1, "../", 3);
	return *up ? 3 : 0;
}

size_t normalise_dots(const char *from, size_t n, char *to)
{
	size_t made = 0;

	for (size_t i = 0; i < n;) {
		bool up = false;
		size_t skip = from[i] == '/' ? dot_segment(from + i, n - i, &up) : 0;

		if (!skip) {
			to[made++] = from[i++];
			continue;
		}
		i += skip;
		while (up && made && to[made - 1] != '/')
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

enum {
	FORM_CODED = 1, /* something in it may stand for something else */
	FORM_DOTS = 2,	/* it may have dot segments */
	FORM_PLUS = 4,
};

/* How the forms of text can differ from it: most texts are told by this look alone. */
static unsigned forms_of(const char *text, size_t n)
{
	unsigned forms = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '%' || (uint8_t)c >= 0xc0)
			forms |= FORM_CODED;
		else if (c == '+')
			forms |= FORM_PLUS;
		else if (c == '/' && i + 1 < n && (text[i + 1] == '/' || text[i + 1] == '.'))
			forms |= FORM_DOTS;
	}
	return forms;
}

/* Every form of text but itself, in scratch. *plus is set when a '+' stood anywhere. */
static int find_decoded(const struct automaton *a, const char *text, size_t n, char *scratch, bool blank, bool *plus)
{
	size_t shorter = normalise_overlong(text, n, scratch);
	int found = shorter == n ? -1 : find(a, scratch, shorter);

	*plus = memchr(scratch, '+', shorter);
	for (int times = 0; times < 2 && found < 0; times++) {
		n = normalise_decode(scratch, shorter, scratch, blank);
		*plus |= memchr(scratch, '+', n) != NULL;
		if (n != shorter || blank)
			found = find(a, scratch, n);
		shorter = normalise_overlong(scratch, n, scratch);
		if (found < 0 && shorter != n)
			found = find(a, scratch, shorter);
	}
	if (found >= 0)
		return found;
	n = normalise_dots(scratch, shorter, scratch);
	return n == shorter ? -1 : find(a, scratch, n);
}

int normalise_find_forms(const struct automaton *a, const char *text, size_t n, char *scratch)
{
	unsigned forms = forms_of(text, n);
	bool plus = forms & FORM_PLUS;
	int found = forms & (FORM_CODED | FORM_DOTS) ? find_decoded(a, text, n, scratch, false, &plus) : -1;

	return found >= 0 || !plus ? found : find_decoded(a, text, n, scratch, true, &plus);
}

int normalise_find(const struct automaton *a, const char *text, size_t n, char *scratch)
{
	int found = find(a, text, n);

	return found >= 0 ? found : normalise_find_forms(a, text, n, scratch);
}
