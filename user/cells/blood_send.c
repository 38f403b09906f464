/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the vessel to the socket: an answer's bytes, then its file; what a slow client leaves is kept for later. */
#include "cells/blood.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_TURN     (1u << 20) /* bytes of a file sent before others get their turn */
#define SEND_PROGRESS 4096u      /* bytes that push the deadline of a slow reader on */
#define LINGER_MS     2000u

static const char *out_bytes(struct artery *a, const struct conn *c)
{
	switch (c->out_kind) {
	case OUT_REPLY:
		return vessel_reply_bytes(a->vessel, c->ref);
	case OUT_SLOT:
		return (const char *)a->synapse->data[c->ref];
	case OUT_BUFFER:
		return a->vessel->output[c->ref];
	default:
		cw_assert(!"nothing to send");
		return NULL;
	}
}

/* A socket that still holds input would answer close() with a reset, and the client might lose our last bytes. */
static bool must_linger(const struct conn *c)
{
	int unread = 0;

	if (c->flags & CONN_CLOSED_IN)
		return false;
	if (c->in_end > c->in_at || (c->flags & CONN_READABLE))
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
	shutdown(c->fd, SHUT_WR);
	vessel_shrink(a->vessel, c);
	c->in_at = c->in_end = 0;
	c->body_sum = 0;
	c->phase = CONN_LINGER;
	c->flags |= CONN_READABLE;
	conn_deadline(a, i, LINGER_MS);
	ring_put(&a->ready, i);
}

/* The whole answer is in the socket. */
static void answer_done(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	a->vitals->requests++;
	c->requests++;
	if (!(c->flags & CONN_KEEP)) {
		conn_end(a, i);
		return;
	}
	c->phase = CONN_READING;
	c->head_n = 0;
	if (c->in_at == c->in_end) {
		c->in_at = c->in_end = 0;
		vessel_shrink(a->vessel, c);
		conn_deadline(a, i, a->t->germ->dna.idle_ms);
	} else {
		conn_deadline(a, i, a->t->germ->dna.head_ms);
	}
}

/* The bytes in hand are sent: free their place; in the middle of a pulled answer, ask for the next piece. */
static void part_done(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t kind = c->out_kind, ref = c->ref;

	c->out_kind = OUT_NOTHING;
	if (kind == OUT_REPLY)
		a->vessel->reply[ref].refs--;
	else if (kind == OUT_BUFFER)
		vessel_output_give(a->vessel, ref);
	if (c->slot < SYNAPSE_SLOTS && !(c->flags & CONN_LAST)) {
		c->phase = CONN_ASKED;
		conn_deadline(a, i, a->t->germ->dna.route[c->route].deadline_ms);
		slot_want_more(a, c->slot);
		return;
	}
	if (c->slot < SYNAPSE_SLOTS) {
		slot_release(a, c->slot);
		c->slot = SYNAPSE_SLOTS;
	}
	if (c->file < 0)
		answer_done(a, i);
}

/* Lets the slot go: what the client has not taken yet moves to an output buffer, if one is free. */
static void free_the_slot(struct artery *a, struct conn *c)
{
	int output;

	if (c->out_kind != OUT_SLOT || !(c->flags & CONN_LAST) || c->out_n - c->out_at > OUTPUT_BYTES)
		return;
	output = vessel_output_take(a->vessel);
	if (output < 0)
		return;
	memcpy(a->vessel->output[output], out_bytes(a, c) + c->out_at, c->out_n - c->out_at);
	c->out_n -= c->out_at;
	c->out_at = 0;
	c->out_kind = OUT_BUFFER;
	c->ref = (uint32_t)output;
	slot_release(a, c->slot);
	c->slot = SYNAPSE_SLOTS;
}

static void wait_for_client(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	free_the_slot(a, c);
	if (c->phase != CONN_SENDING || (uint32_t)c->sent - c->progress >= SEND_PROGRESS) {
		c->progress = (uint32_t)c->sent;
		conn_deadline(a, i, a->t->germ->dna.send_ms);
	}
	c->phase = CONN_SENDING;
}

/* Returns 1 when the bytes in hand are sent, 0 when the socket is full, -errno when it is broken. */
static int send_bytes(struct artery *a, struct conn *c)
{
	const char *bytes = out_bytes(a, c);
	int more = c->file >= 0 && c->file_left ? MSG_MORE : 0;

	while (c->out_at < c->out_n) {
		ssize_t n = send(c->fd, bytes + c->out_at, c->out_n - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT | more);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		c->out_at += (uint32_t)n;
		c->sent += (uint64_t)n;
	}
	return 1;
}

/* As send_bytes; -EIO when the file has become shorter than it was. 2: sent enough for one turn. */
static int send_file(struct conn *c)
{
	uint64_t turn = 0;

	while (c->file_left) {
		size_t want = c->file_left < FILE_TURN ? (size_t)c->file_left : FILE_TURN;
		off_t at = (off_t)c->file_at;
		ssize_t n = sendfile(c->fd, c->file, &at, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return -EIO;
		c->file_at += (uint64_t)n;
		c->file_left -= (uint64_t)n;
		c->sent += (uint64_t)n;
		turn += (uint64_t)n;
		if (turn >= FILE_TURN && c->file_left)
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

void blood_send_more(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	int result = 1;

	if (c->out_kind != OUT_NOTHING) {
		result = send_bytes(a, c);
		if (result == 1) {
			uint32_t serial = c->serial;

			part_done(a, i);
			if (c->serial != serial || c->file < 0)
				return;
		}
	}
	if (result == 1 && c->file >= 0) {
		result = send_file(c);
		if (result == 1) {
			int file = c->file;

			c->file = -1;
			close(file);
			answer_done(a, i);
			return;
		}
	}
	if (result < 0) {
		send_broken(a, i, result);
		return;
	}
	wait_for_client(a, i);
	if (result == 2)
		ring_put(&a->ready, i);
}

void blood_send(struct artery *a, uint32_t i, uint32_t kind, uint32_t ref, uint32_t at, uint32_t n)
{
	struct conn *c = conn_at(a, i);

	c->out_base = c->sent;
	c->out_at = at;
	c->out_n = at + n;
	c->ref = ref;
	c->out_kind = kind;
	blood_send_more(a, i);
}
