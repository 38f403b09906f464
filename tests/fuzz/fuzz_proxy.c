/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes what is believed of proxies: PROXY headers (first byte x), heads (h) and elements of X-Forwarded-For. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/forwarded.h"

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			__builtin_trap();                                                                              \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly n bytes: one byte read too far is found. */
static char *exact(const uint8_t *s, size_t n)
{
	char *copy = malloc(n ? n : 1);

	MUST(copy);
	if (n)
		memcpy(copy, s, n);
	return copy;
}

static int read_exact(const uint8_t *s, size_t n, struct http_peer *p)
{
	char *copy = exact(s, n);
	int verdict;

	memset(p, 0, sizeof(*p));
	verdict = proxy_header_read(copy, n, p);
	free(copy);
	return verdict;
}

/* The verdict on some bytes is that on the shortest beginning of them that has one. */
static void fuzz_header(const uint8_t *s, size_t n)
{
	struct http_peer whole, part;
	int verdict = read_exact(s, n, &whole), early = PROXY_MORE;

	MUST(verdict == PROXY_MORE || verdict == PROXY_ABSENT || verdict == PROXY_BAD || (verdict > 0 && (size_t)verdict <= n));
	MUST(verdict <= (int)PROXY_V2_MAX);
	MUST(!whole.family || (verdict > 0 && (whole.family == AF_INET || whole.family == AF_INET6)));
	for (size_t have = 0; have <= n && early == PROXY_MORE; have++)
		early = read_exact(s, have, &part);
	MUST(early == verdict && !memcmp(&whole, &part, sizeof(part)));
}

static void fuzz_element(const uint8_t *s, size_t n)
{
	char *copy = exact(s, n);
	struct http_peer p = { 0 };
	bool is = forwarded_address(copy, n, &p);

	MUST(is == (p.family != 0));
	free(copy);
}

static bool trust_even(const void *ctx, const struct http_peer *p)
{
	(void)ctx;
	return !(p->addr[3] & 1);
}

/* The bytes as a whole request head. */
static void fuzz_fields(const uint8_t *s, size_t n)
{
	struct http_peer p = { .family = AF_INET };
	static struct http_request r;
	char *copy = exact(s, n);

	if (!http_head_parse(copy, n, &r))
		forwarded_client(copy, &r, trust_even, NULL, &p);
	MUST(p.family == AF_INET || p.family == AF_INET6);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] == 'x') {
		fuzz_header(data + 1, size - 1);
	} else if (data[0] == 'h') {
		fuzz_fields(data + 1, size - 1);
	} else {
		fuzz_element(data + 1, size - 1);
	}
	return 0;
}
