/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The automaton that looks for the DNA's signatures, as the socket filter and blood both read it, and what the filter keeps. */
#ifndef CELLWS_SHARED_SIGNATURE_H
#define CELLWS_SHARED_SIGNATURE_H

#include "shared/border.h"

/*
 * Bytes fall into classes that no pattern tells apart; ASCII letters of either case into one. State 0 is the beginning, and
 * stays with every class below start_from. The state after a byte is cell[state * classes + class]. A state from hit_from
 * on ends a pattern: cell[states * classes + state - hit_from], by its place in the DNA.
 */
struct signature_head {
	__u32 states;
	__u32 classes;
	__u32 hit_from;   /* equal to states: there are no patterns */
	__u32 start_from; /* equal to classes: the same */
	__u8 class_of[256];
	__u32 at;         /* of the map's cells, where its table begins; a multiple of four */
	__u32 pad;
};
CW_LAYOUT(struct signature_head, 280);

/* There are two, each with as much room: one counts, a new DNA's is written into the other. */
#define SIGNATURE_BANKS	     2u
#define SIGNATURE_ROOM_LEAST 32768u /* cells of each */

/* Which one counts, and that it is not the one before: one number, so that nobody reads half of it. */
static inline __u32 signature_numbered(__u32 generation, __u32 bank)
{
	return generation << 1 | bank;
}

static inline __u32 signature_bank_of(__u32 numbered)
{
	return numbered & 1;
}

/* Four cells of the table: as few as a map of the kernel holds without gaps. */
struct signature_cells {
	__u16 cell[4];
};
CW_LAYOUT(struct signature_cells, 8);

/*
 * Of what a client sends without an answer in between, so many bytes are looked at by the socket filter: blood, which knows
 * where requests end, looks at all of each head and at the first part of each body.
 */
#define MUCOSA_BYTES 4096u

/* How far the filter has followed a connection. Key: its socket's cookie. Writer: mucosa_screen. */
struct flow_scan {
	__u32 next;    /* sequence number behind what was looked at */
	__u32 written; /* sequence number up to which we had answered */
	__u32 seen;    /* bytes looked at since then */
	__u32 state;   /* of the automaton */
	__u32 busy;    /* 1: a segment is being looked at */
	__u32 of;      /* signature_numbered() that state is of */
};
CW_LAYOUT(struct flow_scan, 24);

/* A connection on which a signature was found. Key: its socket's cookie, least recently used goes first. Writer: mucosa_screen. */
struct flow_tag {
	__u64 first_ns; /* boot clock */
	__u64 last_ns;
	__u32 client[4]; /* network order; IPv4 in the first */
	__u16 family;    /* 4 or 6 */
	__u16 client_port; /* host order, as the next */
	__u16 own_port;
	__u16 observed;  /* 1: the organism only observes, nothing was dropped */
	__u32 reason;    /* enum antigen_reason */
	__u32 signature; /* by its place in the DNA */
	__u32 segments;  /* dropped, or that would have been */
	__u32 pad;
};
CW_LAYOUT(struct flow_tag, 56);

#define FLOW_TAGS_MAX 16384u

#endif
