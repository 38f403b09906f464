/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds media types in a hash table of extensions, built once from the system's file and the table of our own. */
#include "http/mime.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/bytes.h"
#include "http/mime_table.h"

#define CHARSET	      "; charset=utf-8"
#define UNKNOWN	      "application/octet-stream"
#define EXTENSION_MAX 32u /* with the NUL; longer ones are unknown */

struct entry {
	const char *extension; /* lower case, NULL: free */
	const char *type;
};

struct http_mime {
	char *text; /* all strings from the file */
	size_t mask;
	struct entry slots[];
};

static const struct entry built_in[] = {
#define X(extension, type) {extension, type},
#define T(extension, type) {extension, type CHARSET},
	HTTP_MIME_TYPES(X, T)
#undef T
#undef X
};

#define BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* FNV-1a. The file is the operator's, so nobody chooses colliding extensions. */
static size_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* The slot of an extension: its own, or the free one where it belongs. The table is never full. */
static size_t slot(const struct http_mime *m, const char *extension)
{
	size_t i = hash(extension) & m->mask;

	while (m->slots[i].extension && strcmp(m->slots[i].extension, extension) != 0)
		i = (i + 1) & m->mask;
	return i;
}

static void put(struct http_mime *m, const char *extension, const char *type)
{
	m->slots[slot(m, extension)] = (struct entry){extension, type};
}

/* The next word of text[*at..end) before a comment; false at the end of the line or of its sense. */
static bool next_word(const char *text, size_t *at, size_t end, const char **word, size_t *n)
{
	while (*at < end && (text[*at] == ' ' || text[*at] == '\t' || text[*at] == '\r'))
		++*at;
	*word = text + *at;
	while (*at < end && (uint8_t)text[*at] > ' ' && text[*at] != '#')
		++*at;
	*n = (size_t)(text + *at - *word);
	return *n > 0;
}

/* A token, a slash, a token: nothing else may get into an answer's header. */
static bool is_type(const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	size_t at = slash ? (size_t)(slash - s) : 0;

	return at > 0 && at + 1 < n && http_bytes_are(s, at, BYTE_TOKEN) &&
	       http_bytes_are(slash + 1, n - at - 1, BYTE_TOKEN);
}

static bool wants_charset(const char *s, size_t n)
{
	const char script[] = "application/javascript";

	return (n > 5 && memcmp(s, "text/", 5) == 0) || (n == sizeof(script) - 1 && memcmp(s, script, n) == 0);
}

/* Copies a type to *to with its charset and a NUL. */
static const char *store_type(char **to, const char *s, size_t n)
{
	char *type = *to;

	*to = mempcpy(*to, s, n);
	if (wants_charset(s, n))
		*to = mempcpy(*to, CHARSET, sizeof(CHARSET) - 1);
	*(*to)++ = '\0';
	return type;
}

/* Copies an extension to *to in lower case and with a NUL. */
static const char *store_extension(char **to, const char *s, size_t n)
{
	char *extension = *to;

	for (size_t i = 0; i < n; i++)
		*(*to)++ = lower(s[i]);
	*(*to)++ = '\0';
	return extension;
}

/* One line text[at..end). The type is stored when it turns out to have an extension. */
static void read_line(struct http_mime *m, char **to, const char *text, size_t at, size_t end)
{
	const char *word, *name, *type = NULL;
	size_t n, name_n;

	if (!next_word(text, &at, end, &name, &name_n) || !is_type(name, name_n))
		return;
	while (next_word(text, &at, end, &word, &n)) {
		if (n >= EXTENSION_MAX || memchr(word, '\0', n))
			continue;
		if (!type)
			type = store_type(to, name, name_n);
		put(m, store_extension(to, word, n), type);
	}
}

/* Room for n bytes of file: slots for every extension it can hold, and for the strings. NULL when out of memory. */
static struct http_mime *make_room(size_t n, size_t words, size_t lines)
{
	struct http_mime *m;
	size_t slots = 64;

	while (slots < 2 * (words + BUILT_IN))
		slots *= 2;
	m = calloc(1, sizeof(*m) + slots * sizeof(m->slots[0]));
	if (!m)
		return NULL;
	m->mask = slots - 1;
	m->text = malloc(n + words + lines * sizeof(CHARSET));
	if (m->text)
		return m;
	free(m);
	return NULL;
}

struct http_mime *http_mime_new(const char *text, size_t n)
{
	size_t words = 1, lines = 1, end;
	struct http_mime *m;
	char *to;

	for (size_t i = 0; i < n; i++) {
		words += (uint8_t)text[i] <= ' ' || text[i] == '#';
		lines += text[i] == '\n';
	}
	m = make_room(n, words, lines);
	if (!m)
		return NULL;
	for (size_t i = 0; i < BUILT_IN; i++)
		put(m, built_in[i].extension, built_in[i].type);
	to = m->text;
	for (size_t at = 0; at < n; at = end + 1) {
		const char *line = memchr(text + at, '\n', n - at);

		end = line ? (size_t)(line - text) : n;
		read_line(m, &to, text, at, end);
	}
	return m;
}

void http_mime_free(struct http_mime *m)
{
	if (m)
		free(m->text);
	free(m);
}

/* The last extension of path in lower case. False when it has none, or one too long to be known. */
static bool read_extension(const char *path, size_t n, char to[EXTENSION_MAX])
{
	size_t from = n;

	while (from > 0 && path[from - 1] != '.' && path[from - 1] != '/' && n - from < EXTENSION_MAX)
		from--;
	if (from == 0 || path[from - 1] != '.' || from == n || n - from >= EXTENSION_MAX)
		return false;
	for (size_t i = from; i < n; i++)
		*to++ = lower(path[i]);
	*to = '\0';
	return true;
}

const char *http_mime_find(const struct http_mime *m, const char *path, size_t n)
{
	char extension[EXTENSION_MAX];
	const char *type;

	if (!read_extension(path, n, extension))
		return UNKNOWN;
	if (m) {
		type = m->slots[slot(m, extension)].type;
		return type ? type : UNKNOWN;
	}
	for (size_t i = 0; i < BUILT_IN; i++) {
		if (strcmp(built_in[i].extension, extension) == 0)
			return built_in[i].type;
	}
	return UNKNOWN;
}
