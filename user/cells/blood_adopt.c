/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking over a vessel: records are repaired, lists made anew, and every connection goes on where the kernel says it is. */
#include "cells/blood_adopt.h"
#include "cells/cell.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* States of linux/tcp.h's tcpi_state in which the peer's FIN has come. */
#define TCP_STATE_CLOSE_WAIT 8
#define TCP_STATE_LAST_ACK   9
#define TCP_STATE_CLOSING    11

static int tcp_look(int fd, struct tcp_info *info)
{
	socklen_t n = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n) ? -errno : 0;
}

/*
 * What was really read from and written to a socket. The kernel's counts come from two calls: they are asked again until
 * nothing has moved between. A FIN counts as a received byte, but is not one of the queue.
 */
static int kernel_counts(int fd, uint64_t *received, uint64_t *sent)
{
	struct tcp_info before, after;
	int unread, unsent, error;
	uint64_t fin;

	do {
		error = tcp_look(fd, &before);
		if (!error && (ioctl(fd, SIOCINQ, &unread) || ioctl(fd, SIOCOUTQ, &unsent)))
			error = -errno;
		if (!error)
			error = tcp_look(fd, &after);
		if (error)
			return error;
	} while (before.tcpi_bytes_received != after.tcpi_bytes_received || before.tcpi_bytes_acked != after.tcpi_bytes_acked ||
		 before.tcpi_state != after.tcpi_state);
	fin = after.tcpi_state == TCP_STATE_CLOSE_WAIT || after.tcpi_state == TCP_STATE_LAST_ACK ||
	      after.tcpi_state == TCP_STATE_CLOSING;
	*received = after.tcpi_bytes_received - fin - (uint64_t)unread;
	*sent = after.tcpi_bytes_acked + (uint64_t)unsent;
	return 0;
}

bool conn_is_open(const struct conn *c)
{
	uint64_t now;
	socklen_t n = sizeof(now);

	return !getsockopt(c->fd, SOL_SOCKET, SO_COOKIE, &now, &n) && now == c->cookie;
}

/* Brings received and sent up to what the kernel has done for the dead cell. False when it cannot be believed. */
static bool conn_catch_up(struct artery *a, struct conn *c)
{
	uint64_t received, sent, end;
	uint32_t room;

	if (kernel_counts(c->fd, &received, &sent))
		return false;
	vessel_input(a->vessel, c, &room);
	end = c->phase == CONN_LINGER ? received : received - conn_in(c)->origin;
	if (received < c->received || sent < c->sent || (c->phase != CONN_LINGER && end > room))
		return false;
	c->received = received;
	/* Only an answer, or 100 Continue, moves what was sent. */
	c->sent = sent;
	return true;
}

bool conn_ready(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	if (!(c->flags & CONN_STALE))
		return true;
	c->flags &= ~(uint32_t)CONN_STALE;
	c->flags |= CONN_READABLE;
	/* After our own FIN the counts no longer matter. */
	if (c->phase == CONN_LINGER) {
		shutdown(c->fd, SHUT_WR);
		return true;
	}
	if (conn_catch_up(a, c))
		return true;
	tissue_log(a->t, "connection %u cannot be taken over: the kernel's counts do not fit; it is closed", i);
	a->vitals->errors++;
	blood_close(a, i);
	return false;
}

/* A record back to a state that its phase alone describes. Lists are not touched: they are made anew afterwards. */
static void repair_slot(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	const struct asked *r;

	if (c->slot >= SYNAPSE_SLOTS) {
		/* All may have been looked at already, and nothing more would come to be looked at. */
		if (c->phase == CONN_BODY)
			body_restart(c);
		return;
	}
	r = &a->vessel->asked[c->slot];
	/* Released already, or never queued: the input still holds the request, which is asked for again. */
	if (slot_state(r->word) == SLOT_FREE || r->asker != i) {
		/* The slot last: without one, the phase must not say that a drone was asked. */
		if (c->phase == CONN_ASKED)
			conn_phase(c, CONN_WANT_SLOT);
		else if (c->phase == CONN_BODY)
			body_restart(c);
		c->slot = SYNAPSE_SLOTS;
	}
}

static void repair(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);

	repair_slot(a, i);
	if (c->phase == CONN_READING) {
		c->flags &= CONN_LASTING;
		/* Whatever it was about to become, nobody knows of it yet. */
		if (c->slot < SYNAPSE_SLOTS)
			slot_abandon(a, i);
	}
	c->scanned = 0;
	/* A part whose sending had not begun is made again, from what was in force before it. */
	if (c->phase == CONN_ASKED && conn_out(c)->piece != c->pieces)
		c->out_now ^= 1;
	/* What is left of an answer does not stand in the slot: it was to be let go. */
	if (c->phase == CONN_SENDING && c->slot < SYNAPSE_SLOTS && conn_out(c)->last && conn_out(c)->kind != OUT_SLOT)
		slot_abandon(a, i);
	c->flags |= CONN_STALE | CONN_READABLE;
}

