/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* X-Forwarded-For from right to left: each proxy has added the address it was asked from. */
#include "http/forwarded.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static bool port_is_plain(const char *text, size_t n)
{
	if (!n || n > 5)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static bool address_read(const char *text, size_t n, int family, struct http_peer *to)
{
	struct http_peer p = { .family = (uint16_t)family };
	char copy[INET6_ADDRSTRLEN];

	if (!n || n >= sizeof(copy) || memchr(text, 0, n))
		return false;
	memcpy(copy, text, n);
	copy[n] = 0;
	if (inet_pton(family, copy, p.addr) != 1)
		return false;
	http_peer_unmap(&p);
	*to = p;
	return true;
}

bool forwarded_address(const char *text, size_t n, struct http_peer *to)
{
	const char *colon = memchr(text, ':', n), *bracket;
	size_t rest;

	if (n && text[0] == '[') {
		bracket = memchr(text, ']', n);
		if (!bracket)
			return false;
		rest = n - (size_t)(bracket + 1 - text);
		if (rest && (bracket[1] != ':' || !port_is_plain(bracket + 2, rest - 1)))
			return false;
		return address_read(text + 1, (size_t)(bracket - text) - 1, AF_INET6, to);
	}
	if (!colon)
		return address_read(text, n, AF_INET, to);
	rest = n - (size_t)(colon + 1 - text);
	if (memchr(colon + 1, ':', rest))
		return address_read(text, n, AF_INET6, to);
	return port_is_plain(colon + 1, rest) && address_read(text, (size_t)(colon - text), AF_INET, to);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The last element of a list of *n bytes, without blanks; *n: what is left of the list. */
static const char *list_pop(const char *list, size_t *n, size_t *element_n)
{
	size_t from = *n, to = *n;

	while (from && list[from - 1] != ',')
		from--;
	*n = from ? from - 1 : 0;
	while (from < to && is_blank(list[from]))
		from++;
	while (to > from && is_blank(list[to - 1]))
		to--;
	*element_n = to - from;
	return list + from;
}

enum { GO_ON, FOUND, NOBODY };

/* One field, from its right end. */
static int field_walk(const char *list, size_t n, forwarded_trust trust, const void *ctx, struct http_peer *client)
{
	while (n) {
		size_t element_n;
		const char *element = list_pop(list, &n, &element_n);

		if (!forwarded_address(element, element_n, client))
			return NOBODY;
		if (!trust(ctx, client))
			return FOUND;
	}
	return GO_ON;
}

void forwarded_client(const char *head, const struct http_request *r, forwarded_trust trust, const void *ctx, struct http_peer *client)
{
	struct http_peer at = *client;
	uint8_t field[HTTP_HEADERS_MAX];
	unsigned fields = 0;
	int i = -1, found = GO_ON;

	while ((i = http_header_find(head, r, "x-forwarded-for", (unsigned)(i + 1))) >= 0)
		field[fields++] = (uint8_t)i;
	while (fields && found == GO_ON) {
		const struct http_span *v = &r->headers[field[--fields]].value;

		found = field_walk(head + v->at, v->n, trust, ctx, &at);
	}
	if (found != NOBODY)
		*client = at;
}
