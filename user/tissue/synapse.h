/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The synapse: shared-memory slots in which a vessel's blood cell puts requests and drones put answers. No locks. */
#ifndef CELLWS_TISSUE_SYNAPSE_H
#define CELLWS_TISSUE_SYNAPSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "http/parse.h"
#include "shared/cell.h"

/* Who is awake. Writer of asleep[slot]: the cell in that slot sets it; whoever rings its bell clears it by CAS. */
struct commons {
	_Atomic uint32_t asleep[CELL_SLOTS_MAX];
	_Atomic uint32_t installer; /* id of the cell that puts a new DNA in place, set by CAS; 0: none */
};

#define SYNAPSE_SLOTS 256u
#define SYNAPSE_ORDER 1024u /* a power of two */

/*
 * X(NAME, who moves on from it): the life of a slot. Blood: FREE → QUEUED, FED ← HUNGRY, MORE ← PIECE, → FREE.
 * Drone: QUEUED → TAKEN by CAS, TAKEN → HUNGRY, PIECE, DONE.
 */
#define SLOT_STATES(X)                                               \
	X(FREE, "blood: empty")                                      \
	X(QUEUED, "any drone: waits to be taken")                    \
	X(TAKEN, "its drone: being answered")                        \
	X(HUNGRY, "blood: the drone wants the next part of the body") \
	X(FED, "its drone: the next part is there")                  \
	X(PIECE, "blood: one piece of a longer answer is there")     \
	X(MORE, "its drone: the piece is sent, the next may come")   \
	X(DONE, "blood: the answer, or its last piece, is there")

enum slot_state {
#define X(NAME, text) SLOT_##NAME,
	SLOT_STATES(X)
#undef X
};

/* What a drone's answer consists of. */
enum answer_kind {
	ANSWER_BYTES = 0, /* head and body in the slot */
	ANSWER_FILE = 1,  /* head in the slot, the body is a file sent through the gift socket */
	ANSWER_PULL = 2,  /* head and first piece in the slot, PIECE by PIECE to DONE */
	ANSWER_BREAK = 3, /* the gene gave up in the middle: the connection has to be closed */
};

/*
 * Parts of a slot's data. What a small request needs stands in one page, and so does a small answer: requests go round
 * many slots, and every page costs. The answer's body stands at a fixed place; heads are written right up to it.
 */
#define SLOT_REQUEST_AT 0u    /* struct http_request, as many fields as there are */
#define SLOT_PEER_AT    896u  /* peer address as text, NUL-terminated */
#define SLOT_PEER_ROOM  64u
#define SLOT_HEAD_AT    960u  /* the request head as received, up to HTTP_HEAD_MAX; the normalised path right behind it */
#define SLOT_PATH_ROOM  32768u
#define SLOT_BODY_AT    98304u /* a part of the request body */
#define SLOT_BODY_ROOM  65536u
#define SLOT_ANSWER_AT  (SLOT_BODY_AT + SLOT_BODY_ROOM) /* head room, then the answer's body */
#define SLOT_ANSWER_HEAD_ROOM (12288u + 1024u)
#define SLOT_ANSWER_BODY_AT (SLOT_ANSWER_AT + SLOT_ANSWER_HEAD_ROOM)
#define SLOT_ANSWER_BODY_ROOM 49152u
#define SLOT_ANSWER_TAIL 3072u /* room for chunked framing behind the body */
#define SLOT_BYTES (SLOT_ANSWER_BODY_AT + SLOT_ANSWER_BODY_ROOM + SLOT_ANSWER_TAIL)
_Static_assert(sizeof(struct http_request) <= SLOT_PEER_AT, "a parsed request fits before the peer");
_Static_assert(SLOT_HEAD_AT + HTTP_HEAD_MAX + SLOT_PATH_ROOM <= SLOT_BODY_AT, "head and path fit before the body");
_Static_assert(SLOT_BYTES % 4096 == 0, "slots begin on a page");
#define SLOT_FRAME 10u /* "0000c000\r\n": chunk size line in front of a piece */

/*
 * word = ticket << 40 | drone id << 8 | state: one store or CAS moves a slot on and names its owner. The ticket
 * changes with every new request, so that a drone that was given up cannot write into its successor. Every drone can
 * write all of this: what blood believes of it stands in struct asked.
 */
