/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the socket into the vessel: reading heads and bodies, as far as they have come. */
#include "cells/blood.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_PER_TURN 16   /* then others get their turn */
#define BODY_PROGRESS  1024u /* bytes that push the deadline of a body on */
#define LINGER_BYTES   (256u << 10)

enum step {
	STEP_AGAIN, /* something moved on: look again */
	STEP_STOP,  /* waits for an event, or is gone */
};

/* One recv. Returns bytes, 0 at the end of the stream, -EAGAIN, or -errno for a broken connection. */
static ssize_t input_read(struct artery *a, struct conn *c)
{
	uint32_t room, end = (uint32_t)(c->received - conn_in(c)->origin);
	char *in = vessel_input(a->vessel, c, &room);
	ssize_t n = recv(c->fd, in + end, room - end, 0);

	if (n > 0) {
		c->received += (uint64_t)n;
		/* A short read has emptied the socket; the next bytes, or the end, raise a new event. */
		if (end + (uint32_t)n < room && !(c->flags & CONN_CLOSED_IN))
			c->flags &= ~(uint32_t)CONN_READABLE;
		return n;
	}
	c->flags &= ~(uint32_t)CONN_READABLE;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (n == 0)
		c->flags |= CONN_CLOSED_IN;
	return n < 0 ? -errno : 0;
}

/* The end of input in the middle of something is the end of the connection. */
static enum step read_or_close(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	ssize_t n;

	if (!(c->flags & CONN_READABLE))
		return STEP_STOP;
	n = input_read(a, c);
	if (n == -EAGAIN)
		return STEP_STOP;
	if (n > 0)
		return STEP_AGAIN;
	if (n < 0)
		a->vitals->errors++;
	blood_close(a, i);
	return STEP_STOP;
}

/* More of what has begun. */
static enum step read_on(struct artery *a, uint32_t i)
{
	if (!(conn_at(a, i)->flags & CONN_READABLE))
		return STEP_STOP;
	if (!blood_find_room(a, i)) {
		blood_refuse(a, i, 503, false);
		return STEP_AGAIN;
	}
	return read_or_close(a, i);
}

static enum step go_head(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	const char *head = vessel_byte(a->vessel, c, c->used);
	int n = http_head_find(head, (size_t)(c->received - c->used), &c->scanned, &a->limits);

	if (n > 0)
		blood_request(a, i, head, (uint32_t)n);
	else if (n < 0)
		blood_refuse(a, i, -n, false);
	return n ? STEP_AGAIN : read_on(a, i);
}

static enum step go_reading(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	int n;

	client_begin(c);
	if (c->received == c->used) {
		if (read_or_close(a, i) == STEP_STOP)
			return STEP_STOP;
		/* The first byte of a request starts its clock. */
		conn_deadline(a, i, screen_patience(a, a->t->germ->dna.head_ms));
		return STEP_AGAIN;
	}
	n = client_header(a, c);
	if (n < 0) {
		blood_refuse(a, i, -n, false);
		return STEP_AGAIN;
	}
	if (!n)
		return read_on(a, i);
	return c->received == c->used ? STEP_AGAIN : go_head(a, i);
}

/* The next part of the body goes to the drone that has taken the parts before. */
static enum step body_hand_on(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t taken = *(const volatile uint32_t *)&a->synapse->slot[c->slot].parts, put = conn_in(c)->parts;

	/* A part may stand there already, put there by a cell that died before it could say so; but no more than one. */
	if (taken != put && taken + 1 != put) {
		blood_refuse(a, i, 502, false);
		return STEP_AGAIN;
	}
	if (taken == put && body_stage(a, c) < 0) {
		blood_refuse(a, i, 400, false);
		return STEP_AGAIN;
	}
	if (conn_in(c)->body_sum > a->t->germ->dna.body_bytes) {
		blood_refuse(a, i, 413, false);
		return STEP_AGAIN;
	}
	if (conn_in(c)->parts == taken)
		return STEP_STOP;
	slot_feed(a, i);
	return conn_in(c)->whole ? STEP_STOP : STEP_AGAIN;
}

/* A body without a slot yet: it gets one when it is complete, or too long for the input buffer. */
static enum step body_wait(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	int whole = body_scan(a, c);

	if (whole < 0 || conn_in(c)->body_sum > a->t->germ->dna.body_bytes) {
		blood_refuse(a, i, whole < 0 ? 400 : 413, false);
		return STEP_AGAIN;
	}
	if (whole) {
		blood_ask(a, i);
		return STEP_AGAIN;
	}
	if (!(c->flags & CONN_READABLE))
		return STEP_STOP;
	if (!blood_find_room(a, i)) {
		if (conn_in(c)->buffer)
			blood_ask(a, i);
		else
			blood_refuse(a, i, 503, false);
		return STEP_AGAIN;
	}
	return read_or_close(a, i);
}

static enum step go_body(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	if ((c->flags & CONN_CONTINUE) && !blood_continue(a, i))
		return STEP_STOP;
	if ((uint32_t)c->received - c->progress >= BODY_PROGRESS) {
		c->progress = (uint32_t)c->received;
		conn_deadline(a, i, screen_patience(a, a->t->germ->dna.body_ms));
	}
	if (c->slot >= SYNAPSE_SLOTS)
		return body_wait(a, i);
	/* Nothing is read ahead of the drone: the client's end must not overtake what came before it. */
	if (slot_state(a->vessel->asked[c->slot].word) != SLOT_HUNGRY)
		return STEP_STOP;
	if (body_hand_on(a, i) == STEP_AGAIN)
		return STEP_AGAIN;
	if (conn_in(c)->whole || !(c->flags & CONN_READABLE))
		return STEP_STOP;
	if (vessel_make_room(a->vessel, c, conn_in(c)->raw))
		return STEP_STOP; /* full: the socket is read again when the drone has taken some */
	return read_or_close(a, i);
}

/* After our last byte: read and forget, so that a reset does not overtake the answer. */
static enum step go_linger(struct artery *a, uint32_t i)
{
	static char waste[16384];
	struct conn *c = conn_at(a, i);
	ssize_t n;

	if (!(c->flags & CONN_READABLE))
		return STEP_STOP;
	n = recv(c->fd, waste, sizeof(waste), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->flags &= ~(uint32_t)CONN_READABLE;
		return STEP_STOP;
	}
	c->received += n > 0 ? (uint64_t)n : 0;
	if (n > 0 && c->received - c->used < LINGER_BYTES)
		return STEP_AGAIN;
	blood_close(a, i);
	return STEP_STOP;
}

static enum step go_once(struct artery *a, uint32_t i)
{
	switch (conn_at(a, i)->phase) {
	case CONN_READING:
		return go_reading(a, i);
	case CONN_BODY:
		return go_body(a, i);
	case CONN_LINGER:
		return go_linger(a, i);
	default:
		return STEP_STOP;
	}
}

void blood_go(struct artery *a, uint32_t i)
{
	uint32_t serial = conn_at(a, i)->serial;
	enum step step = STEP_AGAIN;

	for (int n = 0; step == STEP_AGAIN; n++) {
		struct conn *c = conn_at(a, i);

		if (c->serial != serial || c->fd < 0)
			return;
		if (n == READS_PER_TURN) {
			ring_put(&a->ready, i);
			return;
		}
		step = go_once(a, i);
	}
}
