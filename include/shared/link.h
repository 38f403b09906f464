/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Links between hosts: who is known there, and the bans they share with their versions; one definition for kernel and user side. */
#ifndef CELLWS_SHARED_LINK_H
#define CELLWS_SHARED_LINK_H

#include "shared/antigen.h"
#include "shared/hormone.h"

/* X(NAME, name): what another host is to this one. */
#define RELATIONS(X)             \
	X(MOTHER, mother)         \
	X(DAUGHTER, daughter)     \
	X(SISTER, sister)         \
	X(GRANDMOTHER, grandmother) \
	X(GRANDDAUGHTER, granddaughter) \
	X(EXPELLED, expelled)

enum relation {
	RELATION_NONE = 0,
#define X(NAME, name) RELATION_##NAME,
	RELATIONS(X)
#undef X
	RELATION_COUNT
};

/* X(NAME, name): of the link to it. */
#define HOST_STATES(X)                                      \
	X(KNOWN, known)     /* no link is wanted now */      \
	X(CALLING, calling) /* this host tries to link */    \
	X(LINKED, linked)                                   \
	X(LOST, lost)       /* a mother or daughter that is away */

enum host_state {
#define X(NAME, name) HOST_##NAME,
	HOST_STATES(X)
#undef X
	HOST_STATE_COUNT
};

#define HOSTS_MAX    32u
#define HOSTS_EXPELLED 16u /* of them, at the most, that were expelled: the last ones */
#define HOST_ADDRESS 64u /* with the NUL: "A.B.C.D:PORT" or "[IPV6]:PORT" */
#define HOST_DNA     65u /* with the NUL */

/* How a host says it is doing. */
struct host_vitals {
	__u64 at_ns; /* boot clock of who was told; 0: never */
	__u16 cells[CLASS_COUNT]; /* living, by class */
	__u32 busy_permille; /* mean of its drones */
	__u32 wait_us; /* how long the oldest request waits for a drone */
	__u32 bans; /* in force, of those that hosts share */
	__u32 generation; /* of its DNA */
	__u32 key_generation;
	__u32 load_percent; /* of one processor: its load average of a minute */
};
CW_LAYOUT(struct host_vitals, 48);

/* Another host. Key: its place. Writers: `up` at first, then gland_host; relation 0: nobody. */
struct host {
	__u64 id;
	__u64 heard_ns; /* boot clock; 0: never */
	__u64 have;     /* up to here what it knows is known here: struct tiding.number of that host */
	__u32 relation;
	__u32 state;
	__u32 rtt_us;
	__u32 generation; /* of its DNA */
	char address[HOST_ADDRESS];
	char dna_sha256[HOST_DNA + 7];
	struct host_vitals vitals;
	__u8 key[32]; /* public, of its own pair; zeros: not known */
	__u32 votes; /* hosts that want it expelled ... */
	__u32 electorate; /* ... of so many */
};
CW_LAYOUT(struct host, 264);

/* Context of gland_host. */
struct host_call {
	__u32 index; /* HOSTS_MAX: only what follows */
	__u32 answer; /* out */
	__u32 family; /* most hosts that could be reached lately, this one counted */
	__u32 minority; /* 1: half of them or fewer can be reached now */
	struct host host;
};
CW_LAYOUT(struct host_call, 280);

/* Key 0. Writers: `up` (on, self), whatever shares a ban (stamp, number, missed), gland_host (the rest). */
struct link_state {
	__u64 self;   /* id of this host */
	__u64 stamp;  /* highest version seen; the next is one more (Lamport's clock) */
	__u64 number; /* of what was shared or learned here */
	__u64 missed; /* found no room in the ring: the gamete looks through the table */
	__u32 on;     /* 1: the DNA has link.listen */
	__u32 minority;
	__u32 family;
	__u32 pad;
	__u64 contagions; /* last number in the map of that name. Writers: gland_blame, gland_infect */
};
CW_LAYOUT(struct link_state, 56);

#define TIDING_DETAIL 40u      /* with the NUL */
#define TIDING_RING   (1u << 17) /* bytes: about 1100 */
#define TIDINGS_MAX   32768u   /* bans that are shared; the least recently changed goes first */

/*
 * A ban, or its end, that hosts share. Of two about the same prefix that with the higher stamp holds, of two with one stamp that of
 * the higher origin. Key: its source. Writers: incident_write, gland_learn.
 */
