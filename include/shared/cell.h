/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who lives in an organism: classes, family records, gland calls and messages, one definition for kernel and user side. */
#ifndef CELLWS_SHARED_CELL_H
#define CELLWS_SHARED_CELL_H

#include "shared/border.h"

/* X(NAME, name, what it is): the order is the number used in every map. */
#define CELL_CLASSES(X)                                                        \
	X(EGG, egg, "the first process; asleep until the first request")       \
	X(NEURON, neuron, "watches the family and keeps the stem pool full")   \
	X(BLOOD, blood, "owns client connections")                             \
	X(DRONE, drone, "runs genes: files and user code")                     \
	X(STEM, stem, "idle; becomes any other class once")                    \
	X(TCELL, tcell, "reads evidence and decides bans")                     \
	X(GAMETE, gamete, "carries the DNA to another host")

enum cell_class {
	CLASS_NONE = 0,
#define X(NAME, name, text) CLASS_##NAME,
	CELL_CLASSES(X)
#undef X
	CLASS_COUNT
};

enum cell_state {
	CELL_FREE = 0,     /* nobody has lived here yet */
	CELL_LICENSED = 1, /* promised to a daughter that is not born yet */
	CELL_LIVING = 2,
	CELL_DEAD = 3, /* kept as history until the slot is licensed again */
};

#define CELL_SLOTS_MAX 128u /* most cells of one organism; a slot fits in the low byte of an id */
#define CELL_NOBODY    0xffffffffu

/*
 * One family record. Writer: the lineage and gland programs; `up` writes the egg's.
 * id = serial << 8 | slot: unlike slot and pid it is never used again while the organism lives (24-bit serial).
 */
struct cell {
	__u32 slot;
	__u32 pid;
	__u32 id;
	__u32 class;
	__u32 state;
	__u32 mother;     /* slot of the mother, CELL_NOBODY for the egg and for orphans */
	__u32 generation; /* births between the egg (0) and this cell */
	__u32 exit_code;  /* as in wait(2), once dead */
	__u32 licence;    /* slot promised to the daughter about to be born, CELL_NOBODY for none */
	__u32 leaving;    /* 1 after the cell has announced its own end */
	__u64 born_ns;    /* boot clock */
	__u64 died_ns;
	__u32 dna;        /* generation of the DNA that a drone or T cell lives by, for good; 0: it takes on each new one */
	__u32 pad;
};
CW_LAYOUT(struct cell, 64);

static inline __u32 cell_slot_of_id(__u32 id)
{
	return id & 0xffu;
}

/* How many of a class live, and what the DNA allows. Key: class. Writer: lineage and gland; `up` writes min and max. */
struct census {
	__u32 living;
	__u32 min;
	__u32 max;
	__u32 pad;
	__u64 born;
	__u64 died;
};
CW_LAYOUT(struct census, 32);

/* Who serves a vessel. Key: vessel. Writer: gland_animate (owner), the reuseport program (steered). */
struct vessel_owner {
	__u32 owner;   /* id of the blood cell, 0 for none yet */
	__u32 pad;
	__u64 steered; /* connections sent here so far */
};
CW_LAYOUT(struct vessel_owner, 16);

/*
 * What a cell counts of itself. Key: slot. Writer: the cell in that slot, through a mapping.
 * Counters only grow, also across the tenants of a slot; base_requests is what both kinds of requests
 * were at the present tenant's birth.
 */
#define VITALS(X)                                                   \
	X(requests, "requests answered")                            \
	X(reflex_hits, "answered without waking a drone")           \
	X(requeued, "requests given to another drone after a death") \
	X(adopted, "connections taken over from a dead sister")     \
	X(errors, "connections ended by an error")                  \
	X(refused, "requests the immune system refused: 403 and 429") \
	X(observed, "requests it would have refused, while it only observes") \
	X(expressed, "requests run through a gene, by drones")

struct vitals {
#define X(name, text) __u64 name;
	VITALS(X)
#undef X
	__u64 base_requests; /* of requests and expressed together */
	__u32 seal; /* SEAL_* bits the cell has read back after sealing itself */
	__u32 dna;  /* generation of the DNA it lives by */
};
CW_LAYOUT(struct vitals, 80);

/* What a vessel counts. Key: vessel. Writer: the blood cell that serves it, through a mapping. */
struct vessel_load {
	__u32 connections; /* open now */
	__u32 pad;
	__u64 accepted_at; /* value of steered when the accept queue was last seen empty */
};
CW_LAYOUT(struct vessel_load, 16);

/* Seal bits, in the order in which a cell closes itself in. */
#define SEALS(X)                        \
	X(FDS, 0x01, "descriptors")     \
	X(LIMITS, 0x02, "limits")       \
	X(UID, 0x04, "user")            \
	X(CAPS, 0x08, "no capability")  \
	X(NNP, 0x10, "no new privilege") \
	X(LANDLOCK, 0x20, "landlock")   \
	X(SECCOMP, 0x40, "seccomp")

