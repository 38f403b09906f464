/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The vessel: everything one blood cell serves, in shared memory, so that a sister can go on when it dies. */
#ifndef CELLWS_TISSUE_VESSEL_H
#define CELLWS_TISSUE_VESSEL_H

#include <stddef.h>
#include <stdint.h>
#include "http/chunk.h"

#define CONN_NONE   0xffffffffu
#define CONN_INLINE 568u /* bytes of input kept in the record itself */

#define INPUT_BUFFERS 1024u /* larger inputs; each touches only the pages it uses */
#define INPUT_BYTES   65536u
#define OUTPUT_BUFFERS 256u /* rests of answers that a slow client has not taken */
#define OUTPUT_BYTES   65536u

/* X(NAME, what the connection waits for) */
#define CONN_PHASES(X)                                            \
	X(FREE, "nobody")                                         \
	X(READING, "a request head, whole or in part")            \
	X(BODY, "the rest of a request body")                     \
	X(WANT_SLOT, "a free slot of the synapse")                \
	X(ASKED, "a drone's answer")                              \
	X(SENDING, "the client to take the rest of an answer")    \
	X(LINGER, "the client to close after us")

enum conn_phase {
#define X(NAME, text) CONN_##NAME,
	CONN_PHASES(X)
#undef X
};

/* Where the bytes stand that are being sent. */
enum conn_out {
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
	CONN_BEGUN = 0x80,     /* a part of the answer is sent: it can no longer be refused */
	CONN_CONTINUE = 0x100, /* 100 Continue is owed before the body is read */
	CONN_GZIP = 0x200,     /* the client accepts gzip */
	CONN_PLAIN = 0x400,    /* a GET or HEAD whose answer may be remembered */
	CONN_WHOLE = 0x800,    /* the body has come to its end */
	CONN_LAST = 0x1000,    /* the bytes in the slot are the last of the answer */
};

/*
 * One connection. Writer: the blood cell that serves the vessel. received and sent are what the kernel can confirm.
 * recv() writes at input + in_end; bytes of the answer stand where out_kind and ref say, from out_at to out_n.
 */
struct conn {
	int32_t fd; /* -1: free */
	uint32_t serial;
	uint32_t phase;
	uint32_t flags;
	uint64_t received;
	uint64_t sent;
	uint8_t addr[16];
	uint16_t family;
	uint16_t port; /* host order */
	uint32_t input;   /* input buffer + 1, 0: inline */
	uint32_t in_at;   /* first byte not yet used */
	uint32_t in_end;  /* one behind the last byte read */
	uint32_t scanned; /* bytes from in_at on that http_head_find has seen */
	uint32_t head_n;  /* of the request in hand, at in_at until it is handed over */
	uint32_t body_n;  /* decoded body bytes that stand behind the head, not yet handed over */
	uint32_t method;
	uint32_t route;
	uint32_t slot;    /* SYNAPSE_SLOTS when none */
	uint32_t out_kind;
	uint32_t ref;
	uint32_t out_at;
	uint32_t out_n;
	int32_t file; /* -1: none */
	uint64_t file_at;
	uint64_t file_left;
	uint64_t out_base; /* sent when the answer in hand began */
	uint64_t body_left; /* identity body: bytes still to come */
	uint64_t body_sum;  /* body bytes handed over or standing by */
	uint64_t pull_left; /* bytes of a pulled answer still to come */
	struct http_chunk chunk;
	uint32_t requests;
	uint32_t next_free;
	uint32_t progress; /* low bits of sent when the deadline was last pushed */
	uint32_t head_at;  /* where the head in hand begins in the input */
	uint32_t pad[2];
	char in[CONN_INLINE];
};
_Static_assert(sizeof(struct conn) == 768, "an idle connection costs less than 1 KiB, in whole cache lines");

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

struct vessel {
	uint32_t high;     /* records ever used */
	uint32_t free;     /* first free record, CONN_NONE for none; rebuilt after an adoption */
	uint32_t capacity; /* records */
	uint32_t tenant;   /* slot of the cell whose bell and inbox are in the artery, + 1 */
	uint32_t input_free[INPUT_BUFFERS];   /* stack of free buffers */
	uint32_t input_left;
	uint32_t output_free[OUTPUT_BUFFERS];
	uint32_t output_left;
	uint8_t pad0[4096 - (4 * (INPUT_BUFFERS + OUTPUT_BUFFERS) + 24) % 4096];
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
struct conn *vessel_conn(struct vessel *v, uint32_t conn);

/* A free record, or CONN_NONE. */
uint32_t vessel_take(struct vessel *v);
void vessel_give(struct vessel *v, uint32_t conn);

/* The input of a connection and its room. */
char *vessel_input(struct vessel *v, struct conn *c, uint32_t *room);

/* Moves the input from the record to a larger buffer. 0 or -ENOBUFS. */
int vessel_enlarge(struct vessel *v, struct conn *c);
/* Back to the record once the input is used up. */
void vessel_shrink(struct vessel *v, struct conn *c);

/* Output buffers: index, or -ENOBUFS. */
int vessel_output_take(struct vessel *v);
void vessel_output_give(struct vessel *v, uint32_t output);

/* Where the bytes of a reply stand. */
char *vessel_reply_bytes(struct vessel *v, uint32_t reply);

#endif
