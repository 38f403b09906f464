/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the socket into the vessel: reading heads and bodies, as far as they have come. */
#include "cells/blood.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_PER_TURN  16    /* then others get their turn */
#define BODY_PROGRESS   1024u /* bytes that push the deadline of a body on */
#define LINGER_BYTES    (256u << 10)

enum step {
	STEP_AGAIN, /* something moved on: look again */
	STEP_STOP,  /* waits for an event, or is gone */
};

/* Moves what is left to the front, so that there is room behind it; back into the record when it is little. */
static void input_compact(struct artery *a, struct conn *c)
{
	uint32_t room, left = c->in_end - c->in_at;
	char *in = vessel_input(a->vessel, c, &room);

	if (c->input && left <= CONN_INLINE && c->phase == CONN_READING) {
		memcpy(c->in, in + c->in_at, left);
		vessel_shrink(a->vessel, c);
	} else if (c->in_at) {
		memmove(in, in + c->in_at, left);
	}
	c->in_end = left;
	c->in_at = 0;
}

/* Makes room for at least one byte. -ENOBUFS: there is none. */
static int input_room(struct artery *a, struct conn *c)
{
	uint32_t room;

	if (c->in_at == c->in_end && !c->body_n && c->phase == CONN_READING)
		c->in_at = c->in_end = 0;
	vessel_input(a->vessel, c, &room);
	if (c->in_end < room)
		return 0;
	if (c->in_at) {
		input_compact(a, c);
		return 0;
	}
	return c->input ? -ENOBUFS : vessel_enlarge(a->vessel, c);
}

