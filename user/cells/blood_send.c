/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the vessel to the socket: an answer's bytes, then its file; what a slow client leaves is kept for later. */
#include "cells/blood.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_TURN     (1u << 20) /* bytes of a file sent before others get their turn */
#define SEND_PROGRESS 4096u      /* bytes that push the deadline of a slow reader on */
#define LINGER_MS     2000u

static const char *out_bytes(struct artery *a, const struct conn_out *o)
{
	switch (o->kind) {
	case OUT_REPLY:
		return vessel_reply_bytes(a->vessel, o->ref);
	case OUT_SLOT:
		return (const char *)a->synapse->data[o->ref];
	case OUT_BUFFER:
		return a->vessel->output[o->ref];
	default:
		cw_assert(!"nothing to send");
		return NULL;
	}
}

/* A socket that still holds input would answer close() with a reset, and the client might lose our last bytes. */
static bool must_linger(const struct conn *c)
{
	int unread = 0;

	/* After the client's end only what has come already can be unread. */
	if (!(c->flags & CONN_CLOSED_IN) && (c->received > c->used || (c->flags & CONN_READABLE)))
		return true;
	return ioctl(c->fd, SIOCINQ, &unread) == 0 && unread > 0;
}

static void conn_end(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	if (!must_linger(c)) {
		blood_close(a, i);
		return;
	}
	c->flags |= CONN_READABLE;
	conn_phase(c, CONN_LINGER);
	shutdown(c->fd, SHUT_WR);
	vessel_drop_input(a->vessel, c);
	conn_deadline(a, i, LINGER_MS);
	ring_put(&a->ready, i);
}

/* The whole answer is in the socket. May be done twice: everything in it is an assignment. */
static void answer_done(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	a->vitals->requests++;
	c->requests++;
	c->used = c->flags & CONN_HAS_BODY && conn_in(c)->whole ? conn_in(c)->raw : c->req_end;
	c->scanned = 0;
	if (!(c->flags & CONN_KEEP)) {
		conn_end(a, i);
		return;
	}
	vessel_shrink(a->vessel, c, c->used);
	conn_phase(c, CONN_READING);
	c->flags &= CONN_LASTING;
	conn_deadline(a, i, c->received == c->used ? a->t->germ->dna.idle_ms :
							     screen_patience(a, a->t->germ->dna.head_ms));
}

/* Frees what the part was sent from. May be done twice, but for the lists, which an adopter makes anew. */
static void part_free(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	struct conn_out *o = conn_out(c);
	int file = c->file;

	if (o->kind == OUT_REPLY)
		a->vessel->reply[o->ref].refs--;
	else if (o->kind == OUT_BUFFER)
		vessel_output_give(a->vessel, o->ref);
	o->kind = OUT_NOTHING;
	if (c->slot < SYNAPSE_SLOTS)
		slot_release(a, c->slot);
	c->slot = SYNAPSE_SLOTS;
	/* The number first: a record must never name a descriptor that is closed already. */
	c->file = -1;
	COMMIT();
	if (file >= 0)
		close(file);
}

/* The part in hand is sent: the answer is complete, or the drone is asked for the next piece. */
static void part_done(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	const struct conn_out *o = conn_out(c);

	if (o->last) {
		part_free(a, i);
		answer_done(a, i);
		return;
	}
	c->pieces = o->piece;
	conn_phase(c, CONN_ASKED);
	conn_deadline(a, i, c->deadline_ms);
	slot_want_more(a, c->slot);
}

/* Moves what the client has not taken yet to an output buffer. Whether one is free. */
static bool out_move(struct artery *a, const struct conn *c, const struct conn_out *o, struct conn_out *next)
{
	uint32_t done = (uint32_t)(c->sent - o->base);
	int output = o->n - done > OUTPUT_BYTES ? -ENOBUFS : vessel_output_take(a->vessel);

	if (output < 0)
		return false;
	memcpy(a->vessel->output[output], out_bytes(a, o) + o->start + done, o->n - done);
	next->base = c->sent;
	next->kind = OUT_BUFFER;
	next->ref = (uint32_t)output;
	next->start = 0;
	next->n = o->n - done;
	return true;
}