struct tiding {
	struct source source;
	__u64 origin; /* id of the host that decided */
	__u64 stamp;
	__u64 number; /* the order in which it became known here */
	__u64 from;   /* id of the host it was learned from, 0: decided here */
	__u64 expires_ns; /* boot clock; 0: until lifted */
	__u32 lifted;
	__u32 reason; /* enum antigen_reason */
	char detail[TIDING_DETAIL];
};
CW_LAYOUT(struct tiding, 104);

/* Whether a word with this version is newer than what is known. */
static inline int tiding_is_older(const struct tiding *t, __u64 stamp, __u64 origin)
{
	return t->stamp < stamp || (t->stamp == stamp && t->origin < origin);
}

/* Whether a linked host is to be told: not who told it, nor who decided it. */
static inline int tiding_is_for(const struct tiding *t, __u64 peer)
{
	return t->from != peer && t->origin != peer;
}

/* gland_learn is given numbers: a program that may use tries has no record. */
enum learn_argument {
	LEARN_KEY, /* of struct source */
	LEARN_FAMILY_BITS, /* family << 16 | bits; bits 0: the source itself */
	LEARN_ORIGIN,
	LEARN_STAMP,
	LEARN_FROM,
	LEARN_LEFT_MS, /* 0: until lifted */
	LEARN_KIND,    /* lifted << 16 | reason */
	LEARN_DETAIL,  /* TIDING_DETAIL bytes, printable */
	LEARN_ARGUMENTS = LEARN_DETAIL + TIDING_DETAIL / 8
};

/* Whom this host votes to expel, as root has said. Key: id of that host. Writer: `cellctl hosts`. */
#define WISHES_MAX 64u

struct wish {
	__u64 stamp; /* wall clock, ns: the later word holds */
	__u32 withdrawn;
	__u32 pad;
};
CW_LAYOUT(struct wish, 16);

#define CONTAGIONS_MAX	   1024u /* requests that have killed, as hosts tell each other: the newest */
#define CONTAGION_HEARD_MAX 8192u /* of them, how many deaths of which host were counted; the least recently counted goes first */

/* Which request killed on which host. */
struct contagion_key {
	__u64 fingerprint;
	__u64 host;
};
CW_LAYOUT(struct contagion_key, 16);

/* Requests that have killed here or elsewhere, at number % CONTAGIONS_MAX. Writers: gland_blame, gland_infect. */
struct contagion {
	struct contagion_key what;
	__u64 from;   /* id of the host it was learned from, 0: it happened here */
	__u64 number; /* from 1 on; written last; 0: nothing yet */
	__u32 deaths; /* on that host: 1 to PATHOGEN_DEADLY */
	__u32 route;
	__u32 cause;  /* exit code of the drone, as in wait(2) */
	__u32 pad;
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct contagion, 112);

/* Context of gland_infect. */
struct infect_call {
	struct contagion_key what;
	__u64 from;
	__u32 deaths;
	__u32 route;
	__u32 cause;
	__u32 answer; /* out: enum gland_answer */
	__u32 total;  /* out: deaths on all hosts that are known */
	__u32 pad;
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct infect_call, 112);

/* Signals that speak of no single cell, and so mean something on another host. */
static inline int signal_crosses(__u32 kind)
{
	return kind == HORMONE_GROWTH || kind == HORMONE_ANTIGROWTH || kind == HORMONE_ALARM || kind == HORMONE_CALM;
}

/* In a family the id of a signal from another host has this bit: whoever hears it does not tell other hosts. */
#define MOLECULE_CARRIED (1ULL << 63)
#define CARRIED_MAX	 4096u /* signals that are remembered, so that each is heard once; the least recently heard goes first */

/* Which signal it is, on all hosts. */
struct carried {
	__u64 host; /* where it was secreted */
	__u64 molecule; /* its id there */
};
CW_LAYOUT(struct carried, 16);

/* Context of gland_carry. */
struct carry_call {
	struct carried what;
	__u32 kind; /* enum hormone */
	__u32 class;
	__u32 strength_q16; /* as it was heard on the host it comes from; out: as it is heard here, to be told on */
	__u32 hops;	    /* the same */
	__u32 answer; /* out: enum gland_answer */
	__u32 heard;  /* out: cells that got it */
};
CW_LAYOUT(struct carry_call, 40);

#endif
