/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a blood cell: one artery per vessel it serves, and what is done to a connection. */
#ifndef CELLWS_CELLS_BLOOD_H
#define CELLWS_CELLS_BLOOD_H

#include "cells/rate.h"
#include "http/date.h"
#include "http/parse.h"
#include "tissue/synapse.h"
#include "tissue/tissue.h"
#include "tissue/vessel.h"

/* A ring of connection numbers, private to the process: what it holds is found again by a sweep after an adoption. */
struct conn_ring {
	uint32_t *conn;
	uint32_t mask;
	uint32_t head, tail;
};

/* One blood cell's view of one vessel; everything that must outlive the process is in the vessel itself. */
struct artery {
	struct tissue *t;
	uint32_t v;
	struct vessel *vessel;
	struct synapse *synapse;
	int epoll;
	uint64_t now_ms;
	int64_t now_s;
	char date[HTTP_DATE_BYTES];
	struct http_limits limits;
	uint32_t open;              /* connections */
	uint32_t slot_free[SYNAPSE_SLOTS];
	uint32_t slots_left;
	uint32_t ticket;
	uint32_t rung;              /* requests queued since drones were last woken */
	int gift[SYNAPSE_SLOTS];    /* open files received from drones, -1 for none */
	struct conn_ring ready;     /* have more to do without an event */
	struct conn_ring wanting;   /* wait for a free slot */
	bool paused;                /* the listeners are out of the epoll set */
	uint64_t pause_until;
	uint64_t next_due;          /* clock_ms of the next deadline, or earlier */
	uint32_t sweep_every;       /* shortest time between two sweeps */
	uint64_t leave_by;          /* clock_ms at which a leaving cell gives up on what is open; 0: not leaving */
	struct rate_table *rate;
	struct http_request request; /* the head in hand */
	uint32_t request_of;         /* whose it is, CONN_NONE for nobody's */
	volatile struct vitals *vitals;
};

/* blood_accept.c */
void blood_accept(struct artery *a, uint32_t listen);
void blood_pause(struct artery *a);
void blood_resume(struct artery *a);
/* Gives the connection and everything it holds back. */
void blood_close(struct artery *a, uint32_t i);

/* blood_read.c: takes what has come, as far as it goes. Called for events and from the ready ring. */
void blood_go(struct artery *a, uint32_t i);

/* blood_request.c: the parsed head in a->request decides. Returns the status to fail with, or 0. */
void blood_request(struct artery *a, uint32_t i, const char *head, uint32_t head_n);
/* Answers with a canned reply; keep: the connection may go on after it. */
void blood_refuse(struct artery *a, uint32_t i, int status, bool keep);
/* The head, and what has come of the body behind it, goes to a drone; waits for a slot when none is free. */
void blood_ask(struct artery *a, uint32_t i);

/* blood_reply.c: complete answers in memory. */
void reply_init(struct artery *a);
/* Key of a request into key (room REPLY_KEY); 0 when it is not to be remembered. */
uint32_t reply_key(const char *head, const struct http_request *r, char *key);
/* A fresh reply for this request: its number, or CONN_NONE. */
uint32_t reply_find(struct artery *a, const char *key, uint32_t key_n, uint32_t variant);
void reply_remember(struct artery *a, const char *key, uint32_t key_n, uint32_t variant, const char *bytes,
	uint32_t head_n, uint32_t body_n, uint32_t date_at, uint32_t fresh_ms);
uint32_t reply_canned(struct artery *a, int status, bool keep);
void reply_fresh_date(struct artery *a, uint32_t reply);

/* blood_send.c */
/* Begins to send n bytes from the place given by kind and ref; the answer ends with them and the file of c, if any. */
void blood_send(struct artery *a, uint32_t i, uint32_t kind, uint32_t ref, uint32_t at, uint32_t n);
/* Goes on where the socket was full. */
void blood_send_more(struct artery *a, uint32_t i);

/* blood_slot.c */
void slots_init(struct artery *a);
/* Looks at every slot that drones have marked. */
void blood_collect(struct artery *a);
/* Gives the slots of a dead drone to another, or answers 502. */
void blood_requeue(struct artery *a, uint32_t drone);
void slot_release(struct artery *a, uint32_t slot);
/* The part in the slot is sent: let the drone go on. */
void slot_want_more(struct artery *a, uint32_t slot);
/* The connection is gone or given up: the slot is freed as soon as its drone has finished. */
void slot_abandon(struct artery *a, uint32_t slot);
void slot_feed(struct artery *a, uint32_t slot, const char *bytes, uint32_t n, bool last);
/* Wakes as many sleeping drones as there are new requests. */
void blood_ring_drones(struct artery *a);

/* blood_head.c: writes status line, Date, framing and Connection before the drone's header lines. */
/* Returns where the head begins in the slot's data, 0 when what the drone left is malformed; *date_at: offset in it. */
uint32_t head_compose(struct artery *a, const struct conn *c, uint32_t slot, uint32_t *date_at);

/* blood_sweep.c */
void blood_sweep(struct artery *a);
void conn_deadline(struct artery *a, uint32_t i, uint32_t ms);

void ring_put(struct conn_ring *r, uint32_t i);
uint32_t ring_take(struct conn_ring *r);
static inline bool ring_empty(const struct conn_ring *r)
{
	return r->head == r->tail;
}

static inline struct conn *conn_at(struct artery *a, uint32_t i)
{
	return vessel_conn(a->vessel, i);
}

#endif