/* One recv. Returns bytes, 0 at the end of the stream, -EAGAIN, or -errno for a broken connection. */
static ssize_t input_read(struct artery *a, struct conn *c)
{
	uint32_t room;
	char *in = vessel_input(a->vessel, c, &room);
	ssize_t n = recv(c->fd, in + c->in_end, room - c->in_end, 0);

	if (n > 0) {
		c->received += (uint64_t)n;
		c->in_end += (uint32_t)n;
		/* A short read has emptied the socket; the next bytes, or the end, raise a new event. */
		if (c->in_end < room && !(c->flags & CONN_CLOSED_IN))
			c->flags &= ~(uint32_t)CONN_READABLE;
		return n;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->flags &= ~(uint32_t)CONN_READABLE;
		return -EAGAIN;
	}
	c->flags &= ~(uint32_t)CONN_READABLE;
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

static enum step go_reading(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t room, had = c->in_end - c->in_at;
	char *in = vessel_input(a->vessel, c, &room);
	int head;

	if (!had) {
		if (input_room(a, c))
			return STEP_STOP;
		if (read_or_close(a, i) == STEP_STOP)
			return STEP_STOP;
		/* The first byte of a request starts its clock. */
		conn_deadline(a, i, a->t->germ->dna.head_ms);
		return STEP_AGAIN;
	}
	head = http_head_find(in + c->in_at, had, &c->scanned, &a->limits);
	if (head > 0) {
		blood_request(a, i, in + c->in_at, (uint32_t)head);
		return STEP_AGAIN;
	}
	if (head < 0) {
		blood_refuse(a, i, -head, false);
		return STEP_AGAIN;
	}
	if (!(c->flags & CONN_READABLE))
		return STEP_STOP;
	if (input_room(a, c)) {
		blood_refuse(a, i, 503, false);
		return STEP_AGAIN;
	}
	return read_or_close(a, i);
}

/* Decodes what has come of the body to right behind the head. Returns 1 when the body is complete, 0 for more, -400. */
static int body_decode(struct artery *a, struct conn *c)
{
	uint32_t room, n = c->in_end - c->in_at;
	char *in = vessel_input(a->vessel, c, &room), *out = in + c->head_n + c->body_n;
	size_t used = 0, made = 0;
	enum http_chunk_end end;

	if (!(c->flags & CONN_CHUNKED)) {
		used = made = n < c->body_left ? n : (size_t)c->body_left;
		if (out != in + c->in_at)
			memmove(out, in + c->in_at, made);
		c->body_left -= made;
		end = c->body_left ? HTTP_CHUNK_MORE : HTTP_CHUNK_DONE;
	} else {
		end = http_chunk_decode(&c->chunk, in + c->in_at, n, out, room - (size_t)(out - in), &used, &made);
	}
	c->in_at += (uint32_t)used;
	c->body_n += (uint32_t)made;
	c->body_sum += made;
	return end == HTTP_CHUNK_BAD ? -400 : end == HTTP_CHUNK_DONE;
}

/* Room behind the raw bytes: what lies between decoded and raw is closed up, or a larger buffer is taken. */
static int body_room(struct artery *a, struct conn *c)
{
	uint32_t room, raw = c->in_end - c->in_at, keep = c->head_n + c->body_n;
	char *in = vessel_input(a->vessel, c, &room);

	if (c->in_at > keep) {
		memmove(in + keep, in + c->in_at, raw);
		c->in_at = keep;
		c->in_end = keep + raw;
	}
	if (c->in_end < room)
		return 0;
	return c->input ? -ENOBUFS : vessel_enlarge(a->vessel, c);
}

/* The buffer is full, or the drone is hungry: hand on what there is. */
static enum step body_hand_on(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t room;
	char *in = vessel_input(a->vessel, c, &room);
	bool last = c->flags & CONN_WHOLE;
	uint64_t word;

	if (c->slot >= SYNAPSE_SLOTS) {
		blood_ask(a, i);
		return c->phase == CONN_BODY ? STEP_AGAIN : STEP_STOP;
	}
	word = atomic_load(&a->synapse->slot[c->slot].word);
	if (slot_state(word) != SLOT_HUNGRY)
		return STEP_STOP;
	slot_feed(a, c->slot, in + c->head_n, c->body_n, last);
	c->body_n = 0;
	if (last)
		c->phase = CONN_ASKED;
	return last ? STEP_STOP : STEP_AGAIN;
}

static enum step go_body(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	int whole = body_decode(a, c);
	bool hungry = c->slot < SYNAPSE_SLOTS &&
		      slot_state(atomic_load(&a->synapse->slot[c->slot].word)) == SLOT_HUNGRY;

	if (whole < 0 || c->body_sum > a->t->germ->dna.body_bytes) {
		blood_refuse(a, i, whole < 0 ? 400 : 413, false);
		return STEP_AGAIN;
	}
	c->flags |= whole ? CONN_WHOLE : 0;
	if (whole || (hungry && c->body_n))
		return body_hand_on(a, i);
	if (!(c->flags & CONN_READABLE))
		return STEP_STOP;
	if (body_room(a, c)) {
		if (c->input)
			return body_hand_on(a, i);
		blood_refuse(a, i, 503, false);
		return STEP_AGAIN;
	}
	if (c->body_sum - c->progress >= BODY_PROGRESS) {
		c->progress = (uint32_t)c->body_sum;
		conn_deadline(a, i, a->t->germ->dna.body_ms);
	}
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
	c->body_sum += n > 0 ? (uint64_t)n : 0;
	if (n > 0 && c->body_sum < LINGER_BYTES)
		return STEP_AGAIN;
	blood_close(a, i);
	return STEP_STOP;
}

void blood_go(struct artery *a, uint32_t i)
{
	enum step step = STEP_AGAIN;
	uint32_t serial = conn_at(a, i)->serial;

	for (int n = 0; step == STEP_AGAIN; n++) {
		struct conn *c = conn_at(a, i);

		if (c->serial != serial || c->fd < 0)
			return;
		if (n == READS_PER_TURN) {
			ring_put(&a->ready, i);
			return;
		}
		switch (c->phase) {
		case CONN_READING:
			step = go_reading(a, i);
			break;
		case CONN_BODY:
			step = go_body(a, i);
			break;
		case CONN_LINGER:
			step = go_linger(a, i);
			break;
		default:
			return;
		}
	}
}
