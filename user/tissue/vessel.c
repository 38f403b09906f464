/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records and buffers of a vessel: taken and given back by its one blood cell. */
#include "tissue/vessel.h"

#include <errno.h>
#include <string.h>

#define PAGE 4096u

static size_t deadlines_bytes(uint32_t connections)
{
	return ((size_t)connections * sizeof(uint32_t) + PAGE - 1) / PAGE * PAGE;
}

size_t vessel_bytes(uint32_t connections)
{
	size_t bytes = sizeof(struct vessel) + deadlines_bytes(connections) + (size_t)connections * sizeof(struct conn);

	return (bytes + PAGE - 1) / PAGE * PAGE;
}

uint32_t *vessel_deadline(struct vessel *v, uint32_t conn)
{
	return (uint32_t *)((char *)v + sizeof(*v)) + conn;
}

void vessel_init(struct vessel *v, uint32_t connections)
{
	v->capacity = connections;
	v->conns_at = sizeof(*v) + deadlines_bytes(connections);
	v->high = 0;
	v->free = CONN_NONE;
	for (uint32_t i = 0; i < INPUT_BUFFERS; i++)
		v->input_free[i] = INPUT_BUFFERS - 1 - i;
	for (uint32_t i = 0; i < OUTPUT_BUFFERS; i++)
		v->output_free[i] = OUTPUT_BUFFERS - 1 - i;
	for (uint32_t i = 0; i < VESSEL_GIFTS; i++)
		v->gift[i] = -1;
	v->input_left = INPUT_BUFFERS;
	v->output_left = OUTPUT_BUFFERS;
}

uint32_t vessel_take(struct vessel *v)
{
	uint32_t i = v->free;

	if (i != CONN_NONE) {
		v->free = vessel_conn(v, i)->next_free;
		return i;
	}
	if (v->high == v->capacity)
		return CONN_NONE;
	i = v->high;
	vessel_conn(v, i)->fd = -1;
	v->high = i + 1;
	return i;
}

void vessel_give(struct vessel *v, uint32_t conn)
{
	struct conn *c = vessel_conn(v, conn);

	c->fd = -1;
	COMMIT();
	c->phase = CONN_FREE;
	c->serial++;
	c->next_free = v->free;
	*vessel_deadline(v, conn) = 0;
	v->free = conn;
}

char *vessel_input(struct vessel *v, struct conn *c, uint32_t *room)
{
	uint32_t buffer = conn_in(c)->buffer;

	*room = buffer ? INPUT_BYTES : CONN_INLINE;
	return buffer ? v->input[buffer - 1] : c->inline_in;
}

char *vessel_byte(struct vessel *v, struct conn *c, uint64_t position)
{
	uint32_t room;

	return vessel_input(v, c, &room) + (position - conn_in(c)->origin);
}

/* Puts the input from keep on, which is copied to `to` already, in force there. */
static void input_move(struct vessel *v, struct conn *c, uint64_t keep, uint32_t buffer)
{
	struct conn_in *next = conn_in_next(c);
	uint32_t old = next->buffer;

	next->origin = keep;
	next->buffer = buffer;
	conn_in_commit(c);
	if (old && old != buffer)
		v->input_free[v->input_left++] = old - 1;
}

static int input_enlarge(struct vessel *v, struct conn *c, uint64_t keep)
{
	uint32_t i;

	if (!v->input_left)
		return -ENOBUFS;
	i = v->input_free[--v->input_left];
	memcpy(v->input[i], vessel_byte(v, c, keep), c->received - keep);
	input_move(v, c, keep, i + 1);
	return 0;
}

int vessel_make_room(struct vessel *v, struct conn *c, uint64_t keep)
{
	uint32_t room;
	char *in = vessel_input(v, c, &room);
	uint64_t gap = keep - conn_in(c)->origin, left = c->received - keep;

	if (c->received - conn_in(c)->origin < room)
		return 0;
	if (gap && left <= gap) {
		memcpy(in, in + gap, left);
		input_move(v, c, keep, conn_in(c)->buffer);
		return 0;
	}
	return gap || !conn_in(c)->buffer ? input_enlarge(v, c, keep) : -ENOBUFS;
}

void vessel_shrink(struct vessel *v, struct conn *c, uint64_t keep)
{
	uint64_t left = c->received - keep;

	if (!conn_in(c)->buffer) {
		if (!left)
			conn_in(c)->origin = keep; /* empty before and after: one store is enough */
		return;
	}
	if (left >= CONN_INLINE)
		return;
	memcpy(c->inline_in, vessel_byte(v, c, keep), left);
	input_move(v, c, keep, 0);
}

void vessel_drop_input(struct vessel *v, struct conn *c)
{
	if (conn_in(c)->buffer)
		input_move(v, c, c->received, 0);
}

int vessel_output_take(struct vessel *v)
{
	return v->output_left ? (int)v->output_free[--v->output_left] : -ENOBUFS;
}

void vessel_output_give(struct vessel *v, uint32_t output)
{
	v->output_free[v->output_left++] = output;
}

char *vessel_reply_bytes(struct vessel *v, uint32_t reply)
{
	if (reply >= REPLY_SETS * REPLY_WAYS)
		return v->canned[reply - REPLY_SETS * REPLY_WAYS];
	return v->remembered[reply];
}
