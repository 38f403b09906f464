/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Comma-separated lists in field values, by RFC 9110 5.6.1. */
#ifndef CELLWS_HTTP_LIST_H
#define CELLWS_HTTP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* What is still to come of a list; rest is NULL after the last element. */
struct http_list {
	const char *rest;
	size_t n;
};

/* Takes the blanks (SP, HTAB) from both ends. */
static inline void http_list_trim(const char **p, size_t *n)
{
	while (*n && (**p == ' ' || **p == '\t')) {
		++*p;
		--*n;
	}
	while (*n && ((*p)[*n - 1] == ' ' || (*p)[*n - 1] == '\t'))
		--*n;
}

/*
 * The next element without the blanks around it; false when there is none. Empty elements are given too: the caller
 * decides. Quoted strings are not known here: a comma inside one splits it.
 */
static inline bool http_list_next(struct http_list *l, const char **p, size_t *n)
{
	const char *comma;

	if (!l->rest)
		return false;
	comma = memchr(l->rest, ',', l->n);
	*p = l->rest;
	*n = comma ? (size_t)(comma - l->rest) : l->n;
	l->rest = comma ? comma + 1 : NULL;
	l->n -= comma ? *n + 1 : *n;
	http_list_trim(p, n);
	return true;
}

#endif
