/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests into slots, answers out of them; what becomes of a slot when its client or its drone is gone. */
#include "cells/blood.h"
#include "http/path.h"

#include <arpa/inet.h>
#include <cellws/gene.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

void slots_init(struct artery *a)
{
	a->slots_left = 0;
	for (uint32_t i = SYNAPSE_SLOTS; i--;) {
		a->gift[i] = -1;
		if (slot_state(atomic_load(&a->synapse->slot[i].word)) == SLOT_FREE)
			a->slot_free[a->slots_left++] = i;
	}
}

void slot_release(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint64_t word = atomic_load(&s->word);

	if (a->gift[slot] >= 0)
		close(a->gift[slot]);
	a->gift[slot] = -1;
	s->conn = CONN_NONE;
	atomic_store(&s->word, slot_word(slot_ticket(word) + 1, 0, SLOT_FREE));
	a->slot_free[a->slots_left++] = slot;
}

/* Hands a slot back to the drone that works on it, and wakes it. */
static void slot_return(struct artery *a, uint32_t slot, uint32_t to)
{
	struct slot *s = &a->synapse->slot[slot];
	uint64_t word = atomic_load(&s->word);
	uint32_t drone = slot_drone(word), at = cell_slot_of_id(drone);

	atomic_store(&s->word, slot_word(slot_ticket(word), drone, to));
	if (at < a->t->plan->slots)
		bell_ring(&a->t->commons->asleep[at], plan_bell(a->t->plan, at));
}

void slot_want_more(struct artery *a, uint32_t slot)
{
	slot_return(a, slot, SLOT_MORE);
}

void slot_feed(struct artery *a, uint32_t slot, const char *bytes, uint32_t n, bool last)
{
	struct slot *s = &a->synapse->slot[slot];

	cw_assert(n <= SLOT_BODY_ROOM);
	memcpy(a->synapse->data[slot] + SLOT_BODY_AT, bytes, n);
	s->body_n = n;
	s->body_last = last;
	slot_return(a, slot, SLOT_FED);
}

void slot_abandon(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint64_t word = atomic_load(&s->word);
	uint64_t queued = slot_word(slot_ticket(word), 0, SLOT_QUEUED);

	if (slot_state(word) == SLOT_DONE ||
		atomic_compare_exchange_strong(&s->word, &queued, slot_word(slot_ticket(word), 0, SLOT_FREE))) {
		slot_release(a, slot);
		return;
	}
	atomic_store(&s->gone, 1);
	word = atomic_load(&s->word);
	if (slot_state(word) == SLOT_PIECE)
		slot_return(a, slot, SLOT_MORE);
	else if (slot_state(word) == SLOT_HUNGRY)
		slot_return(a, slot, SLOT_FED);
}

static void put_peer(const struct conn *c, char *to)
{
	inet_ntop(c->family, c->addr, to, 64);
}

static uint32_t put_request(struct artery *a, const struct conn *c, const char *head, uint8_t *data)
{
	const struct http_request *r = &a->request;
	int n = http_path_normalise(head + r->path.at, r->path.n, (char *)data + SLOT_PATH_AT, SLOT_PATH_ROOM);

	cw_assert(n > 0);
	memcpy(data + SLOT_REQUEST_AT, r, offsetof(struct http_request, headers) + r->header_count * sizeof(r->headers[0]));
	memcpy(data + SLOT_HEAD_AT, head, r->head_bytes);
	put_peer(c, (char *)data + SLOT_PEER_AT);
	return (uint32_t)n;
}

static void slot_fill(struct artery *a, uint32_t i, uint32_t slot)
{
	struct conn *c = conn_at(a, i);
	struct slot *s = &a->synapse->slot[slot];
	uint8_t *data = a->synapse->data[slot];
	uint32_t room;
	const char *head = vessel_input(a->vessel, c, &room) + c->head_at;

	if (a->request_of != i)
		cw_assert(http_head_parse(head, c->head_n, &a->request) == 0);
	s->conn = i;
	s->route = c->route;
	s->head_n = c->head_n;
	s->path_n = put_request(a, c, head, data);
	memcpy(data + SLOT_BODY_AT, head + c->head_n, c->body_n);
	s->body_n = c->body_n;
	s->body_last = c->flags & CONN_WHOLE ? 1 : 0;
	s->tries = 0;
	atomic_store_explicit(&s->gone, 0, memory_order_relaxed);
	s->queued_ms = a->now_ms;
	s->now = a->now_s;
}

