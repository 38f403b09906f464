/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the value of Host, or the authority of a target, names a host. */
#include <arpa/inet.h>
#include <string.h>

#include "http/bytes.h"
#include "http/head.h"

/* s begins with '['. Bytes up to and with the closing bracket around an IPv6 address, or 0. */
static size_t v6_bytes(const char *s, size_t n)
{
	const char *close = memchr(s, ']', n);
	size_t inner = close ? (size_t)(close - s) - 1 : 0;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (inner == 0 || inner >= sizeof(text))
		return 0;
	memcpy(text, s + 1, inner);
	text[inner] = '\0';
	return memchr(text, '\0', inner) || inet_pton(AF_INET6, text, &addr) != 1 ? 0 : inner + 2;
}

/* The part behind the colon: nothing, or up to 65535. */
static bool port_valid(const char *s, size_t n)
{
	unsigned port = 0;

	if (n > 5 || !http_bytes_are(s, n, BYTE_DIGIT))
		return false;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned)(s[i] - '0');
	return port <= 65535;
}

bool http_host_valid(const char *s, size_t n)
{
	size_t host = 0;

	if (n && s[0] == '[') {
		host = v6_bytes(s, n);
	} else {
		while (host < n && http_byte_is(s[host], BYTE_HOST))
			host++;
	}
	if (host == 0)
		return false;
	return host == n || (s[host] == ':' && port_valid(s + host + 1, n - host - 1));
}
