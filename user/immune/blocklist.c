// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Splits a block list into its lines and reads the prefix of each; pure.
#include "immune/blocklist.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* What is left of a line without its comment and the blanks around it. */
static size_t strip(const char **line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((*line)[i] == '#' || (*line)[i] == ';')
			n = i;
	while (n && is_blank(**line)) {
		++*line;
		n--;
	}
	while (n && is_blank((*line)[n - 1]))
		n--;
	return n;
}

static int visit_line(const char *line, size_t n, size_t number, blocklist_visit each, void *arg)
{
	char word[BLOCKLIST_WORD];
	unsigned int notice;
	struct address a;
	bool right;

	n = strip(&line, n);
	if (!n)
		return 0;
	right = n < sizeof(word);
	if (n >= sizeof(word))
		n = sizeof(word) - 1;
	memcpy(word, line, n);
	word[n] = 0;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)word[i] < ' ' || word[i] == 0x7f)
			word[i] = '?';
	right = right && !address_parse(word, &a, &notice);
	return each(arg, number, right ? &a : NULL, right ? notice : 0, word);
}

int blocklist_parse(const char *text, size_t n, blocklist_visit each, void *arg)
{
	size_t number = 1;
	int ret = 0;

	for (size_t at = 0; at < n && !ret; number++) {
		const char *end = memchr(text + at, '\n', n - at);
		size_t length = end ? (size_t)(end - text) - at : n - at;

		ret = visit_line(text + at, length, number, each, arg);
		at += length + 1;
	}
	return ret;
}
