/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PROXY headers: a line of text, or lengths and addresses in binary; every length is checked before what it speaks of. */
#include "http/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static const char sign_v1[] = "PROXY ";
static const char sign_v2[] = "\r\n\r\n\0\r\nQUIT\n";

#define SIGN_V1 (sizeof(sign_v1) - 1)
#define SIGN_V2 (sizeof(sign_v2) - 1)
#define HEAD_V2 16u /* signature, version and command, family, length */

enum {
	V2_VERSION = 0x20,
	V2_LOCAL = 0,
	V2_PROXY = 1,
};

/* Bytes of the two addresses by family: none, IPv4, IPv6, Unix. */
static const uint16_t v2_room[] = { 0, 12, 36, 216 };
#define V2_FAMILIES  (sizeof(v2_room) / sizeof(*v2_room))
#define V2_TRANSPORT 2u /* largest: unspecified, stream, datagram */

void http_peer_unmap(struct http_peer *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (p->family != AF_INET6 || memcmp(p->addr, mapped, sizeof(mapped)))
		return;
	p->family = AF_INET;
	memmove(p->addr, p->addr + 12, 4);
	memset(p->addr + 4, 0, 12);
}

/* One word of the line, up to a blank or its end. */
struct word {
	const char *at;
	size_t n;
};

static bool word_take(const char **at, const char *end, struct word *w)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));

	w->at = *at;
	w->n = (size_t)((blank ? blank : end) - *at);
	*at = blank ? blank + 1 : NULL;
	return w->n > 0;
}

static bool word_address(const struct word *w, int family, struct http_peer *p)
{
	char text[INET6_ADDRSTRLEN];

	if (w->n >= sizeof(text) || memchr(w->at, 0, w->n))
		return false;
	memcpy(text, w->at, w->n);
	text[w->n] = 0;
	memset(p->addr, 0, sizeof(p->addr));
	p->family = (uint16_t)family;
	return inet_pton(family, text, p->addr) == 1;
}

/* Decimal, without a zero in front. */
static bool word_port(const struct word *w, uint16_t *port)
{
	uint32_t n = 0;

	if (w->n > 5 || (w->n > 1 && w->at[0] == '0'))
		return false;
	for (size_t i = 0; i < w->n; i++) {
		if (w->at[i] < '0' || w->at[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(w->at[i] - '0');
	}
	*port = (uint16_t)n;
	return n <= UINT16_MAX;
}

/* Behind the family: source, destination, source port, destination port, with one blank between, and nothing else. */
static bool line_addresses(const char *at, const char *end, int family, struct http_peer *client)
{
	struct http_peer source, target;
	struct word w[4];

	for (unsigned i = 0; i < 4; i++)
		if (!at || !word_take(&at, end, &w[i]))
			return false;
	if (at || !word_address(&w[0], family, &source) || !word_address(&w[1], family, &target) ||
		!word_port(&w[2], &source.port) || !word_port(&w[3], &target.port))
		return false;
	http_peer_unmap(&source);
	*client = source;
	return true;
}

static bool word_is(const struct word *w, const char *text)
{
	return w->n == strlen(text) && !memcmp(w->at, text, w->n);
}

static bool line_read(const char *line, const char *end, struct http_peer *client)
{
	const char *at = line + SIGN_V1;
	struct word family;

	if (memchr(line, '\r', (size_t)(end - line)) || !word_take(&at, end, &family))
		return false;
	/* What follows it is to be ignored (section 2.1). */
	if (word_is(&family, "UNKNOWN"))
		return true;
	if (!at)
		return false;
	if (word_is(&family, "TCP4"))
		return line_addresses(at, end, AF_INET, client);
	return word_is(&family, "TCP6") && line_addresses(at, end, AF_INET6, client);
}

static int read_v1(const char *buf, size_t n, struct http_peer *client)
{
	size_t seen = n < PROXY_V1_MAX ? n : PROXY_V1_MAX;
	const char *lf = memchr(buf, '\n', seen);

	if (!lf)
		return n < PROXY_V1_MAX ? PROXY_MORE : PROXY_BAD;
	if (lf[-1] != '\r' || !line_read(buf, lf - 1, client))
		return PROXY_BAD;
	return (int)(lf + 1 - buf);
}

static void take_v2(const uint8_t *addresses, unsigned family, struct http_peer *client)
{
	struct http_peer p = { .family = family == 1 ? AF_INET : AF_INET6 };
	size_t n = family == 1 ? 4 : 16;

	memcpy(p.addr, addresses, n);
	p.port = (uint16_t)(addresses[2 * n] << 8 | addresses[2 * n + 1]);
	http_peer_unmap(&p);
	*client = p;
}

static int read_v2(const char *buf, size_t n, struct http_peer *client)
{
	const uint8_t *b = (const uint8_t *)buf;
	unsigned family, transport;
	size_t length;

	if (n > SIGN_V2 && (b[12] & 0xf0) != V2_VERSION)
		return PROXY_BAD;
	if (n > SIGN_V2 && (b[12] & 0x0f) > V2_PROXY)
		return PROXY_BAD;
	if (n < HEAD_V2)
		return PROXY_MORE;
	family = b[13] >> 4;
	transport = b[13] & 0x0f;
	length = (size_t)(b[14] << 8 | b[15]);
	if (HEAD_V2 + length > PROXY_V2_MAX)
		return PROXY_BAD;
	/* The receiver of a LOCAL one looks at nothing but its length (section 2.2). */
	if ((b[12] & 0x0f) == V2_PROXY && (family >= V2_FAMILIES || transport > V2_TRANSPORT || length < v2_room[family]))
		return PROXY_BAD;
	if (n < HEAD_V2 + length)
		return PROXY_MORE;
	if ((b[12] & 0x0f) == V2_PROXY && transport == 1 && (family == 1 || family == 2))
		take_v2(b + HEAD_V2, family, client);
	return (int)(HEAD_V2 + length);
}

/* Whether what has come of a signature is right so far. */
static bool begins(const char *buf, size_t n, const char *sign, size_t sign_n)
{
	return !memcmp(buf, sign, n < sign_n ? n : sign_n);
}

int proxy_header_read(const char *buf, size_t n, struct http_peer *client)
{
	if (begins(buf, n, sign_v1, SIGN_V1))
		return n < SIGN_V1 ? PROXY_MORE : read_v1(buf, n, client);
	if (begins(buf, n, sign_v2, SIGN_V2))
		return n < SIGN_V2 ? PROXY_MORE : read_v2(buf, n, client);
	return PROXY_ABSENT;
}
