/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a host makes of what it knows of others: whom to call and when, who is forgotten, whether it is cut off; pure. */
#ifndef CELLWS_CELLS_GAMETE_KIN_H
#define CELLWS_CELLS_GAMETE_KIN_H

#include <stdbool.h>
#include "link/record.h"

#define KIN_ORPHAN_MS 2000u /* without a mother, before another host is asked */
#define KIN_ANY_MS    6000u /* before any sister is asked, also of a higher number */
#define KIN_STEADY_MS 5000u /* a family has grown when it was reached for so long */
#define KIN_FAMILY_MS (3600u * 1000u) /* who was away for so long is not counted any more */

/* When and how often a host was called. */
struct calling {
	uint64_t at_ms, lost_ms;
	uint32_t back_ms, tries;
};

/* Of a row: whether there is a link, or the beginning of one, and who called. */
enum kin_link { KIN_FREE, KIN_CALLED, KIN_CALLS };

/* All that decisions are made of. row, calling: HOSTS_MAX, which the functions change where they say so. */
struct kin {
	uint64_t self, now_ms;
	struct host *row;
	struct calling *calling;
	uint8_t link[HOSTS_MAX]; /* enum kin_link: KIN_CALLED: by this host, KIN_CALLS: the other has called */
};

/* The mother's row, or -1. */
int kin_mother(const struct kin *k);
/* Rows that are to be called now, or -1: the mother; who takes her place. */
int kin_call_mother(const struct kin *k);
int kin_call_foster(const struct kin *k);
/* The row of who takes her place, linked or called by this host; -1: none. */
int kin_foster(const struct kin *k);
/* When somebody is to be called; UINT64_MAX: never. */
uint64_t kin_next_ms(const struct kin *k);

/* An empty row; else that of whom nothing was heard for longest; -1: all are linked. */
int kin_room(const struct kin *k);
/* A link or a call has ended. linked: it had worked. random: any 32 bits. Changes row and calling. */
void kin_lost(const struct kin *k, int row, bool linked, uint32_t random);
/* The row of a host that called from this address: its own, a lost one of the same address, or a new one; -1: no room. */
int kin_find(const struct kin *k, const struct record_hello *hello, const char address[HOST_ADDRESS]);
/* What the mother says of grandmother and sisters takes the place of what she said before. Bits of the rows that have changed. */
uint32_t kin_hear(const struct kin *k, const struct record_kin *kin, int n);
/* The relatives of the daughter with this id, as she will see them; how many. */
unsigned kin_tell(const struct kin *k, uint64_t id, struct record_kin kin[HOSTS_MAX]);

/* Its row is that of an expelled host from now on. The row or -1: no room. */
int kin_expel(const struct kin *k, uint64_t id, uint64_t now_ns);
/*
 * For who has lost its mother for good: the grandmother, else the sister with the lowest number, if that is lower than its own.
 * Her row, or -1: it has none any more, and the others come to it.
 */
int kin_choose_mother(const struct kin *k);

/* How many hosts the family has, and whether this one is with half of them or fewer. Zeros at the beginning. */
struct kin_count {
	uint32_t family, minority;
	uint32_t rising, more; /* the least that was reached since then, and while that many were exceeded; 0: not now */
	uint64_t family_ms, rising_ms, more_ms;
};

/* all: hosts that can be reached now, this one counted. */
void kin_count(struct kin_count *c, uint32_t all, uint64_t now_ms);

#endif