void blood_ask(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t slot;

	conn_deadline(a, i, a->t->germ->dna.queue_ms);
	if (!a->slots_left) {
		c->phase = CONN_WANT_SLOT;
		a->request_of = CONN_NONE;
		ring_put(&a->wanting, i);
		return;
	}
	slot = a->slot_free[--a->slots_left];
	slot_fill(a, i, slot);
	c->slot = slot;
	c->phase = c->flags & CONN_WHOLE ? CONN_ASKED : CONN_BODY;
	c->head_n = 0;
	c->body_n = 0;
	synapse_queue(a->synapse, slot);
	a->rung++;
}

void blood_ring_drones(struct artery *a)
{
	const struct plan *p = a->t->plan;

	for (uint32_t s = 0; s < p->slots && a->rung; s++) {
		_Atomic uint32_t *asleep = &a->t->commons->asleep[s];

		if (!atomic_load_explicit(asleep, memory_order_seq_cst))
			continue;
		bell_ring(asleep, plan_bell(p, s));
		a->rung--;
	}
	a->rung = 0;
}

/* Takes files out of the gift socket until this slot's is there. The descriptor, or -1. */
static int gift_take(struct artery *a, uint32_t slot)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	int fd = a->gift[slot];

	while (fd < 0) {
		uint64_t label = 0;
		struct iovec iov = { .iov_base = &label, .iov_len = sizeof(label) };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(plan_gift_out(a->t->plan, a->v), &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
		uint32_t of = (uint32_t)(label & 0xff);
		uint64_t word = atomic_load(&a->synapse->slot[of].word);
		int got = -1;

		if (n <= 0)
			return -1;
		if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&got, CMSG_DATA(c), sizeof(int));
		if (got >= 0 && (n != sizeof(label) || label >> 8 != word >> 8 || a->gift[of] >= 0)) {
			close(got);
			continue;
		}
		a->gift[of] = got;
		fd = a->gift[slot];
	}
	a->gift[slot] = -1;
	return fd;
}

/* One slot's answer, or part of one. Everything the drone wrote is read once and checked. */
struct answer {
	uint32_t kind, status, body_len, fresh_ms, head_at, head_n, date_at;
	uint64_t length, file_offset;
	bool last;
};

static bool answer_read(struct artery *a, struct conn *c, uint32_t slot, struct answer *w)
{
	const struct slot *s = &a->synapse->slot[slot];

	w->kind = s->kind;
	w->status = s->status;
	w->body_len = s->body_len;
	w->fresh_ms = s->fresh_ms;
	w->length = s->length;
	w->file_offset = s->file_offset;
	if (w->body_len > SLOT_ANSWER_BODY_ROOM || w->kind > ANSWER_PULL)
		return false;
	if (w->kind == ANSWER_PULL && w->length == CELLWS_UNKNOWN) {
		if (c->flags & CONN_OLD)
			c->flags &= ~(uint32_t)CONN_KEEP;
		else
			c->flags |= CONN_PIECES;
	}
	w->head_at = head_compose(a, c, slot, &w->date_at);
	w->head_n = SLOT_ANSWER_BODY_AT - (c->flags & CONN_PIECES ? SLOT_FRAME : 0) - w->head_at;
	if (w->kind == ANSWER_PULL)
		c->pull_left = w->length;
	return w->head_at != 0;
}

