/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The methods the server knows, from the table in parse.h. */
#include <string.h>

#include "http/head.h"

static const struct {
	char name[8];
	uint8_t n;
	bool idempotent;
} methods[HTTP_METHOD_COUNT] = {
#define X(id, same) [HTTP_##id] = {#id, sizeof(#id) - 1, same},
	HTTP_METHODS(X)
#undef X
};

enum http_method http_method_find(const char *s, size_t n)
{
	for (unsigned i = 1; i < HTTP_METHOD_COUNT; i++) {
		if (methods[i].n == n && memcmp(methods[i].name, s, n) == 0)
			return (enum http_method)i;
	}
	return HTTP_METHOD_NONE;
}

const char *http_method_name(enum http_method m)
{
	return (unsigned)m < HTTP_METHOD_COUNT ? methods[m].name : "";
}

bool http_method_idempotent(enum http_method m)
{
	return (unsigned)m < HTTP_METHOD_COUNT && methods[m].idempotent;
}
