/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking over a vessel: free lists and counts are made anew from the records; connections go on where the kernel says. */
#include "cells/blood_adopt.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Buffers that no record holds are free. */
static void adopt_buffers(struct vessel *v)
{
	static uint8_t input[INPUT_BUFFERS], output[OUTPUT_BUFFERS];

	memset(input, 0, sizeof(input));
	memset(output, 0, sizeof(output));
	for (uint32_t i = 0; i < v->high; i++) {
		struct conn *c = vessel_conn(v, i);

		if (c->fd >= 0 && c->input && c->input <= INPUT_BUFFERS)
			input[c->input - 1] = 1;
		if (c->fd >= 0 && c->out_kind == OUT_BUFFER && c->ref < OUTPUT_BUFFERS)
			output[c->ref] = 1;
	}
	v->input_left = v->output_left = 0;
	for (uint32_t i = INPUT_BUFFERS; i--;)
		if (!input[i])
			v->input_free[v->input_left++] = i;
	for (uint32_t i = OUTPUT_BUFFERS; i--;)
		if (!output[i])
			v->output_free[v->output_left++] = i;
}

static void adopt_records(struct artery *a)
{
	struct vessel *v = a->vessel;

	v->free = CONN_NONE;
	for (uint32_t i = v->high; i--;) {
		struct conn *c = vessel_conn(v, i);

		if (c->fd < 0) {
			c->next_free = v->free;
			v->free = i;
		} else {
			a->open++;
		}
	}
	for (uint32_t i = 0; i < REPLY_SETS * REPLY_WAYS + REPLY_CANNED; i++)
		v->reply[i].refs = 0;
	for (uint32_t i = 0; i < v->high; i++) {
		struct conn *c = vessel_conn(v, i);

		if (c->fd >= 0 && c->out_kind == OUT_REPLY)
			v->reply[c->ref].refs++;
	}
}

/* Whether the kernel has given exactly the bytes the record knows of, and taken exactly those it sent. */
static bool conn_agrees(const struct conn *c)
{
	struct tcp_info info;
	socklen_t n = sizeof(info);
	int unread = 0, unsent = 0;

	memset(&info, 0, sizeof(info));
	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &n) || ioctl(c->fd, SIOCINQ, &unread) ||
		ioctl(c->fd, SIOCOUTQ, &unsent))
		return false;
	return info.tcpi_bytes_received - (uint64_t)unread == c->received &&
	       info.tcpi_bytes_acked + (uint64_t)unsent == c->sent;
}

/* Idle and half-read connections go on; one that was in the middle of more is closed. */
static void adopt_connection(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	if (c->phase == CONN_READING && conn_agrees(c)) {
		c->flags |= CONN_READABLE;
		c->scanned = 0;
		conn_deadline(a, i, a->t->germ->dna.idle_ms);
		ring_put(&a->ready, i);
		a->vitals->adopted++;
		return;
	}
	if (c->phase == CONN_ASKED && !(c->flags & CONN_BEGUN) && conn_agrees(c)) {
		conn_deadline(a, i, a->t->germ->dna.queue_ms);
		a->vitals->adopted++;
		return;
	}
	a->vitals->errors++;
	blood_close(a, i);
}

void blood_adopt(struct artery *a)
{
	struct vessel *v = a->vessel;

	if (!v->capacity) {
		vessel_init(v, a->t->germ->dna.connections);
		reply_init(a);
		slots_init(a);
		return;
	}
	adopt_buffers(v);
	adopt_records(a);
	slots_init(a);
	for (uint32_t i = 0; i < v->high; i++)
		if (conn_at(a, i)->fd >= 0)
			adopt_connection(a, i);
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++)
		atomic_fetch_or(&a->synapse->done[s / 64], 1ULL << (s % 64));
	a->rung = SYNAPSE_SLOTS;
}
