/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done with a parsed head: answered from memory, refused, or given to a drone with its body. */
#include "cells/blood.h"
#include "http/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The variants of a head that one remembered answer cannot serve alike. */
static uint32_t request_variant(const struct conn *c, const struct http_request *r)
{
	return (c->flags & CONN_KEEP ? 1u : 0u) | (r->minor == 0 ? 2u : 0u) | (r->traits & HTTP_ACCEPT_GZIP ? 4u : 0u);
}

/* A plain GET or HEAD without a body, which any client may get the same answer to. */
static bool request_is_plain(const struct http_request *r)
{
	const uint32_t special = HTTP_IF_MATCH | HTTP_IF_NONE_MATCH | HTTP_IF_MODIFIED_SINCE | HTTP_IF_UNMODIFIED_SINCE |
				 HTTP_IF_RANGE | HTTP_RANGE | HTTP_AUTHORIZATION;

	return (r->method == HTTP_GET || r->method == HTTP_HEAD) && !(r->traits & special) && !r->has_length && !r->chunked;
}

static void request_flags(const struct artery *a, struct conn *c, const struct http_request *r)
{
	c->flags &= CONN_READABLE | CONN_CLOSED_IN;
	c->flags |= r->keep_alive && !a->leave_by ? CONN_KEEP : 0;
	c->flags |= r->method == HTTP_HEAD ? CONN_HEAD_ONLY : 0;
	c->flags |= r->chunked ? CONN_CHUNKED : 0;
	c->flags |= r->minor == 0 ? CONN_OLD : 0;
	c->flags |= r->traits & HTTP_ACCEPT_GZIP ? CONN_GZIP : 0;
	c->flags |= request_is_plain(r) ? CONN_PLAIN : 0;
	c->flags |= r->expect_continue ? CONN_CONTINUE : 0;
	c->method = r->method;
}

/* The key of a source: an IPv4 address, or the upper half of an IPv6 address. */
static uint64_t conn_source(const struct conn *c)
{
	uint64_t key = 0;

	memcpy(&key, c->addr, c->family == AF_INET ? 4 : 8);
	return key;
}

static bool prefix_covers(const struct dna_prefix *p, const struct conn *c)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (p->family != c->family || memcmp(p->addr, c->addr, whole))
		return false;
	return !rest || !((p->addr[whole] ^ c->addr[whole]) >> (8 - rest));
}

/* Over the DNA's rate and not on the never-ban list. */
static bool request_too_many(struct artery *a, const struct conn *c)
{
	const struct dna *dna = &a->t->germ->dna;

	if (!a->rate || rate_take(a->rate, conn_source(c), a->now_ms))
		return false;
	for (uint32_t i = 0; i < dna->allow_count; i++)
		if (prefix_covers(&dna->allow[i], c))
			return false;
	a->vitals->refused++;
	return true;
}

void blood_refuse(struct artery *a, uint32_t i, int status, bool keep)
{
	struct conn *c = conn_at(a, i);
	uint32_t reply;

	if (c->slot < SYNAPSE_SLOTS) {
		slot_abandon(a, c->slot);
		c->slot = SYNAPSE_SLOTS;
	}
	if (!keep || !(c->flags & CONN_KEEP) || (c->flags & CONN_OLD)) {
		keep = false;
		c->flags &= ~(uint32_t)CONN_KEEP;
	}
	reply = reply_canned(a, status, keep);
	a->vessel->reply[reply].refs++;
	blood_send(a, i, OUT_REPLY, reply, 0,
		a->vessel->reply[reply].head_n + (c->flags & CONN_HEAD_ONLY ? 0 : a->vessel->reply[reply].body_n));
}

