/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests into slots, and what becomes of a slot when its client or its drone is gone. */
#include "cells/blood.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Once only: drones can write into a slot what they like, also that it waits to be let go when nobody has it. */
static void slot_put_back(struct artery *a, uint32_t slot)
{
	uint64_t bit = 1ULL << slot % 64, *idle = &a->slot_idle[slot / 64];

	if (*idle & bit)
		return;
	*idle |= bit;
	a->slot_free[a->slots_left++] = slot;
}

static uint32_t slot_get(struct artery *a)
{
	uint32_t slot = a->slot_free[--a->slots_left];

	a->slot_idle[slot / 64] &= ~(1ULL << slot % 64);
	return slot;
}

void slots_init(struct artery *a)
{
	a->slots_left = 0;
	memset(a->slot_idle, 0, sizeof(a->slot_idle));
	for (uint32_t i = SYNAPSE_SLOTS; i--;) {
		if (slot_state(atomic_load(&a->synapse->slot[i].word)) == SLOT_FREE)
			slot_put_back(a, i);
	}
}

void slot_release(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint64_t word = atomic_load(&s->word);
	int gift = a->vessel->gift[slot];

	/* As with a connection's file: never the number of a descriptor that is closed already. */
	a->vessel->gift[slot] = -1;
	COMMIT();
	if (gift >= 0)
		close(gift);
	atomic_store(&s->word, slot_word(slot_ticket(word) + 1, 0, SLOT_FREE));
	s->conn = CONN_NONE;
	slot_put_back(a, slot);
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

void slot_feed(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	struct slot *s = &a->synapse->slot[c->slot];

	s->body_n = conn_in(c)->staged;
	s->body_last = conn_in(c)->whole;
	s->queued_ms = a->now_ms;
	slot_return(a, c->slot, SLOT_FED);
	if (conn_in(c)->whole) {
		conn_phase(c, CONN_ASKED);
		conn_deadline(a, i, c->deadline_ms);
	}
}

/* Nobody takes this answer: were its file left in the gift socket, the socket would fill up and stop the drones. */
static void slot_forget(struct artery *a, uint32_t slot)
{
	while (a->synapse->slot[slot].kind == ANSWER_FILE && gift_note(a))
		;
	slot_release(a, slot);
}

void slot_discard(struct artery *a, uint32_t slot, uint32_t state)
{
	if (state == SLOT_DONE)
		slot_forget(a, slot);
	else
		slot_return(a, slot, state == SLOT_PIECE ? SLOT_MORE : SLOT_FED);
}

void slot_orphan(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint64_t word = atomic_load(&s->word);
	uint64_t queued = slot_word(slot_ticket(word), 0, SLOT_QUEUED);

	if (exhibit_keep(a, slot, word)) {
		atomic_store(&s->gone, 1);
		return;
	}
	if (slot_state(word) == SLOT_DONE || slot_state(word) == SLOT_FREE ||
		atomic_compare_exchange_strong(&s->word, &queued, slot_word(slot_ticket(word), 0, SLOT_FREE))) {
		slot_forget(a, slot);
		return;
	}
	atomic_store(&s->gone, 1);
	word = atomic_load(&s->word);
	if (slot_state(word) == SLOT_PIECE || slot_state(word) == SLOT_HUNGRY)
		slot_discard(a, slot, slot_state(word));
}

void slot_abandon(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t slot = c->slot;

	c->slot = SYNAPSE_SLOTS;
	COMMIT();
	slot_orphan(a, slot);
}

/* inet_ntop takes a tenth of a microsecond for an IPv4 address; this is for every request. */
static void put_peer(const struct conn *c, char *to)
{
	if (c->family != AF_INET) {
		inet_ntop(c->family, c->addr, to, INET6_ADDRSTRLEN);
		return;
	}
	for (int i = 0; i < 4; i++) {
		unsigned n = c->addr[i];

		if (n >= 100)
			*to++ = (char)('0' + n / 100);
		if (n >= 10)
			*to++ = (char)('0' + n / 10 % 10);
		*to++ = (char)('0' + n % 10);
		*to++ = i < 3 ? '.' : 0;
	}
}

/* What a->request, parsed from head, and its path are to a drone. Returns the bytes of the path. */
static uint32_t put_request(struct artery *a, const struct conn *c, const char *head, uint8_t *data)
{
	const struct http_request *r = &a->request;

	memcpy(data + SLOT_REQUEST_AT, r, offsetof(struct http_request, headers) + r->header_count * sizeof(r->headers[0]));
	memcpy(data + SLOT_HEAD_AT, head, r->head_bytes);
	memcpy(data + SLOT_HEAD_AT + r->head_bytes, a->path, a->path_n);
	put_peer(c, (char *)data + SLOT_PEER_AT);
	return a->path_n;
}

static void slot_fill(struct artery *a, uint32_t i, uint32_t slot)
{
	struct conn *c = conn_at(a, i);
	struct slot *s = &a->synapse->slot[slot];
	const char *head = vessel_byte(a->vessel, c, c->used);
	uint32_t head_n = (uint32_t)(c->req_end - c->used);

	/* Parsed before other requests came between: once more. */
	if (a->request_of != i)
		cw_assert(http_head_parse(head, head_n, &a->request) == 0 && request_path(a, head) == 0);
	a->request_of = CONN_NONE;
	s->conn = i;
	s->route = c->route;
	s->generation = c->generation;
	s->head_n = head_n;
	s->path_n = put_request(a, c, head, a->synapse->data[slot]);
	s->body_n = c->flags & CONN_HAS_BODY ? conn_in(c)->staged : 0;
	s->body_last = c->flags & CONN_HAS_BODY ? conn_in(c)->whole : 1;
	s->tries = s->parts = s->pieces = 0;
	s->chunks = !(c->flags & CONN_OLD);
	s->queued_ms = a->now_ms;
	s->now = a->now_s;
	atomic_store_explicit(&s->gone, 0, memory_order_relaxed);
}

/*
 * Order matters: while the slot is FREE an adopter does all of this again from the input, which still holds the whole
 * request; once it is QUEUED the request is the drones'.
 */
void blood_ask(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	uint32_t slot;

	/* It may have waited for its body, or for a slot, while the DNA was changed. */
	if (c->generation != a->t->generation && !request_reroute(a, i))
		return;
	asked_deadline(a, i);
	if (!a->slots_left) {
		a->request_of = CONN_NONE;
		conn_phase(c, CONN_WANT_SLOT);
		ring_put(&a->wanting, i);
		return;
	}
	slot = slot_get(a);
	c->slot = slot;
	COMMIT();
	if (c->flags & CONN_HAS_BODY) {
		body_restart(c);
		cw_assert(body_stage(a, c) == 0);
	}
	slot_fill(a, i, slot);
	pathogen_mark(a, c, slot);
	if (screen_refuses(a, pathogen_refuses(a, c, slot) ? 403 : screen_body(a, c, slot))) {
		screen_refuse(a, i, 403);
		return;
	}
	conn_phase(c, c->flags & CONN_HAS_BODY && !conn_in(c)->whole ? CONN_BODY : CONN_ASKED);
	synapse_queue(a->synapse, slot);
	a->rung++;
}

/* The flag of a drone that died asleep stays up: only the family's record tells who can hear. */
static bool can_hear(const struct tissue *t, uint32_t slot)
{
	return t->cells[slot].state == CELL_LIVING && t->cells[slot].class == CLASS_DRONE;
}

void blood_ring_drones(struct artery *a)
{
	const struct plan *p = a->t->plan;

	/* What was queued is seen by a drone that is about to sleep, or its flag is seen here. */
	atomic_thread_fence(memory_order_seq_cst);
	for (uint32_t s = 0; s < p->slots && a->rung; s++) {
		_Atomic uint32_t *asleep = &a->t->commons->asleep[s];

		if (!atomic_load_explicit(asleep, memory_order_seq_cst) || !can_hear(a->t, s))
			continue;
		bell_ring(asleep, plan_bell(p, s));
		a->rung--;
	}
	if (a->rung)
		blood_call_neuron(a);
	a->rung = 0;
}

bool slot_repeat(struct artery *a, uint32_t i, uint32_t slot, uint32_t state)
{
	struct slot *s = &a->synapse->slot[slot];
	struct conn *c = conn_at(a, i);

	if (state != SLOT_TAKEN || !s->body_last || s->parts || s->tries || c->pieces || !http_method_idempotent(c->method))
		return false;
	s->tries++;
	s->queued_ms = a->now_ms;
	synapse_queue(a->synapse, slot);
	a->rung++;
	a->vitals->requeued++;
	asked_deadline(a, i);
	return true;
}

/* The route is the connection's: what the slot says of it a drone may have written. */
static bool slot_is_late(const struct artery *a, const struct conn *c, const struct slot *s)
{
	return slot_worked_ms(s, a->now_ms) >= c->deadline_ms;
}

/* The drone is dead. Before its answer began the request can be tried once more, if that is safe; else 502. */
static void slot_bereaved(struct artery *a, uint32_t slot)
{
	struct slot *s = &a->synapse->slot[slot];
	uint32_t state = slot_state(atomic_load(&s->word)), i = s->conn;
	struct conn *c;
	bool late;

	if (atomic_load(&s->gone)) {
		slot_release(a, slot);
		return;
	}
	if (state == SLOT_DONE) {
		slot_look(a, slot);
		return;
	}
	/* Drones can write there, too. */
	if (i >= a->vessel->high)
		return;
	c = conn_at(a, i);
	if (c->slot != slot)
		return;
	if (!conn_ready(a, i)) {
		slot_release(a, slot); /* closed, and its slot abandoned with that */
		return;
	}
	if (slot_repeat(a, i, slot, state))
		return;
	a->vitals->errors++;
	late = slot_is_late(a, c, s);
	if (c->pieces || c->phase == CONN_SENDING)
		blood_close(a, i);
	else
		blood_refuse(a, i, late ? 504 : 502, blood_body_is_read(c));
	/* It was abandoned with that, and nobody works on it any more. */
	slot_release(a, slot);
	/* A pipelined request may stand behind it. */
	if (c->fd >= 0 && c->phase == CONN_READING)
		ring_put(&a->ready, i);
}

void blood_requeue(struct artery *a, uint32_t drone)
{
	pathogen_blame(a, drone);
	for (uint32_t s = 0; s < SYNAPSE_SLOTS; s++) {
		uint64_t word = atomic_load(&a->synapse->slot[s].word);

		if (slot_state(word) != SLOT_FREE && slot_drone(word) == drone)
			slot_bereaved(a, s);
	}
	/* Its bell may have been the one that was rung for what still waits. */
	if (synapse_waiting(a->synapse))
		a->rung += SYNAPSE_SLOTS;
}
