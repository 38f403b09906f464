/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads Accept-Encoding: which weight gzip and identity have for this client. */

#include "genes/coding.h"

#include <string.h>
#include <strings.h>

#include "http/list.h"

static bool is(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && !strncasecmp(p, word, n);
}

/* RFC 9110 12.4.2: "q=" and 0 to 1 with up to three decimals; 0 for any other text, as the parser's trait has it. */
static int qvalue(const char *p, size_t n)
{
	if (n < 3 || n > 7 || (*p != 'q' && *p != 'Q') || p[1] != '=')
		return 0;
	if ((p[2] != '0' && p[2] != '1') || (n > 3 && p[3] != '.'))
		return 0;
	int q = (p[2] - '0') * 1000, worth = 100;
	for (size_t i = 4; i < n; i++, worth /= 10) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		q += (p[i] - '0') * worth;
	}
	return q > 1000 ? 0 : q;
}

static void lower(int *known, int q)
{
	if (*known < 0 || q < *known)
		*known = q;
}

static void add_one(struct coding *c, const char *p, size_t n)
{
	const char *semicolon = memchr(p, ';', n);
	size_t name_n = semicolon ? (size_t)(semicolon - p) : n;
	int q = 1000;

	if (semicolon) {
		const char *parameter = semicolon + 1;
		size_t left = n - name_n - 1;
		http_list_trim(&parameter, &left);
		q = qvalue(parameter, left);
	}
	http_list_trim(&p, &name_n);
	if (is(p, name_n, "gzip") || is(p, name_n, "x-gzip"))
		lower(&c->gzip, q);
	else if (is(p, name_n, "identity"))
		lower(&c->identity, q);
	else if (is(p, name_n, "*"))
		lower(&c->any, q);
}

void coding_add(struct coding *c, const char *p, size_t n)
{
	struct http_list list = {p, n};

	while (http_list_next(&list, &p, &n))
		add_one(c, p, n);
}

bool coding_gzip(const struct coding *c)
{
	int gzip = c->gzip >= 0 ? c->gzip : c->any;

	return gzip > 0 && gzip >= c->identity;
}