/* Frames a piece in place. Returns how many bytes to send from SLOT_ANSWER_BODY_AT - SLOT_FRAME on. */
static uint32_t piece_frame(char *data, uint32_t n, bool last)
{
	char *body = data + SLOT_ANSWER_BODY_AT, *end = body + n, size[SLOT_FRAME + 1];

	if (!n) {
		memcpy(body - SLOT_FRAME, "0\r\n\r\n", 5);
		return last ? 5 : 0;
	}
	snprintf(size, sizeof(size), "%08x\r\n", n);
	memcpy(body - SLOT_FRAME, size, SLOT_FRAME);
	memcpy(end, last ? "\r\n0\r\n\r\n" : "\r\n", last ? 7 : 2);
	return SLOT_FRAME + n + (last ? 7 : 2);
}

/* Sends the body bytes in the slot, after head_n bytes of head that stand right before them. */
static void answer_send(struct artery *a, uint32_t i, uint32_t slot, uint32_t head_n, uint32_t body_n, bool last)
{
	struct conn *c = conn_at(a, i);
	uint32_t start = SLOT_ANSWER_BODY_AT, n = body_n;

	if (c->flags & CONN_PIECES) {
		start -= SLOT_FRAME;
		n = piece_frame((char *)a->synapse->data[slot], body_n, last);
	}
	c->flags = last ? c->flags | CONN_LAST : c->flags & ~(uint32_t)CONN_LAST;
	blood_send(a, i, OUT_SLOT, slot, start - head_n, head_n + n);
}

/* Whether header lines allow an answer to be given to others: no cookie is set, it varies by coding at most. */
static bool lines_are_public(const char *lines, uint32_t n)
{
	const char *at = lines, *end = lines + n;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t line = lf ? (size_t)(lf - at) : (size_t)(end - at);

		if (line > 10 && !strncasecmp(at, "Set-Cookie", 10))
			return false;
		if (line > 5 && !strncasecmp(at, "Vary:", 5) && !(line == 22 && !strncasecmp(at, "Vary: Accept-Encoding", 21)))
			return false;
		at += line + 1;
	}
	return true;
}

static void answer_remember(struct artery *a, const struct conn *c, uint32_t slot, const struct answer *w)
{
	const char *data = (const char *)a->synapse->data[slot];
	const struct http_request *r = (const struct http_request *)(data + SLOT_REQUEST_AT);
	uint32_t variant = (c->flags & CONN_KEEP ? 1u : 0u) | (c->flags & CONN_OLD ? 2u : 0u) | (c->flags & CONN_GZIP ? 4u : 0u);
	char key[REPLY_KEY];
	uint32_t key_n;

	if (!w->fresh_ms || w->kind != ANSWER_BYTES || !(c->flags & CONN_PLAIN) || (c->flags & CONN_HEAD_ONLY) ||
		w->status >= 500 || w->head_n + w->body_len > REPLY_BYTES ||
		!lines_are_public(data + w->head_at, w->head_n))
		return;
	key_n = reply_key(data + SLOT_HEAD_AT, r, key);
	if (key_n)
		reply_remember(a, key, key_n, variant, data + w->head_at, w->head_n, w->body_len, w->date_at,
			w->fresh_ms < 10000 ? w->fresh_ms : 10000);
}

static void answer_malformed(struct artery *a, uint32_t i, uint32_t slot, const char *what)
{
	tissue_log(a->t, "the answer of drone %u is malformed (%s): 502",
		cell_slot_of_id(slot_drone(atomic_load(&a->synapse->slot[slot].word))), what);
	a->vitals->errors++;
	blood_refuse(a, i, 502, false);
}

static void answer_first(struct artery *a, uint32_t i, uint32_t slot, bool last)
{
	struct conn *c = conn_at(a, i);
	struct answer w;

	if (c->phase == CONN_BODY) /* answered before the body was complete: the rest is not worth reading */
		c->flags &= ~(uint32_t)CONN_KEEP;
	if (!answer_read(a, c, slot, &w)) {
		answer_malformed(a, i, slot, "header lines or lengths");
		return;
	}
	if (w.kind == ANSWER_FILE && !(c->flags & CONN_HEAD_ONLY)) {
		c->file = gift_take(a, slot);
		c->file_at = w.file_offset;
		c->file_left = w.length;
		if (c->file < 0) {
			answer_malformed(a, i, slot, "no file came with it");
			return;
		}
	}
	answer_remember(a, c, slot, &w);
	if (w.kind == ANSWER_PULL && w.length != CELLWS_UNKNOWN)
		c->pull_left -= w.body_len <= c->pull_left ? w.body_len : c->pull_left;
	c->flags |= CONN_BEGUN;
	answer_send(a, i, slot, w.head_n, c->flags & CONN_HEAD_ONLY ? 0 : w.body_len, last);
}

