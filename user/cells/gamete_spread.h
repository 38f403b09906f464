/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gamete's parts that bring a new DNA to all hosts, and tell what each makes of it. */
#ifndef CELLWS_CELLS_GAMETE_SPREAD_H
#define CELLWS_CELLS_GAMETE_SPREAD_H

#include "link/spread.h"

struct gamete_cell;
struct link;

/* Of a link: what was said of DNAs on it. Zeros at the beginning. */
struct spread_link {
	uint64_t told;	 /* which was told last */
	uint64_t theirs; /* which the other side has told last */
	uint64_t which, at, upto; /* pieces that the other side has asked for */
	uint64_t uptakes; /* up to this number they were told */
	bool doubted;	 /* a word that nobody has signed was reported */
};

/* A DNA in memory. */
struct holding {
	struct spread word;
	uint8_t *bytes;
	bool is;
};

/* gamete_spread.c: from link to link. */
void spread_hear(struct gamete_cell *g, struct link *l, const struct spread *s);
void spread_asked(struct gamete_cell *g, struct link *l, const struct spread_ask *a);
void spread_piece(struct gamete_cell *g, struct link *l, const struct spread_piece *p);
void spread_go_on(struct gamete_cell *g, struct link *l); /* tells what there is to tell, as far as there is room */
void spread_tell_all(struct gamete_cell *g);
void spread_carry_on(struct gamete_cell *g); /* asks another link when one is gone; now and then */

/* gamete_spread_hold.c: what this host has, and its cells taking it on. */
void spread_open_held(struct gamete_cell *g);
void spread_look(struct gamete_cell *g); /* at what root has made, and at the cells; now and then */
const struct holding *spread_held(void);
/* What has come whole is kept from now on, in memory that a successor finds; bytes are taken over. 0 or -errno: it is none. */
int spread_keep(struct gamete_cell *g, const struct spread *s, uint8_t *bytes);
bool spread_is_ours(const struct spread *s); /* signed by the organism's key */

/* gamete_uptakes.c: what hosts make of it. */
void uptakes_sum(const struct gamete_cell *g, uint8_t dna[32]); /* SHA-256 of the text that is in force here, by the kernel's word */
void uptakes_open(void);
void uptakes_say(struct gamete_cell *g, const struct spread *s, const char *why); /* of this host; NULL: it is in force */
bool uptakes_has(const struct gamete_cell *g, const struct spread *s); /* this host has said it */
void uptakes_hear(struct gamete_cell *g, struct link *l, const struct uptake *v);
void uptakes_go_on(struct gamete_cell *g, struct link *l);

#endif
