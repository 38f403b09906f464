// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Builds frames byte by byte, so that a test can also ask for frames that no stack would send.
#include "packet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

struct writer {
	uint8_t *to;
	size_t n;
};

static void put(struct writer *w, const void *bytes, size_t n)
{
	assert(w->n + n <= PACKET_MAX);
	memcpy(w->to + w->n, bytes, n);
	w->n += n;
}

static void fill(struct writer *w, uint8_t byte, size_t n)
{
	assert(w->n + n <= PACKET_MAX);
	memset(w->to + w->n, byte, n);
	w->n += n;
}

static void put8(struct writer *w, unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	put(w, &byte, 1);
}

static void put16(struct writer *w, unsigned int value)
{
	put8(w, value >> 8 & 0xff);
	put8(w, value & 0xff);
}

static void put_address(struct writer *w, int family, const char *text)
{
	uint8_t bytes[16];
	int ok = inet_pton(family, text, bytes);

	assert(ok == 1);
	put(w, bytes, family == AF_INET ? 4 : 16);
}

static void put_ethernet(struct writer *w, const struct packet_recipe *r)
{
	unsigned int type = r->family == 4 ? 0x0800 : r->family == 6 ? 0x86dd : (unsigned int)r->family;

	fill(w, 0x02, 6);
	fill(w, 0x04, 6);
	for (unsigned int i = 0; i < r->tags; i++) {
		put16(w, i == 0 ? r->outer_tag : 0x8100);
		put16(w, 100 + i);
	}
	put16(w, type);
}

static void put_ipv4(struct writer *w, const struct packet_recipe *r, size_t payload)
{
	size_t header = r->ip_words > 5 ? r->ip_words * 4u : 20;

	put8(w, (unsigned int)r->version << 4 | r->ip_words);
	put8(w, 0);
	put16(w, (unsigned int)((int)(header + payload) + r->length_off));
	put16(w, 0x1234);
	put16(w, r->fragment);
	put8(w, 64);
	put8(w, r->protocol);
	put16(w, 0);
	put_address(w, AF_INET, r->source);
	put_address(w, AF_INET, r->dest);
	fill(w, 0x01, header - 20);
}

static size_t extension_bytes(const struct packet_recipe *r, uint8_t kind)
{
	if (kind == PACKET_FRAGMENT)
		return 8;
	return kind == PACKET_AH ? 12 : (r->chain_units + 1u) * 8;
}

static void put_chain(struct writer *w, const struct packet_recipe *r)
{
	for (const uint8_t *kind = r->chain; *kind != PACKET_END; kind++) {
		size_t bytes = extension_bytes(r, *kind);

		put8(w, kind[1] != PACKET_END ? kind[1] : r->protocol);
		if (*kind == PACKET_FRAGMENT) {
			put8(w, 0);
			put16(w, r->fragment);
			fill(w, 0x77, 4);
		} else {
			put8(w, *kind == PACKET_AH ? 1 : r->chain_units);
			fill(w, 0, bytes - 2);
		}
	}
}

static void put_ipv6(struct writer *w, const struct packet_recipe *r, size_t payload)
{
	for (const uint8_t *kind = r->chain; *kind != PACKET_END; kind++)
		payload += extension_bytes(r, *kind);
	put16(w, (unsigned int)r->version << 12);
	put16(w, 0);
	put16(w, (unsigned int)((int)payload + r->length_off));
	put8(w, r->chain[0] != PACKET_END ? r->chain[0] : r->protocol);
	put8(w, 64);
	put_address(w, AF_INET6, r->source);
	put_address(w, AF_INET6, r->dest);
	put_chain(w, r);
}

static void put_tcp(struct writer *w, const struct packet_recipe *r)
{
	uint8_t header[60] = { 0 };
	struct writer h = { .to = header };

	assert(r->tcp_bytes <= sizeof(header));
	put16(&h, r->source_port);
	put16(&h, r->dest_port);
	fill(&h, 0x11, 4);
	fill(&h, 0x22, 4);
	put8(&h, (unsigned int)r->tcp_words << 4);
	put8(&h, r->flags);
	put16(&h, 0xffff);
	fill(&h, 0, 4);
	fill(&h, 0x01, 40);
	put(w, header, r->tcp_bytes);
	fill(w, 'd', r->data);
}

size_t packet_build(const struct packet_recipe *r, uint8_t *to)
{
	struct writer w = { .to = to };
	size_t payload = (size_t)r->tcp_bytes + r->data;

	put_ethernet(&w, r);
	if (r->family == 4)
		put_ipv4(&w, r, payload);
	else if (r->family == 6)
		put_ipv6(&w, r, payload);
	put_tcp(&w, r);
	fill(&w, 0xff, r->padding);
	assert(r->cut <= w.n);
	return r->cut ? r->cut : w.n;
}