/* Lets the slot go before the client has all: others wait for one. A file alone needs none. */
static void free_the_slot(struct artery *a, struct conn *c)
{
	const struct conn_out *o = conn_out(c);
	struct conn_out *next = conn_out_next(c);

	if (o->kind != OUT_SLOT || !o->last)
		return;
	*next = *o;
	if (c->sent - o->base >= o->n)
		next->kind = OUT_NOTHING;
	else if (!out_move(a, c, o, next))
		return;
	conn_out_commit(c);
	slot_release(a, c->slot);
	c->slot = SYNAPSE_SLOTS;
}

void conn_watch(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = (uint64_t)c->serial << 32 | i };

	if (!(c->flags & CONN_WATCHED) && !epoll_ctl(a->epoll, EPOLL_CTL_MOD, c->fd, &e))
		c->flags |= CONN_WATCHED;
}

static void wait_for_client(struct artery *a, uint32_t i, bool first)
{
	struct conn *c = conn_at(a, i);

	conn_watch(a, i);
	free_the_slot(a, c);
	if (first || (uint32_t)c->sent - c->progress >= SEND_PROGRESS) {
		c->progress = (uint32_t)c->sent;
		conn_deadline(a, i, a->t->germ->dna.send_ms);
	}
}

/* Returns 1 when the bytes in hand are sent, 0 when the socket is full, -errno when it is broken. */
static int send_bytes(struct artery *a, struct conn *c, const struct conn_out *o)
{
	const char *bytes = out_bytes(a, o) + o->start;
	int more = o->file_left ? MSG_MORE : 0;

	while (c->sent - o->base < o->n) {
		uint64_t done = c->sent - o->base;
		ssize_t n = send(c->fd, bytes + done, o->n - done, MSG_NOSIGNAL | MSG_DONTWAIT | more);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		c->sent += (uint64_t)n;
	}
	return 1;
}

/* As send_bytes; -EIO when the file has become shorter than it was. 2: sent enough for one turn. */
static int send_file(struct conn *c, const struct conn_out *o)
{
	uint64_t turn = 0, done;

	while ((done = c->sent - o->base - o->n) < o->file_left) {
		uint64_t left = o->file_left - done;
		off_t at = (off_t)(o->file_at + done);
		ssize_t n = sendfile(c->fd, c->file, &at, left < FILE_TURN ? (size_t)left : FILE_TURN);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return -EIO;
		c->sent += (uint64_t)n;
		turn += (uint64_t)n;
		if (turn >= FILE_TURN && (uint64_t)n < left)
			return 2;
	}
	return 1;
}

static void send_broken(struct artery *a, uint32_t i, int error)
{
	if (error == -EIO)
		tissue_log(a->t, "a file became shorter while it was sent; its connection is closed");
	a->vitals->errors++;
	blood_close(a, i);
}

static void send_on(struct artery *a, uint32_t i, bool first)
{
	struct conn *c = conn_at(a, i);
	const struct conn_out *o = conn_out(c);
	int result = c->sent - o->base < o->n ? send_bytes(a, c, o) : 1;

	if (result == 1 && o->file_left)
		result = send_file(c, o);
	if (result == 1) {
		part_done(a, i);
	} else if (result < 0) {
		send_broken(a, i, result);
	} else {
		wait_for_client(a, i, first);
		if (result == 2)
			ring_put(&a->ready, i);
	}
}

void blood_send_more(struct artery *a, uint32_t i)
{
	send_on(a, i, false);
}

/* The status line of an answer says how the client was served. */
static bool is_well(struct artery *a, const struct conn *c, const struct conn_out *o)
{
	const char *head = out_bytes(a, o) + o->start;

	return !c->pieces && o->n > 9 && (head[9] == '2' || head[9] == '3');
}

void blood_send(struct artery *a, uint32_t i, const struct conn_out *part)
{
	struct conn *c = conn_at(a, i);
	struct conn_out *next = conn_out_next(c);

	*next = *part;
	next->base = c->sent;
	conn_out_commit(c);
	conn_phase(c, CONN_SENDING);
	if (is_well(a, c, next))
		screen_praise(a, c);
	/* Not before the refusal is in force: an adopter would not know that the request is over, and nobody would ask again. */
	if (part->kind == OUT_REPLY && c->slot < SYNAPSE_SLOTS)
		slot_abandon(a, i);
	send_on(a, i, true);
}
