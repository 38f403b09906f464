/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reflex: complete answers in the vessel's memory, remembered ones by key and canned ones by status. */
#include "cells/blood.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X(status): what blood answers by itself. */
#define CANNED(X) X(200) X(400) X(403) X(404) X(405) X(408) X(413) X(414) X(417) X(429) X(431) X(500) X(501) X(502) X(503) X(504) X(505)

static const int canned_status[] = {
#define X(status) status,
	CANNED(X)
#undef X
};
#define CANNED_COUNT (sizeof(canned_status) / sizeof(*canned_status))
_Static_assert(2 * CANNED_COUNT <= REPLY_CANNED, "every canned reply has its place");

#define REPLY_FIRST_CANNED (REPLY_SETS * REPLY_WAYS)

static const char *canned_extra(int status)
{
	switch (status) {
	case 200:
	case 405:
		return "Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n";
	case 429:
	case 503:
		return "Retry-After: 1\r\n";
	default:
		return "";
	}
}

static void canned_make(struct vessel *v, uint32_t at, int status, bool keep)
{
	struct reply *r = &v->reply[REPLY_FIRST_CANNED + at];
	char body[64], *to = v->canned[at];
	int body_n = status == 200 ? 0 : snprintf(body, sizeof(body), "%d %s\n", status, http_reason(status));
	int head_n = snprintf(to, CANNED_BYTES,
		"HTTP/1.1 %d %s\r\nDate: %29s\r\n%s%sContent-Length: %d\r\n%s\r\n", status, http_reason(status), "",
		canned_extra(status), body_n ? "Content-Type: text/plain; charset=utf-8\r\n" : "", body_n,
		keep ? "" : "Connection: close\r\n");

	cw_assert(head_n > 0 && body_n >= 0 && (unsigned)head_n + (unsigned)body_n < CANNED_BYTES);
	memcpy(to + head_n, body, (size_t)body_n);
	memset(r, 0, sizeof(*r));
	r->head_n = (uint32_t)head_n;
	r->body_n = (uint32_t)body_n;
	r->date_at = (uint32_t)(strstr(to, "Date: ") - to) + 6;
	r->status = (uint32_t)status;
}

void reply_init(struct artery *a)
{
	for (uint32_t i = 0; i < CANNED_COUNT; i++) {
		canned_make(a->vessel, 2 * i, canned_status[i], false);
		canned_make(a->vessel, 2 * i + 1, canned_status[i], true);
	}
}

/* Puts the present second into a reply nobody is in the middle of sending. */
void reply_fresh_date(struct artery *a, uint32_t reply)
{
	struct reply *r = &a->vessel->reply[reply];

	if (r->date == a->now_s || r->refs)
		return;
	r->date = 0;
	memcpy(vessel_reply_bytes(a->vessel, reply) + r->date_at, a->date, HTTP_DATE_BYTES);
	r->date = a->now_s;
}

uint32_t reply_canned(struct artery *a, int status, bool keep)
{
	uint32_t i, reply;

	for (i = 0; i < CANNED_COUNT && canned_status[i] != status; i++)
		;
	cw_assert(i < CANNED_COUNT);
	reply = REPLY_FIRST_CANNED + 2 * i + (keep ? 1 : 0);
	reply_fresh_date(a, reply);
	return reply;
}

uint32_t reply_key(const char *head, struct http_span target, struct http_span host, char *key)
{
	uint32_t n = target.n + 1u + host.n;

	if (n > sizeof(((struct reply *)0)->key) || !target.n)
		return 0;
	memcpy(key, head + target.at, target.n);
	key[target.n] = ' ';
	memcpy(key + target.n + 1, head + host.at, host.n);
	return n;
}

/* Mixes eight bytes at a time; keys come from outside, but the worst they can do is to push each other out. */
static uint32_t key_hash(const char *key, uint32_t n, uint32_t variant)
{
	uint64_t h = 0x9e3779b97f4a7c15ULL * (n + 1) + variant, part;

	for (; n >= 8; n -= 8, key += 8) {
		memcpy(&part, key, 8);
		h = (h ^ part) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	part = 0;
	memcpy(&part, key, n);
	h = (h ^ part) * 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(h ^ h >> 29);
}

static bool reply_is(const struct reply *r, uint32_t hash, const char *key, uint32_t n, uint32_t variant)
{
	return r->hash == hash && r->key_n == n && r->variant == variant && !memcmp(r->key, key, n);
}

uint32_t reply_find(struct artery *a, const char *key, uint32_t key_n, uint32_t variant)
{
	uint32_t hash = key_hash(key, key_n, variant), first = hash % REPLY_SETS * REPLY_WAYS;

	for (uint32_t i = first; i < first + REPLY_WAYS; i++) {
		struct reply *r = &a->vessel->reply[i];

		if (!reply_is(r, hash, key, key_n, variant) || a->now_ms >= r->fresh_until)
			continue;
		r->used = a->now_ms;
		reply_fresh_date(a, i);
		return i;
	}
	return CONN_NONE;
}

void reply_forget(struct artery *a)
{
	for (uint32_t i = 0; i < REPLY_FIRST_CANNED; i++)
		a->vessel->reply[i].fresh_until = 0;
	a->remembered_until = 0;
}

/* The place for a new reply: its own old one, else the one longest unused; one that is being sent is left alone. */
static uint32_t reply_place(struct artery *a, uint32_t hash, const char *key, uint32_t key_n, uint32_t variant)
{
	uint32_t first = hash % REPLY_SETS * REPLY_WAYS, best = CONN_NONE;

	for (uint32_t i = first; i < first + REPLY_WAYS; i++) {
		struct reply *r = &a->vessel->reply[i];

		if (r->refs)
			continue;
		if (reply_is(r, hash, key, key_n, variant))
			return i;
		if (best == CONN_NONE || r->used < a->vessel->reply[best].used)
			best = i;
	}
	return best;
}

void reply_remember(struct artery *a, const char *key, uint32_t key_n, uint32_t variant, const char *bytes,
	uint32_t head_n, uint32_t body_n, uint32_t date_at, uint32_t fresh_ms)
{
	uint32_t hash = key_hash(key, key_n, variant);
	uint32_t i = reply_place(a, hash, key, key_n, variant);
	struct reply *r;

	if (i == CONN_NONE)
		return;
	r = &a->vessel->reply[i];
	r->key_n = 0; /* empty while it is written */
	memcpy(vessel_reply_bytes(a->vessel, i), bytes, (size_t)head_n + body_n);
	memcpy(r->key, key, key_n);
	r->hash = hash;
	r->variant = variant;
	r->head_n = head_n;
	r->body_n = body_n;
	r->date_at = date_at;
	r->status = (uint32_t)atoi(bytes + sizeof("HTTP/1.1"));
	r->date = a->now_s;
	r->fresh_until = a->now_ms + fresh_ms;
	if (r->fresh_until > a->remembered_until)
		a->remembered_until = r->fresh_until;
	r->used = a->now_ms;
	r->key_n = key_n;
}
