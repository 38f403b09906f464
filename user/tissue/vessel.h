/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The vessel: everything one blood cell serves, in shared memory, so that a sister can go on when it dies. */
#ifndef CELLWS_TISSUE_VESSEL_H
#define CELLWS_TISSUE_VESSEL_H

#include <stddef.h>
#include <stdint.h>
#include "http/chunk.h"
#include "http/parse.h"
#include "http/proxy_protocol.h"

#define CONN_NONE   0xffffffffu
#define CONN_INLINE 400u /* bytes of input kept in the record itself */

#define INPUT_BUFFERS 1024u /* larger inputs; each touches only the pages it uses */
#define INPUT_BYTES   65536u
#define OUTPUT_BUFFERS 256u /* rests of answers that a slow client has not taken */
#define OUTPUT_BYTES   65536u

/* X(NAME, what the connection waits for). The phase is the commit: what a phase needs is written before it is entered. */
#define CONN_PHASES(X)                                            \
	X(FREE, "nobody")                                         \
	X(READING, "a request head, whole or in part")            \
	X(BODY, "the rest of a request body")                     \
	X(WANT_SLOT, "a free slot of the synapse")                \
	X(ASKED, "a drone's answer, or its next piece")           \
	X(SENDING, "the client to take the rest of an answer")    \
	X(LINGER, "the client to close after us")                 \
	X(CLOSING, "its descriptor to be closed")

enum conn_phase {
#define X(NAME, text) CONN_##NAME,
	CONN_PHASES(X)
#undef X
};

/* Where the bytes stand that are being sent. */
enum conn_out_kind {
	OUT_NOTHING = 0,
	OUT_REPLY = 1,  /* ref: entry of the reply memory */
	OUT_SLOT = 2,   /* ref: slot of the synapse */
	OUT_BUFFER = 3, /* ref: output buffer */
};

enum conn_flag {
	CONN_KEEP = 0x01,      /* goes on after this answer */
	CONN_HEAD_ONLY = 0x02, /* the request was HEAD */
	CONN_CHUNKED = 0x04,   /* the request body is chunked */
	CONN_OLD = 0x08,       /* HTTP/1.0 */
	CONN_CLOSED_IN = 0x10, /* the client sends no more */
	CONN_READABLE = 0x20,  /* the socket may hold more input than was read */
	CONN_PIECES = 0x40,    /* the answer comes in pieces, chunked */
	CONN_HAS_BODY = 0x80,  /* the request has a body */
	CONN_CONTINUE = 0x100, /* 100 Continue is being sent, from cont_base on */
	CONN_GZIP = 0x200,     /* the client accepts gzip */
	CONN_PLAIN = 0x400,    /* a GET or HEAD whose answer may be remembered */
	CONN_STALE = 0x800,    /* adopted: the kernel is asked what was read and written before anything else */
	CONN_WATCHED = 0x1000, /* room in the socket is told of, too: it was full once */
	CONN_LASTING = CONN_READABLE | CONN_CLOSED_IN | CONN_WATCHED, /* what is said of the connection, not of a request */
};

/* The trusted proxies that a connection comes through. */
enum conn_via {
	VIA_PROXY = 1,     /* its peer is one */
	VIA_FORWARDED = 2, /* and the one whom it speaks for is one too: X-Forwarded-For is believed */
};

/*
 * The input side. It changes as a whole: the other one of two is written, then one byte says which counts. Positions are
 * offsets in the client's stream, so the end of the input is `received`, a single number that the kernel can confirm.
 */
struct conn_in {
	uint64_t origin;    /* position of the first byte of the buffer */
	uint64_t raw;       /* body: first byte not yet decoded into the slot */
	uint64_t scan;      /* body before it has a slot: first byte not yet looked at */
	uint64_t body_sum;  /* body bytes decoded, or seen, so far */
	struct http_chunk chunk; /* coding state at scan, or at raw once there is a slot */
	uint32_t buffer;    /* input buffer + 1, 0: in the record */
	uint32_t staged;    /* body bytes in the slot that make up the last part */
	uint32_t parts;     /* parts put into the slot so far */
	uint32_t whole;     /* the body has come to its end */
};

/*
 * The output side, changed the same way. Sent so far: `sent` - base bytes, first of the n bytes at start, then of the
 * file. Also `sent` can be confirmed by the kernel: nothing else moves while an answer is sent.
 */