/* A later piece. More than the promised length is the end of the connection, like a broken answer. */
static void answer_next(struct artery *a, uint32_t i, uint32_t slot, bool last)
{
	struct conn *c = conn_at(a, i);
	const struct slot *s = &a->synapse->slot[slot];
	uint32_t n = s->body_len;

	if (s->kind != ANSWER_PULL || n > SLOT_ANSWER_BODY_ROOM || (c->pull_left != CELLWS_UNKNOWN && n > c->pull_left)) {
		a->vitals->errors++;
		blood_close(a, i);
		return;
	}
	if (c->pull_left != CELLWS_UNKNOWN)
		c->pull_left -= n;
	answer_send(a, i, slot, 0, n, last);
}

static void slot_look(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint64_t word = atomic_load_explicit(&s->word, memory_order_acquire);
	uint32_t state = slot_state(word), i = s->conn;
	struct conn *c;

	if (state != SLOT_DONE && state != SLOT_PIECE && state != SLOT_HUNGRY)
		return;
	if (atomic_load(&s->gone)) {
		if (state == SLOT_DONE)
			slot_release(a, slot);
		else
			slot_return(a, slot, state == SLOT_PIECE ? SLOT_MORE : SLOT_FED);
		return;
	}
	cw_assert(i < a->vessel->high);
	c = conn_at(a, i);
	cw_assert(c->slot == slot);
	if (state != SLOT_HUNGRY) {
		if (c->flags & CONN_BEGUN)
			answer_next(a, i, slot, state == SLOT_DONE);
		else
			answer_first(a, i, slot, state == SLOT_DONE);
	}
	blood_go(a, i);
}

void blood_collect(struct artery *a)
{
	for (uint32_t w = 0; w < SYNAPSE_SLOTS / 64; w++) {
		uint64_t bits;

		if (!atomic_load_explicit(&a->synapse->done[w], memory_order_relaxed))
			continue;
		bits = atomic_exchange(&a->synapse->done[w], 0);
		while (bits) {
			uint32_t bit = (uint32_t)__builtin_ctzll(bits);

			bits &= bits - 1;
			slot_look(a, w * 64 + bit);
		}
	}
}

/* The drone is dead. Before its answer began the request can be tried once more, if that is safe. */
static void slot_orphaned(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint32_t state = slot_state(atomic_load(&s->word)), i = s->conn;
	struct conn *c;

	if (state == SLOT_DONE) {
		slot_look(a, slot);
		return;
	}
	if (atomic_load(&s->gone)) {
		slot_release(a, slot);
		return;
	}
	c = conn_at(a, i);
	if (state == SLOT_TAKEN && s->body_last && !s->tries && http_method_idempotent(c->method)) {
		s->tries++;
		s->queued_ms = a->now_ms;
		synapse_queue(a->synapse, slot);
		a->rung++;
		a->vitals->requeued++;
		conn_deadline(a, i, a->t->germ->dna.queue_ms);
		return;
	}
	a->vitals->errors++;
	c->slot = SYNAPSE_SLOTS;
	slot_release(a, slot);
	if (c->flags & CONN_BEGUN)
		blood_close(a, i);
	else
		blood_refuse(a, i, 502, state == SLOT_TAKEN);
}

void blood_requeue(struct artery *a, uint32_t drone)
{
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++) {
		uint64_t word = atomic_load(&a->synapse->slot[s].word);

		if (slot_state(word) != SLOT_FREE && slot_drone(word) == drone)
			slot_orphaned(a, s);
	}
	/* Its bell may have been the one that was rung for what still waits. */
	if (synapse_waiting(a->synapse))
		a->rung += SYNAPSE_SLOTS;
}