/* Answers from memory when it can. */
static bool request_reflex(struct artery *a, uint32_t i, const char *head)
{
	struct conn *c = conn_at(a, i);
	char key[REPLY_KEY];
	uint32_t key_n, reply;
	struct reply *r;

	if (!(c->flags & CONN_PLAIN) || (a->request.traits & HTTP_CACHE_REVALIDATE))
		return false;
	key_n = reply_key(head, &a->request, key);
	if (!key_n)
		return false;
	reply = reply_find(a, key, key_n, request_variant(c, &a->request));
	if (reply == CONN_NONE)
		return false;
	r = &a->vessel->reply[reply];
	r->refs++;
	a->vitals->reflex_hits++;
	c->in_at += c->head_n;
	blood_send(a, i, OUT_REPLY, reply, 0, r->head_n + (c->flags & CONN_HEAD_ONLY ? 0 : r->body_n));
	return true;
}

/* Finds the route. 0, or the status to refuse with. */
static int request_route(struct artery *a, struct conn *c, const char *head)
{
	const struct http_request *r = &a->request;
	char path[HTTP_HEAD_MAX];
	int n = http_path_normalise(head + r->path.at, r->path.n, path, sizeof(path));
	int route;

	if (n < 0)
		return 400;
	if ((uint32_t)n > SLOT_PATH_ROOM)
		return 414;
	route = dna_route_find(&a->t->germ->dna, path, (size_t)n);
	if (route < 0)
		return 404;
	c->route = (uint32_t)route;
	return 0;
}

static int request_admit(struct artery *a, struct conn *c, const char *head)
{
	const struct http_request *r = &a->request;

	if (r->method == HTTP_TRACE || r->method == HTTP_CONNECT)
		return 405;
	if (r->has_length && r->content_length > a->t->germ->dna.body_bytes)
		return 413;
	return request_route(a, c, head);
}

/* "100 Continue" goes out in one small write, before anything else of the answer exists. */
static void request_continue(struct artery *a, struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	ssize_t n;

	(void)a;
	if (!(c->flags & CONN_CONTINUE) || c->in_end > c->in_at)
		return;
	n = send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	c->sent += n > 0 ? (uint64_t)n : 0;
}

void blood_request(struct artery *a, uint32_t i, const char *head, uint32_t head_n)
{
	struct conn *c = conn_at(a, i);
	struct http_request *r = &a->request;
	int status = http_head_parse(head, head_n, r);
	bool has_body;

	a->request_of = i;
	c->head_n = head_n;
	c->scanned = 0;
	c->body_n = 0;
	c->body_sum = 0;
	c->progress = 0;
	if (status) {
		c->flags &= ~(uint32_t)(CONN_KEEP | CONN_HEAD_ONLY);
		blood_refuse(a, i, status, false);
		return;
	}
	request_flags(a, c, r);
	if (request_too_many(a, c)) {
		blood_refuse(a, i, 429, false);
		return;
	}
	if (request_reflex(a, i, head))
		return;
	has_body = r->chunked || r->content_length;
	if (r->asterisk && !has_body) {
		c->in_at += head_n;
		blood_refuse(a, i, 200, true);
		return;
	}
	status = r->asterisk ? 400 : request_admit(a, c, head);
	if (status) {
		c->in_at += has_body ? 0 : head_n;
		blood_refuse(a, i, status, !has_body);
		return;
	}
	c->head_at = c->in_at;
	c->in_at += head_n;
	if (!has_body) {
		c->flags |= CONN_WHOLE;
		blood_ask(a, i);
		return;
	}
	/* Bodies are decoded to right behind the head, so the head has to stand at the front. */
	if (c->in_at != head_n) {
		uint32_t room;
		char *in = vessel_input(a->vessel, c, &room);

		memmove(in, in + c->in_at - head_n, c->in_end - c->in_at + head_n);
		c->in_end -= c->in_at - head_n;
		c->in_at = head_n;
		c->head_at = 0;
	}
	memset(&c->chunk, 0, sizeof(c->chunk));
	c->body_left = r->content_length;
	c->phase = CONN_BODY;
	request_continue(a, c);
	conn_deadline(a, i, a->t->germ->dna.body_ms);
}
