/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a connection speaks for: its peer, or behind trusted proxies whom their PROXY header or X-Forwarded-For names. */
#include "cells/blood.h"
#include "http/forwarded.h"
#include "immune/ttl.h"
#include "shared/verdict.h"

#include <bpf/bpf.h>
#include <string.h>
#include <sys/socket.h>

static bool prefix_covers(const struct dna_prefix *p, uint16_t family, const uint8_t *addr)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (p->family != family || memcmp(p->addr, addr, whole))
		return false;
	return !rest || !((p->addr[whole] ^ addr[whole]) >> (8 - rest));
}

static bool any_covers(const struct dna_prefix *list, uint32_t n, uint16_t family, const uint8_t *addr)
{
	for (uint32_t i = 0; i < n; i++)
		if (prefix_covers(&list[i], family, addr))
			return true;
	return false;
}

bool client_is_in(const struct dna_prefix *list, uint32_t n, const struct conn *c)
{
	return any_covers(list, n, c->family, c->addr);
}

static bool is_trusted(const void *ctx, const struct http_peer *p)
{
	const struct dna *dna = ctx;

	return any_covers(dna->trusted, dna->trusted_count, p->family, p->addr);
}

static void client_set(struct conn *c, const struct http_peer *p)
{
	memcpy(c->addr, p->addr, sizeof(c->addr));
	c->family = p->family;
	c->port = p->port;
}

void client_enter(const struct dna *dna, struct conn *c)
{
	if (!dna->trusted_count)
		return;
	memcpy(c->peer.addr, c->addr, sizeof(c->addr));
	c->peer.family = c->family;
	c->peer.port = c->port;
	c->via = is_trusted(dna, &c->peer) ? VIA_PROXY | VIA_FORWARDED : 0;
}

void client_begin(struct conn *c)
{
	if (c->via)
		client_set(c, &c->peer);
}

/*
 * The header is the connection's first bytes, and until `used` moves behind it all of this can be done again: every store
 * before is an assignment of what the same bytes say, and whether the peer is trusted was settled before the first of them.
 */
int client_header(struct artery *a, struct conn *c)
{
	const struct dna *dna = &a->t->germ->dna;
	struct http_peer client = c->peer;
	int n;

	if (dna->proxy_protocol == DNA_PROXY_OFF || !(c->via & VIA_PROXY) || c->used)
		return 1;
	n = proxy_header_read(vessel_byte(a->vessel, c, 0), (size_t)c->received, &client);
	if (n == PROXY_ABSENT)
		return dna->proxy_protocol == DNA_PROXY_OPTIONAL ? 1 : -400;
	if (n <= 0)
		return n;
	c->peer = client;
	c->via = VIA_PROXY | (is_trusted(dna, &client) ? VIA_FORWARDED : 0);
	client_set(c, &client);
	c->scanned = 0;
	COMMIT();
	c->used = (uint64_t)n;
	COMMIT();
	return 1;
}

void client_of_request(struct artery *a, struct conn *c, const char *head)
{
	struct http_peer client = c->peer;

	if (!(c->via & VIA_FORWARDED))
		return;
	forwarded_client(head, &a->request, is_trusted, &a->t->germ->dna, &client);
	client_set(c, &client);
}

uint64_t client_key(const struct conn *c)
{
	uint64_t key = 0;

	memcpy(&key, c->addr, c->family == AF_INET ? 4 : 8);
	return key;
}

void client_claim(const struct conn *c, struct source *to)
{
	memset(to, 0, sizeof(*to));
	if (!(c->via & VIA_PROXY))
		return;
	to->key = client_key(c);
	to->family = c->family == AF_INET ? 4 : 6;
	to->via = 1;
}

bool client_is_refused(const struct conn *c)
{
	struct antibody ban;
	struct source key;

	client_claim(c, &key);
	if (!key.family || bpf_map_lookup_elem(FD_REFUSED, &key, &ban))
		return false;
	return !ttl_expired(clock_boot_ns(), ban.expires_ns);
}
