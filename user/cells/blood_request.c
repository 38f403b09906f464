/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done with a parsed head: answered from memory, refused, or given to a drone with its body. */
#include "cells/blood.h"
#include "http/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

uint32_t blood_variant(const struct conn *c)
{
	return (c->flags & CONN_KEEP ? 1u : 0u) | (c->flags & CONN_OLD ? 2u : 0u) | (c->flags & CONN_GZIP ? 4u : 0u);
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
	c->flags &= CONN_LASTING;
	c->flags |= r->keep_alive && !a->leave_by ? CONN_KEEP : 0;
	c->flags |= r->method == HTTP_HEAD ? CONN_HEAD_ONLY : 0;
	c->flags |= r->chunked ? CONN_CHUNKED : 0;
	c->flags |= r->minor == 0 ? CONN_OLD : 0;
	c->flags |= r->traits & HTTP_ACCEPT_GZIP ? CONN_GZIP : 0;
	c->flags |= request_is_plain(r) ? CONN_PLAIN : 0;
	c->flags |= r->chunked || r->content_length ? CONN_HAS_BODY : 0;
	c->method = r->method;
}

void blood_refuse(struct artery *a, uint32_t i, int status, bool keep)
{
	struct conn *c = conn_at(a, i);
	uint32_t reply, n;

	if (!keep || !(c->flags & CONN_KEEP) || (c->flags & CONN_OLD)) {
		keep = false;
		c->flags &= ~(uint32_t)CONN_KEEP;
	}
	if (status != 404 || missing_is_news(a, c, a->path, a->path_n))
		screen_status(a, c, status);
	reply = reply_canned(a, status, keep);
	n = a->vessel->reply[reply].head_n + (c->flags & CONN_HEAD_ONLY ? 0 : a->vessel->reply[reply].body_n);
	a->vessel->reply[reply].refs++;
	blood_send(a, i, &(struct conn_out){ .kind = OUT_REPLY, .ref = reply, .n = n, .last = 1 });
}

/* Answers from memory when it can. */
static bool request_reflex(struct artery *a, uint32_t i, const char *head)
{
	struct conn *c = conn_at(a, i);
	char key[REPLY_KEY];
	uint32_t key_n, reply, n;
	struct reply *r;

	if (!(c->flags & CONN_PLAIN) || (a->request.traits & HTTP_CACHE_REVALIDATE) || a->now_ms >= a->remembered_until)
		return false;
	key_n = reply_key(head, a->request.target, a->request.host, key);
	if (!key_n)
		return false;
	reply = reply_find(a, key, key_n, blood_variant(c));
	if (reply == CONN_NONE)
		return false;
	r = &a->vessel->reply[reply];
	r->refs++;
	a->vitals->reflex_hits++;
	screen_status(a, c, (int)r->status);
	n = r->head_n + (c->flags & CONN_HEAD_ONLY ? 0 : r->body_n);
	blood_send(a, i, &(struct conn_out){ .kind = OUT_REPLY, .ref = reply, .n = n, .last = 1 });
	return true;
}

int request_path(struct artery *a, const char *head)
{
	const struct http_request *r = &a->request;
	int n = http_path_normalise(head + r->path.at, r->path.n, a->path, sizeof(a->path));

	if (n < 0)
		return r->path.n > sizeof(a->path) ? 414 : 400;
	a->path_n = (uint32_t)n;
	return 0;
}

/* Finds the route. 0, or the status to refuse with. */
static int request_route(struct artery *a, struct conn *c, const char *head)
{
	int status = request_path(a, head), route;

	if (status)
		return status;
	route = dna_route_find(&a->t->germ->dna, a->path, a->path_n);
	if (route < 0)
		return 404;
	c->route = (uint32_t)route;
	c->generation = a->t->generation;
	c->deadline_ms = a->t->germ->dna.route[route].deadline_ms;
	return 0;
}

bool request_reroute(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	const char *head = vessel_byte(a->vessel, c, c->used);

	cw_assert(http_head_parse(head, (uint32_t)(c->req_end - c->used), &a->request) == 0);
	a->request_of = i;
	if (!request_route(a, c, head))
		return true;
	blood_refuse(a, i, 404, blood_body_is_read(c));
	return false;
}

static int request_admit(struct artery *a, struct conn *c, const char *head)
{
	const struct http_request *r = &a->request;

	if (r->method == HTTP_TRACE || r->method == HTTP_CONNECT)
		return 405;
	if (r->has_length && r->content_length > a->t->germ->dna.body_bytes)
		return 413;
	return r->asterisk ? 400 : request_route(a, c, head);
}

/* Goes on with the body; 100 Continue is owed while nothing of it has come. */
static void request_body(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	c->body_total = a->request.content_length;
	body_restart(c);
	c->progress = (uint32_t)c->received;
	if (a->request.expect_continue && c->received == c->req_end) {
		c->cont_base = c->sent;
		COMMIT();
		c->flags |= CONN_CONTINUE;
	}
	conn_phase(c, CONN_BODY);
	conn_deadline(a, i, screen_patience(a, a->t->germ->dna.body_ms));
}

void blood_request(struct artery *a, uint32_t i, const char *head, uint32_t head_n)
{
	struct conn *c = conn_at(a, i);
	struct http_request *r = &a->request;
	int status = http_head_parse(head, head_n, r);

	a->request_of = i;
	c->scanned = 0;
	c->pieces = 0;
	c->req_end = c->used + head_n;
	if (status) {
		c->flags &= ~(uint32_t)(CONN_KEEP | CONN_HEAD_ONLY | CONN_HAS_BODY);
		c->flags |= r->method == HTTP_HEAD ? CONN_HEAD_ONLY : 0;
		blood_refuse(a, i, status, false);
		return;
	}
	request_flags(a, c, r);
	client_of_request(a, c, head);
	status = client_is_refused(c) ? 403 : screen_too_many(a, c) ? 429 : screen_request(a, c, head);
	status = screen_refuses(a, status);
	if (status) {
		screen_refuse(a, i, status);
		return;
	}
	if (request_reflex(a, i, head))
		return;
	status = r->asterisk && !(c->flags & CONN_HAS_BODY) ? 200 : request_admit(a, c, head);
	/* A body that is not wanted is not read either: then the connection cannot go on. */
	if (status)
		blood_refuse(a, i, status, !(c->flags & CONN_HAS_BODY));
	else if (c->flags & CONN_HAS_BODY)
		request_body(a, i);
	else
		blood_ask(a, i);
}
