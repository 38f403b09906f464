/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers out of a query like "length=7&piece=2", for genes under test. */
#ifndef CELLWS_TESTS_QUERY_H
#define CELLWS_TESTS_QUERY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellws/gene.h>

/* name: with its '='. fallback when the query does not have it. */
static inline unsigned long query_number(struct cellws_text query, const char *name, unsigned long fallback)
{
	char text[256];
	const char *found;

	snprintf(text, sizeof(text), "&%.*s", (int)query.n, query.p);
	found = strstr(text, name);
	return found && found[-1] == '&' ? strtoul(found + strlen(name), NULL, 10) : fallback;
}

/* Byte i of every body that a gene under test makes up. */
static inline char query_byte(unsigned long i)
{
	return (char)('a' + i % 23);
}

#endif