struct conn_out {
	uint64_t base;      /* `sent` when this part began */
	uint64_t file_at;
	uint64_t file_left; /* bytes of the file that belong to it */
	uint64_t pull_left; /* bytes of a pulled answer that come after this part */
	uint32_t kind;
	uint32_t ref;
	uint32_t start;
	uint32_t n;
	uint32_t last;      /* the answer ends with this part */
	uint32_t piece;     /* its number, from 1 on */
};

/* One connection. Writer: the blood cell that serves the vessel. recv() writes at received - origin of the buffer. */
struct conn {
	int32_t fd; /* -1: free */
	uint32_t serial;
	uint32_t phase;
	uint32_t flags;
	uint64_t cookie; /* of the socket: a descriptor's number may have been given to another */
	uint64_t received;
	uint64_t sent;
	uint64_t used;      /* first byte not belonging to a finished request */
	uint64_t req_end;   /* one behind the head of the request in hand */
	uint64_t body_total; /* Content-Length of the request in hand */
	uint64_t cont_base; /* `sent` when 100 Continue began */
	uint8_t addr[16]; /* the client, as far as it is known; of the request in hand behind a trusted proxy */
	uint16_t family;
	uint16_t port; /* host order */
	uint8_t in_now;  /* which of in[] counts */
	uint8_t out_now; /* which of out[] counts */
	uint16_t method;
	uint32_t route;
	uint32_t slot;    /* SYNAPSE_SLOTS when none */
	uint32_t scanned; /* what http_head_find has seen from used on */
	uint32_t pieces;  /* pieces of the answer in hand that are sent */
	int32_t file;     /* -1: none */
	uint32_t requests;
	uint32_t next_free;
	uint32_t progress; /* low bits of a count when the deadline was last pushed */
	struct http_peer peer; /* who speaks when a request names nobody: the peer, or whom its PROXY header names */
	uint32_t via; /* enum conn_via */
	uint32_t generation; /* of the DNA that route is of */
	uint32_t deadline_ms; /* of that route */
	struct conn_in in[2];
	struct conn_out out[2];
	char inline_in[CONN_INLINE];
};
_Static_assert(sizeof(struct conn) <= 832, "an idle connection costs less than 1 KiB");

/* Keeps the compiler from moving stores across: a kill at any instruction leaves what stands before it in memory. */
#define COMMIT() __asm__ volatile("" ::: "memory")

static inline struct conn_in *conn_in(struct conn *c)
{
	return &c->in[c->in_now & 1];
}

/* A copy of the input side to be changed, then put in force by conn_in_commit. */
static inline struct conn_in *conn_in_next(struct conn *c)
{
	struct conn_in *next = &c->in[~c->in_now & 1];

	*next = *conn_in(c);
	return next;
}

static inline void conn_in_commit(struct conn *c)
{
	COMMIT();
	c->in_now ^= 1;
	COMMIT();
}

static inline struct conn_out *conn_out(struct conn *c)
{
	return &c->out[c->out_now & 1];
}

static inline struct conn_out *conn_out_next(struct conn *c)
{
	return &c->out[~c->out_now & 1];
}

static inline void conn_out_commit(struct conn *c)
{
	COMMIT();
	c->out_now ^= 1;
	COMMIT();
}

static inline void conn_phase(struct conn *c, uint32_t phase)
{
	COMMIT();
	c->phase = phase;
	COMMIT();
}

/* A complete answer kept in memory: remembered ones (the reflex) and the canned ones for errors. */
#define REPLY_SETS  256u
#define REPLY_WAYS  4u
#define REPLY_CANNED 128u
#define REPLY_KEY   256u
#define REPLY_BYTES 65536u /* room for one remembered answer; pages are touched as used */
#define CANNED_BYTES 512u

struct reply {
	uint32_t hash;
	uint32_t key_n;     /* 0: empty */
	uint32_t variant;   /* connection and coding the head was made for */
	uint32_t refs;      /* connections that are sending it; recounted after an adoption */
	uint32_t head_n;
	uint32_t body_n;
	uint32_t date_at;   /* where HTTP_DATE_BYTES of date stand in the head */
	uint32_t status;
	int64_t date;       /* second they show; 0: being changed */
	uint64_t fresh_until; /* clock_ms */
	uint64_t used;      /* clock_ms */
	char key[REPLY_KEY - 56];
};
_Static_assert(sizeof(struct reply) == REPLY_KEY, "replies lie in rows");