/* Records that were being filled or emptied when the cell died. */
static void repair_all(struct artery *a)
{
	for (uint32_t i = 0; i < a->vessel->high; i++) {
		struct conn *c = conn_at(a, i);

		if (c->fd < 0)
			continue;
		if (!conn_is_open(c)) {
			c->fd = -1; /* closed already; the number may be another's by now */
		} else if (c->phase == CONN_CLOSING || c->phase == CONN_FREE) {
			close(c->fd);
			c->fd = -1;
		}
		if (c->fd < 0 && c->slot < SYNAPSE_SLOTS)
			slot_abandon(a, i);
		if (c->fd < 0)
			c->phase = CONN_FREE;
		else
			repair(a, i);
	}
}

/* Buffers that no record holds are free. */
static void adopt_buffers(struct vessel *v)
{
	static uint8_t input[INPUT_BUFFERS], output[OUTPUT_BUFFERS];

	memset(input, 0, sizeof(input));
	memset(output, 0, sizeof(output));
	for (uint32_t i = 0; i < v->high; i++) {
		struct conn *c = vessel_conn(v, i);
		uint32_t buffer = conn_in(c)->buffer;

		if (c->fd < 0)
			continue;
		if (buffer && buffer <= INPUT_BUFFERS)
			input[buffer - 1] = 1;
		if (c->phase == CONN_SENDING && conn_out(c)->kind == OUT_BUFFER && conn_out(c)->ref < OUTPUT_BUFFERS)
			output[conn_out(c)->ref] = 1;
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
	for (uint32_t i = 0; i < REPLY_SETS * REPLY_WAYS + REPLY_CANNED; i++)
		v->reply[i].refs = 0;
	for (uint32_t i = v->high; i--;) {
		struct conn *c = vessel_conn(v, i);

		if (c->fd < 0) {
			c->serial++;
			c->next_free = v->free;
			*vessel_deadline(v, i) = 0;
			v->free = i;
			continue;
		}
		a->open++;
		if (c->phase == CONN_SENDING && conn_out(c)->kind == OUT_REPLY)
			v->reply[conn_out(c)->ref].refs++;
	}
}

static uint32_t deadline_of_phase(const struct dna *d, const struct conn *c)
{
	switch (c->phase) {
	case CONN_BODY:
		return d->body_ms;
	case CONN_SENDING:
		return d->send_ms;
	case CONN_WANT_SLOT:
	case CONN_ASKED:
		return d->queue_ms;
	default:
		return c->received > c->used ? d->head_ms : d->idle_ms;
	}
}

/* Events that the dead cell had taken out are lost: the set is told anew to watch, and tells what is ready. */
static void adopt_watch(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

	e.data.u64 = (uint64_t)c->serial << 32 | i;
	if (epoll_ctl(a->epoll, EPOLL_CTL_MOD, c->fd, &e) && errno == ENOENT)
		epoll_ctl(a->epoll, EPOLL_CTL_ADD, c->fd, &e);
	conn_deadline(a, i, deadline_of_phase(&a->t->germ->dna, c));
	a->vitals->adopted++;
	if (c->phase == CONN_WANT_SLOT)
		ring_put(&a->wanting, i);
	else if (c->phase != CONN_READING || c->received != c->used)
		ring_put(&a->ready, i);
}

static void adopt_connections(struct artery *a)
{
	for (uint32_t i = 0; i < a->vessel->high; i++)
		if (conn_at(a, i)->fd >= 0)
			adopt_watch(a, i);
}

/* Slots that the dead cell was letting go: their connection had forgotten them, but they were not free yet. */
static void adopt_orphans(struct artery *a)
{
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++) {
		if (slot_state(a->vessel->asked[s].word) != SLOT_FREE && !asked_has_asker(a, s))
			slot_orphan(a, s);
	}
}

/* The record says that it is queued, and the slot not yet. */
static bool is_half_queued(struct artery *a, uint32_t slot)
{
	uint64_t known = a->vessel->asked[slot].word;

	return slot_state(known) == SLOT_QUEUED &&
	       atomic_load(&a->synapse->slot[slot].word) == slot_word(slot_ticket(known), 0, SLOT_FREE);
}

/* Slots: those of dead drones are dealt with, those that wait are queued anew, all answers are looked at. */
static void adopt_slots(struct artery *a)
{
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++) {
		uint64_t word;

		if (slot_state(a->vessel->asked[s].word) == SLOT_FREE)
			continue;
		if (is_half_queued(a, s))
			atomic_store(&a->synapse->slot[s].word, a->vessel->asked[s].word);
		/* What a drone has spoiled waits for the next audit. */
		if (!asked_look(a, s, &word))
			continue;
		if (slot_state(word) == SLOT_QUEUED) {
			synapse_enlist(a->synapse, s);
			a->rung++;
		} else if (!asked_drone_lives(a, slot_drone(word))) {
			blood_requeue(a, slot_drone(word));
		}
		atomic_fetch_or(&a->synapse->done[s / 64], 1ULL << (s % 64));
	}
}

void blood_adopt(struct artery *a)
{
	struct vessel *v = a->vessel;

	if (!v->capacity) {
		vessel_init(v, a->t->germ->dna.connections);
		screen_count(a);
		reply_init(a);
		slots_init(a);
		return;
	}
	slots_init(a);
	repair_all(a);
	adopt_buffers(v);
	reply_forget(a); /* they may be of an older DNA */
	adopt_records(a);
	screen_count(a);
	slots_init(a);
	adopt_strays(a);
	adopt_orphans(a);
	adopt_connections(a);
	adopt_slots(a);
}
