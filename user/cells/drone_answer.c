/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One request into one answer: the gene's view of the request, its header lines and body, and what goes into the slot. */
#include "cells/drone.h"
#include "http/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What header() and write() of one response work on. */
struct making {
	struct cellws_response response; /* first: the gene's pointer is ours */
	struct drone *drone;
	uint32_t vessel, slot;
	char *body; /* in the slot */
	size_t head_n;
	size_t body_n;
	bool is_head;
	bool has_length; /* a HEAD answer named its Content-Length */
	uint64_t named_length;
};

/* Fields that are the server's own. */
static bool header_is_ours(const char *name, size_t n)
{
	switch (n) {
	case 4:
		return !strncasecmp(name, "Date", 4);
	case 10:
		return !strncasecmp(name, "Connection", 10) || !strncasecmp(name, "Keep-Alive", 10);
	case 14:
		return !strncasecmp(name, "Content-Length", 14);
	case 17:
		return !strncasecmp(name, "Transfer-Encoding", 17);
	default:
		return false;
	}
}

static int make_header(struct cellws_response *self, const char *name, const char *value)
{
	struct making *m = (struct making *)self;
	size_t name_n = strlen(name), value_n = strlen(value);
	char *to = m->drone->head + m->head_n;

	if (m->is_head && name_n == 14 && !strcasecmp(name, "Content-Length")) {
		char *end;

		errno = 0;
		m->named_length = strtoull(value, &end, 10);
		m->has_length = !errno && *value >= '0' && *value <= '9' && !*end && m->named_length <= INT64_MAX;
		return m->has_length ? 0 : -EINVAL;
	}
	if (!name_n || header_is_ours(name, name_n) || !http_bytes_are(name, name_n, BYTE_TOKEN) ||
		!http_bytes_are(value, value_n, BYTE_VALUE))
		return -EINVAL;
	/* Room for ": ", this line's end and the empty line. */
	if (name_n > DRONE_HEAD_ROOM || value_n > DRONE_HEAD_ROOM ||
		m->head_n + name_n + value_n + 6 > DRONE_HEAD_ROOM)
		return -ENOSPC;
	memcpy(to, name, name_n);
	memcpy(to + name_n, ": ", 2);
	memcpy(to + name_n + 2, value, value_n);
	memcpy(to + name_n + 2 + value_n, "\r\n", 2);
	m->head_n += name_n + value_n + 4;
	return 0;
}

static int make_write(struct cellws_response *self, const void *bytes, size_t n)
{
	struct making *m = (struct making *)self;

	if (n > SLOT_ANSWER_BODY_ROOM - m->body_n)
		return -ENOSPC;
	memcpy(m->body + m->body_n, bytes, n);
	m->body_n += n;
	self->body = CELLWS_BODY_BYTES;
	return 0;
}

/* Read once, as all of a slot: another drone may write there, and what lies outside of the head is nothing. */
static struct cellws_text text_of(const char *head, const struct http_span *s)
{
	const volatile struct http_span *from = s;
	size_t at = from->at, n = from->n;

	return at <= HTTP_HEAD_MAX && n <= HTTP_HEAD_MAX - at ? (struct cellws_text){ .p = head + at, .n = n } :
								(struct cellws_text){ .p = head };
}

static struct cellws_text path_of(const char *head, const struct slot *s)
{
	const volatile struct slot *from = s;
	size_t at = from->head_n, n = from->path_n;

	return at <= HTTP_HEAD_MAX && n && n <= SLOT_PATH_ROOM ? (struct cellws_text){ .p = head + at, .n = n } :
								 (struct cellws_text){ .p = "/", .n = 1 };
}

/* The gene's view: pointers into the slot, where blood has put the head it parsed. */
static void see_request(struct drone *d, const uint8_t *data, const struct slot *s, struct cellws_request *q,
	struct cellws_header headers[HTTP_HEADERS_MAX])
{
	const struct http_request *r = (const struct http_request *)(data + SLOT_REQUEST_AT);
	const char *head = (const char *)data + SLOT_HEAD_AT;
	const struct dna_route *route = &d->t->germ->dna.route[d->route];
	size_t given = *(const volatile uint16_t *)&r->header_count, count = given <= HTTP_HEADERS_MAX ? given : 0;