#define VESSEL_GIFTS 256u /* as many as the synapse has slots */

/*
 * What blood itself knows of a slot of the synapse. Drones write into the slots, each into all of them, and never here:
 * whose request is in a slot and what is to happen next is decided by this alone.
 */
struct asked {
	uint64_t word;        /* the slot's, as blood last wrote or believed it; FREE: it is nobody's */
	uint64_t fingerprint; /* of the request */
	uint64_t queued_ms;   /* clock_ms when a drone could first take it, or its last part */
	uint32_t asker;       /* index of the connection; CONN_NONE: it is gone, and so is whoever waits */
	uint32_t route;
	uint32_t tries;       /* drones that died over it */
	struct http_span target, path, host; /* of the head in the input */
};
_Static_assert(sizeof(struct asked) == 48, "the padding of struct vessel counts on it");

struct vessel {
	uint32_t high;     /* records ever used */
	uint32_t free;     /* first free record, CONN_NONE for none; rebuilt after an adoption */
	uint32_t capacity; /* records */
	uint64_t conns_at; /* where the records begin, in bytes from here */
	struct asked asked[VESSEL_GIFTS]; /* by slot of the synapse */
	uint32_t tenant;   /* slot of the cell whose bell and inbox are in the artery, + 1 */
	uint32_t input_free[INPUT_BUFFERS];   /* stack of free buffers */
	uint32_t input_left;
	uint32_t output_free[OUTPUT_BUFFERS];
	uint32_t output_left;
	int32_t gift[VESSEL_GIFTS]; /* by slot of the synapse: an open file received from its drone, -1 for none */
	uint8_t pad0[4096 - (4 * (INPUT_BUFFERS + OUTPUT_BUFFERS + 13 * VESSEL_GIFTS) + 40) % 4096];
	struct reply reply[REPLY_SETS * REPLY_WAYS + REPLY_CANNED];
	char canned[REPLY_CANNED][CANNED_BYTES];
	char remembered[REPLY_SETS * REPLY_WAYS][REPLY_BYTES];
	char input[INPUT_BUFFERS][INPUT_BYTES];
	char output[OUTPUT_BUFFERS][OUTPUT_BYTES];
	/* behind it: uint32_t deadline[capacity], then struct conn conn[capacity] */
};

/* Bytes of a vessel for so many connections. */
size_t vessel_bytes(uint32_t connections);

/* First use: all free. */
void vessel_init(struct vessel *v, uint32_t connections);

/* Low 32 bits of clock_ms at which a connection is given up; 0 for never. A row of its own, so that a sweep is cheap. */
uint32_t *vessel_deadline(struct vessel *v, uint32_t conn);
static inline struct conn *vessel_conn(struct vessel *v, uint32_t conn)
{
	return (struct conn *)((char *)v + v->conns_at) + conn;
}

/* A free record, or CONN_NONE. */
uint32_t vessel_take(struct vessel *v);
void vessel_give(struct vessel *v, uint32_t conn);

/* The buffer of a connection's input and its room. */
char *vessel_input(struct vessel *v, struct conn *c, uint32_t *room);
/* Where the byte at a position of the stream stands. */
char *vessel_byte(struct vessel *v, struct conn *c, uint64_t position);

/*
 * Makes room for more input, keeping everything from position keep on: by moving it to the front or into a larger
 * buffer, never over itself. 0, or -ENOBUFS when no buffer is free or the largest is full.
 */
int vessel_make_room(struct vessel *v, struct conn *c, uint64_t keep);
/* Gives a larger buffer back once everything in it is used; what little is left goes into the record. */
void vessel_shrink(struct vessel *v, struct conn *c, uint64_t keep);
/* Gives it back in any case: the connection ends. */
void vessel_drop_input(struct vessel *v, struct conn *c);

/* Output buffers: index, or -ENOBUFS. */
int vessel_output_take(struct vessel *v);
void vessel_output_give(struct vessel *v, uint32_t output);

/* Where the bytes of a reply stand. */
char *vessel_reply_bytes(struct vessel *v, uint32_t reply);

#endif