struct slot {
	_Atomic uint64_t word;
	/* Written by blood while FREE, HUNGRY or PIECE. */
	uint32_t route;
	uint32_t head_n; /* the path begins behind it */
	uint32_t path_n;
	uint32_t body_n;     /* bytes of this part */
	uint32_t body_last;  /* 1: the body ends with this part */
	_Atomic uint32_t gone; /* to the drone, 1: the client is gone, finish soon */
	uint64_t queued_ms;
	int64_t now;
	uint32_t chunks;     /* 1: the client understands the chunked coding */
	/* Written by the drone while TAKEN; checked by blood before use. */
	uint32_t kind;       /* enum answer_kind */
	uint32_t status;
	uint32_t head_len;   /* header lines, right before the body's place (SLOT_FRAME bytes earlier) */
	uint32_t body_len;   /* bytes in the slot */
	uint32_t fresh_ms;
	uint32_t retryable;
	uint32_t parts;      /* parts of the body it has taken */
	uint32_t pieces;     /* pieces of the answer it has made, the last one included */
	uint32_t generation; /* of the DNA that route is of; written by blood while FREE */
	uint64_t length;     /* FILE: bytes; PULL: total or CELLWS_UNKNOWN */
	uint64_t file_offset;
	uint64_t taken_ms;   /* clock_ms when it was taken */
	uint64_t pad[2];
};
_Static_assert(sizeof(struct slot) == 128, "two slots never share a cache line");

struct synapse {
	_Atomic uint32_t head; /* hint: first entry of order that may still be QUEUED */
	uint32_t pad0[15];
	_Atomic uint32_t tail; /* next entry; writer: blood */
	uint32_t pad1[15];
	_Atomic uint32_t asleep; /* the blood cell waits for its bell */
	_Atomic uint32_t cpu;    /* the processor the blood cell ran on last, as sched_getcpu(3) counts; writer: blood */
	uint32_t pad2[14];
	_Atomic uint64_t done[SYNAPSE_SLOTS / 64]; /* slots that want blood's attention; set by drones, taken by blood */
	uint64_t pad3[4];
	_Atomic uint32_t order[SYNAPSE_ORDER]; /* slots in the order they were queued */
	struct slot slot[SYNAPSE_SLOTS];
	uint8_t pad4[4096 - (256 + 4 * SYNAPSE_ORDER + 128 * SYNAPSE_SLOTS) % 4096];
	uint8_t data[SYNAPSE_SLOTS][SLOT_BYTES];
};

#define SYNAPSE_BYTES sizeof(struct synapse)

static inline uint32_t slot_state(uint64_t word)
{
	return (uint32_t)(word & 0xff);
}

static inline uint32_t slot_drone(uint64_t word)
{
	return (uint32_t)(word >> 8);
}

static inline uint32_t slot_ticket(uint64_t word)
{
	return (uint32_t)(word >> 40);
}

static inline uint64_t slot_word(uint32_t ticket, uint32_t drone, uint32_t state)
{
	return (uint64_t)(ticket & 0xffffff) << 40 | (uint64_t)drone << 8 | state;
}

/* Blood: puts a filled slot into the queue, under a ticket that blood knows and nobody else decides. */
void synapse_queue(struct synapse *s, uint32_t slot, uint32_t ticket);
/* Blood: names a slot that may be QUEUED to the drones again. Its word is left alone: a drone may take it meanwhile. */
void synapse_enlist(struct synapse *s, uint32_t slot);

/*
 * Drone id takes the oldest queued slot. Its index, or -1 when none waits. Slots of a newer DNA than newest are left for
 * others: the kernel tells of a DNA before any slot is of it, so that who asks it after this knows.
 */
int synapse_take(struct synapse *s, uint32_t id, uint32_t newest);

/* Whether any slot waits for a drone. */
bool synapse_waiting(struct synapse *s);

/* Drone: moves its slot on and marks it for blood. False when the slot is no longer its own. */
bool synapse_answer(struct synapse *s, uint32_t slot, uint32_t id, uint32_t from, uint32_t to);

/* Rings the bell if the flag says that its owner sleeps. */
void bell_ring(_Atomic uint32_t *asleep, int fd);

/* Empties the bell after waking. */
void bell_quiet(int fd);

#endif