	for (size_t i = 0; i < count; i++)
		headers[i] = (struct cellws_header){
			.name = text_of(head, &r->headers[i].name),
			.value = text_of(head, &r->headers[i].value),
		};
	*q = (struct cellws_request){
		.method = text_of(head, &r->method_text),
		.target = text_of(head, &r->target),
		.path = path_of(head, s),
		.query = text_of(head, &r->query),
		.route = { .p = route->prefix, .n = strlen(route->prefix) },
		.host = text_of(head, &r->host),
		.client = { .p = (const char *)data + SLOT_PEER_AT, .n = strnlen((const char *)data + SLOT_PEER_AT, SLOT_PEER_ROOM) },
		.headers = headers,
		.header_count = count,
		.now = s->now,
	};
}

void drone_answer(struct drone *d, uint32_t vessel, uint32_t slot, uint32_t to)
{
	struct synapse *s = d->t->synapse[vessel];
	uint32_t from = slot_state(atomic_load(&s->slot[slot].word));

	if (synapse_answer(s, slot, d->t->id, from, to) && ++d->owed[vessel] >= DRONE_OWED_MAX)
		drone_ring(d);
}

void drone_ring(struct drone *d)
{
	for (uint32_t v = 0; v < d->t->plan->vessels; v++) {
		if (!d->owed[v])
			continue;
		d->owed[v] = 0;
		bell_ring(&d->t->synapse[v]->asleep, plan_vessel_bell(d->t->plan, v));
	}
}

#define QUICK_NS  30000u /* an answer that takes less is quick */
#define QUICK_LOOK 8u    /* of a quick gene, one answer in so many is timed */
#define QUICK_RUN 64u    /* as many in a row make a gene quick; one slow answer ends it */

