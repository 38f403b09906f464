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

struct conn *vessel_conn(struct vessel *v, uint32_t conn)
{
	return (struct conn *)((char *)v + sizeof(*v) + deadlines_bytes(v->capacity)) + conn;
}

void vessel_init(struct vessel *v, uint32_t connections)
{
	v->capacity = connections;
	v->high = 0;
	v->free = CONN_NONE;
	for (uint32_t i = 0; i < INPUT_BUFFERS; i++)
		v->input_free[i] = INPUT_BUFFERS - 1 - i;
	for (uint32_t i = 0; i < OUTPUT_BUFFERS; i++)
		v->output_free[i] = OUTPUT_BUFFERS - 1 - i;
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
	c->phase = CONN_FREE;
	c->serial++;
	c->next_free = v->free;
	*vessel_deadline(v, conn) = 0;
	v->free = conn;
}

char *vessel_input(struct vessel *v, struct conn *c, uint32_t *room)
{
	if (c->input) {
		*room = INPUT_BYTES;
		return v->input[c->input - 1];
	}
	*room = CONN_INLINE;
	return c->in;
}

int vessel_enlarge(struct vessel *v, struct conn *c)
{
	uint32_t i;

	if (c->input || !v->input_left)
		return -ENOBUFS;
	i = v->input_free[v->input_left - 1];
	memcpy(v->input[i], c->in, c->in_end);
	v->input_left--;
	c->input = i + 1;
	return 0;
}

void vessel_shrink(struct vessel *v, struct conn *c)
{
	if (!c->input)
		return;
	v->input_free[v->input_left++] = c->input - 1;
	c->input = 0;
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