enum {
#define X(NAME, bit, text) SEAL_##NAME = bit,
	SEALS(X)
#undef X
};

/* One organism, key 0. Writer: `up`, `down` (dying). */
struct organism {
	char name[32];
	char id[20];    /* 16 hex digits, new at each `up` that finds no predecessor */
	char iface[20];
	char dna_sha256[72];
	char xdp_mode[16];
	char xdp_note[160]; /* why this mode, plain English */
	__u64 laid_ns;      /* boot clock */
	__u32 generation;   /* of the DNA */
	__u32 dying;        /* 1: no more divisions */
	__u32 slots;
	__u32 vessels;
	__u32 serial;       /* last serial given to a cell */
	__u32 drain_ms;
	__u32 can_kill;     /* 1: the kernel can signal another task from a program */
	__u32 pad;
};
CW_LAYOUT(struct organism, 360);

/* Answers of the gland: X(NAME, text). 0 is success. */
#define GLAND_ANSWERS(X)                                                   \
	X(OK, "done")                                                      \
	X(STRANGER, "the caller is no cell of this organism")              \
	X(CLASS, "this class may not do that")                             \
	X(FULL, "the census is full")                                      \
	X(STALE, "the count the caller saw is out of date")                \
	X(PENDING, "the caller has an unused licence")                     \
	X(DYING, "the organism is being taken down")                       \
	X(OWNED, "a living cell serves this vessel")                       \
	X(RANGE, "no such class, slot, vessel, kind or reason")            \
	X(LOUD, "stronger than this class may speak")                      \
	X(RATE, "more often than a cell may")                              \
	X(UNHEARD, "the caller has not received this signal, or has passed it on already") \
	X(TWICE, "the caller has voted on this already")                   \
	X(DEAD, "the cell it is about does not live")                      \
	X(FEW, "fewer than three adults: no majority is possible")         \
	X(MINIMUM, "the class would fall below its minimum")               \
	X(UNPROVEN, "no open connection, no fresh evidence or no such death stands for it") \
	X(SPARED, "the source is on the never-ban list")                   \
	X(OBSERVED, "the organism only observes")                          \
	X(FAINT, "too faint, or from too far away, to be heard")

enum gland_answer {
#define X(NAME, text) GLAND_##NAME,
	GLAND_ANSWERS(X)
#undef X
};

/* Context of gland_divide and gland_become: in class and seen; out the rest. Size asserted: the kernel gets it as bytes. */
struct gland_call {
	__u32 class;  /* of the daughter, or the class to become; CLASS_NONE: the mother gives her licence back */
	__u32 seen;   /* living cells of that class the caller saw; the call is refused if the number has changed */
	__u32 answer; /* enum gland_answer */
	__u32 slot;   /* of the daughter, or of the caller */
	__u32 id;     /* of the daughter, or of the caller */
	__u32 vessel; /* gland_animate: which; and seen is the owner id the caller wants to replace */
	__u32 dna;    /* gland_become: generation of the DNA the caller lives by */
	__u32 pad;
};
CW_LAYOUT(struct gland_call, 32);

enum message_kind {
	MSG_DEATH = 1,  /* a relative is dead: slot, id, class, code = exit code */
	MSG_BECAME = 2, /* a relative has become class */
	MSG_BIRTH = 3,  /* a relative is born */
	MSG_TUMOUR = 4, /* code = pid of a child nobody licensed; it must be killed where the kernel could not */
	MSG_DRAIN = 5,  /* a relative has begun to leave */
	MSG_HORMONE = 6, /* code = enum hormone, class it speaks of; slot and id of the origin; the fields below */
	MSG_PROMPT = 7,  /* prove the key: answer through gland_prove what the map proofs asks */
	MSG_ANTIGEN = 9, /* the first evidence there ever was: a T cell is wanted */
	MSG_MUTATE = 11, /* a new DNA is wanted or in force: the map mutations tells; code = its generation */
	MSG_TAGGED = 10, /* a signature was found on a connection: molecule = cookie of its socket */
	MSG_CONTAGION = 11, /* to the gamete: a request has killed, the map contagions holds something new */
	MSG_CONDEMNED = 8, /* by vote: slot, id, class; code = pid; who may kill where the kernel cannot */
};

/* One record of an inbox ring. Writers: lineage and gland programs, mucosa_screen. */
struct message {
	__u32 kind;
	__u32 slot;
	__u32 id;
	__u32 class;
	__u32 code;
	__u32 strength_q16; /* of a signal, 65536 is 1.0 */
	__u64 time_ns;
	__u64 molecule; /* id of a signal, for gland_relay; of MSG_TAGGED a cookie */
	__u32 hops;
	__u32 target;   /* of danger: id of a cell */
	__u32 reason;   /* of danger */
	__u32 from;     /* slot of the relative that has passed it on, CELL_NOBODY from outside */
};
CW_LAYOUT(struct message, 56);

#define INBOX_BYTES 8192u

#endif