bool drone_is_quick(const struct drone_gene *g)
{
	return g->hasty >= QUICK_RUN;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A quick gene is looked at now and then only: the clock costs as much as some answers. */
static int timed_express(struct drone_gene *g, const struct cellws_request *request, struct cellws_response *response)
{
	bool look = !drone_is_quick(g) || ++g->unseen % QUICK_LOOK == 0;
	uint64_t begin = look ? now_ns() : 0;
	int error = g->gene->express(g->self, request, response);

	if (!look)
		return error;
	if (now_ns() - begin >= QUICK_NS)
		g->hasty = 0;
	else if (g->hasty < QUICK_RUN)
		g->hasty++;
	return error;
}

/* Header lines stand right before the body, with room for a chunk's size line where pieces need one. */
static void put_head(struct making *m, uint8_t *data, bool framed)
{
	memcpy(m->drone->head + m->head_n, "\r\n", 2);
	m->head_n += 2;
	memcpy(data + SLOT_ANSWER_BODY_AT - (framed ? SLOT_FRAME : 0) - m->head_n, m->drone->head, m->head_n);
}

/* Tells blood of the answer in the slot, and all cells in the drone's own chart. The rest of said is filled in. */
static void put_said(struct making *m, struct slot *s, struct answer_said said)
{
	struct drone *d = m->drone;
	uint64_t word = slot_word(slot_ticket(atomic_load_explicit(&s->word, memory_order_relaxed)), d->t->id, 0);

	said.head_len = (uint32_t)m->head_n;
	said.status = (uint32_t)(m->response.status ? m->response.status : 200);
	s->kind = said.kind;
	s->status = said.status;
	s->head_len = said.head_len;
	s->body_len = said.body_len;
	s->length = said.length;
	s->file_offset = said.file_offset;
	s->fresh_ms = m->response.fresh_ms;
	s->retryable = m->response.retryable;
	chart_vouch(d->chart, m->vessel, m->slot, word, &said, d->head);
}

static void put_sized(struct making *m, uint8_t *data, struct slot *s, uint64_t length)
{
	put_head(m, data, false);
	put_said(m, s,
		(struct answer_said){ .kind = ANSWER_BYTES, .body_len = m->is_head ? 0 : (uint32_t)m->body_n, .length = length });
}

static void put_bytes(struct making *m, uint8_t *data, struct slot *s)
{
	put_sized(m, data, s, m->has_length ? m->named_length : m->body_n);
}

/* HEAD never pulls: the length alone is told, if it is known. */
static void put_unpulled(struct making *m, uint8_t *data, struct slot *s)
{
	put_sized(m, data, s, m->has_length ? m->named_length : m->response.length);
	if (m->response.done_pulling)
		m->response.done_pulling(m->response.pull_state);
}

/* The open file goes to blood through the gift socket, labelled with the slot's word. */
static int give_file(struct drone *d, uint32_t vessel, uint64_t word, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec label = { .iov_base = &word, .iov_len = sizeof(word) };
	struct msghdr message = {
		.msg_iov = &label,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(plan_gift_in(d->t->plan, vessel), &message, MSG_NOSIGNAL) == sizeof(word) ? 0 : -errno;
}

static int put_file(struct drone *d, uint32_t vessel, struct making *m, uint8_t *data, struct slot *s, uint32_t slot)
{
	uint64_t label = slot_word(slot_ticket(atomic_load(&s->word)), d->t->id, 0) | slot;
	uint64_t length = m->response.length, offset = m->response.file_offset;
	int error = length > INT64_MAX || offset > INT64_MAX - length ? -EINVAL : 0;

	if (!error && !m->is_head)
		error = give_file(d, vessel, label, m->response.file_fd);
	close(m->response.file_fd);
	m->response.file_fd = -1;
	if (error)
		return error;
	put_head(m, data, false);
	put_said(m, s,
		(struct answer_said){ .kind = m->is_head ? ANSWER_BYTES : ANSWER_FILE, .length = length, .file_offset = offset });
	return 0;
}

static int put_pull(struct drone *d, uint32_t vessel, struct making *m, uint8_t *data, struct slot *s, uint32_t slot)
{
	struct parked *p = drone_park(d, vessel, slot);

	if (!p)
		return -ENOSPC;
	put_head(m, data, m->response.length == CELLWS_UNKNOWN && s->chunks);
	put_said(m, s, (struct answer_said){ .kind = ANSWER_PULL, .length = m->response.length });
	p->pulling = true;
	p->pull = m->response.pull;
	p->pull_state = m->response.pull_state;
	p->done_pulling = m->response.done_pulling;
	p->left = m->response.length;
	drone_pull(d, p);
	return 0;
}

void drone_pull(struct drone *d, struct parked *p)
{
	struct synapse *y = d->t->synapse[p->vessel];
	struct slot *s = &y->slot[p->slot];
	size_t room = SLOT_ANSWER_BODY_ROOM;
	bool last, broken;
	uint32_t piece;
	long n = 0;

	if (p->left < room)
		room = (size_t)p->left;
	if (!atomic_load(&s->gone) && room)
		n = p->pull(p->pull_state, (char *)y->data[p->slot] + SLOT_ANSWER_BODY_AT, room);
	if (n > 0 && p->left != CELLWS_UNKNOWN)
		p->left -= (uint64_t)n;
	broken = n < 0 || (size_t)n > room || (n == 0 && p->left != CELLWS_UNKNOWN && p->left) || atomic_load(&s->gone);
	last = broken || n == 0 || p->left == 0;
	piece = n > 0 && (size_t)n <= room ? (uint32_t)n : 0;
	s->body_len = piece;
	if (broken)
		s->kind = ANSWER_BREAK;
	s->pieces++;
	chart_vouch_piece(d->chart, p->vessel, p->slot, broken ? ANSWER_BREAK : ANSWER_PULL, piece);
	if (last) {
		uint32_t vessel = p->vessel, slot = p->slot;

		drone_unpark(d, p);
		drone_answer(d, vessel, slot, SLOT_DONE);
	} else {
		drone_answer(d, p->vessel, p->slot, SLOT_PIECE);
	}
}

static void making_begin(struct drone *d, struct making *m, uint32_t vessel, uint32_t slot, bool is_head)
{
	*m = (struct making){
		.response = { .file_fd = -1, .header = make_header, .write = make_write },
		.drone = d,
		.vessel = vessel,
		.slot = slot,
		.body = (char *)d->t->synapse[vessel]->data[slot] + SLOT_ANSWER_BODY_AT,
		.is_head = is_head,
	};
}

void drone_fail(struct drone *d, uint32_t vessel, uint32_t slot, int status)
{
	struct synapse *y = d->t->synapse[vessel];
	struct making m;
	char text[80];
	int n = snprintf(text, sizeof(text), "%d %s\n", status, http_reason(status));

	making_begin(d, &m, vessel, slot, false);
	m.response.status = status;
	make_header(&m.response, "Content-Type", "text/plain; charset=utf-8");
	make_write(&m.response, text, (size_t)n);
	put_bytes(&m, y->data[slot], &y->slot[slot]);
	drone_answer(d, vessel, slot, SLOT_DONE);
}

/* 405 with Allow, when the gene names its methods and this is none of them. */
static bool method_refused(struct drone *d, const struct cellws_gene *g, uint32_t vessel, uint32_t slot,
	const struct cellws_text *method)
{
	struct synapse *y = d->t->synapse[vessel];
	struct making m;
	const char *at = g->allow;

	if (!at)
		return false;
	while (*at) {
		size_t n = strcspn(at, ", ");

		if (n == method->n && !memcmp(at, method->p, n))
			return false;
		at += n + strspn(at + n, ", ");
	}
	making_begin(d, &m, vessel, slot, false);
	m.response.status = 405;
	make_header(&m.response, "Allow", g->allow);
	make_header(&m.response, "Content-Type", "text/plain; charset=utf-8");
	make_write(&m.response, "405 Method Not Allowed\n", 23);
	put_bytes(&m, y->data[slot], &y->slot[slot]);
	drone_answer(d, vessel, slot, SLOT_DONE);
	return true;
}

/* What the gene has handed over goes back when it is not sent. */
static void discard(struct making *m)
{
	if (m->response.body == CELLWS_BODY_FILE && m->response.file_fd >= 0)
		close(m->response.file_fd);
	if (m->response.body == CELLWS_BODY_PULL && m->response.done_pulling)
		m->response.done_pulling(m->response.pull_state);
}

static void hand_over(struct drone *d, uint32_t vessel, uint32_t slot, struct making *m)
{
	struct synapse *y = d->t->synapse[vessel];
	struct slot *s = &y->slot[slot];
	uint8_t *data = y->data[slot];
	int error = 0;

	switch (m->response.body) {
	case CELLWS_BODY_FILE:
		error = put_file(d, vessel, m, data, s, slot);
		break;
	case CELLWS_BODY_PULL:
		if (m->is_head) {
			put_unpulled(m, data, s);
			break;
		}
		error = m->response.pull ? put_pull(d, vessel, m, data, s, slot) : -EINVAL;
		if (!error)
			return;
		break;
	default:
		put_bytes(m, data, s);
		break;
	}
	if (error) {
		tissue_log(d->t, "an answer could not be handed over: error %d", -error);
		discard(m);
		drone_fail(d, vessel, slot, error == -ENOSPC ? 503 : 500);
		return;
	}
	drone_answer(d, vessel, slot, SLOT_DONE);
}

int drone_feed(struct drone *d, struct parked *p)
{
	struct synapse *y = d->t->synapse[p->vessel];
	struct slot *s = &y->slot[p->slot];
	struct drone_gene *g = &d->gene[d->route];
	struct cellws_header headers[HTTP_HEADERS_MAX];
	struct cellws_request request;
	uint32_t n = *(const volatile uint32_t *)&s->body_n;

	if (!g->gene || !g->gene->feed)
		return -ENOSYS;
	if (n > SLOT_BODY_ROOM)
		return -EINVAL;
	see_request(d, y->data[p->slot], s, &request, headers);
	return g->gene->feed(g->self, &request, &p->upload, y->data[p->slot] + SLOT_BODY_AT, n);
}

void drone_express(struct drone *d, uint32_t vessel, uint32_t slot, struct cellws_text body, void *upload)
{
	struct synapse *y = d->t->synapse[vessel];
	struct slot *s = &y->slot[slot];
	struct drone_gene *g = &d->gene[d->route];
	struct cellws_header headers[HTTP_HEADERS_MAX];
	struct cellws_request request;
	struct making m;
	int error;

	if (!g->gene) {
		drone_fail(d, vessel, slot, 500);
		return;
	}
	see_request(d, y->data[slot], s, &request, headers);
	request.body = body;
	request.upload = upload;
	if (method_refused(d, g->gene, vessel, slot, &request.method))
		return;
	making_begin(d, &m, vessel, slot, request.method.n == 4 && !memcmp(request.method.p, "HEAD", 4));
	error = timed_express(g, &request, &m.response);
	d->t->vitals[d->t->slot].expressed++;
	if (error || m.response.status < 0 || (m.response.status && (m.response.status < 200 || m.response.status > 599))) {
		discard(&m);
		drone_fail(d, vessel, slot, 500);
		return;
	}
	/* These have no body, whatever the gene has made. */
	m.is_head |= m.response.status == 204 || m.response.status == 304;
	hand_over(d, vessel, slot, &m);
}
