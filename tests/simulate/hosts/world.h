/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A simulated family of hosts: who is linked to whom, what is on the wires, with the decisions of the real gamete, ms by ms. */
#ifndef CELLWS_SIMULATE_WORLD_H
#define CELLWS_SIMULATE_WORLD_H

#include <stdio.h>
#include "cells/gamete_kin.h"

#define NOBODY	     UINT32_MAX
#define DAYS	     8192u /* ms: events lie less than this ahead */
#define DAUGHTERS    6u	   /* most of a host */
#define HOST_LINKS   64u
#define WORDS	     64u /* bans of a life; the word on each is kept by every host */
#define BEAT_MS	     1000u /* as the gamete has them: heartbeat, silence that ends a link, patience with who is called */
#define SILENT_MS    3200u
#define PROVE_MS     5000u

/* One side of a link. */
struct end {
	uint32_t host;
	int row;	/* of the other; -1: not known yet */
	bool open, greeted;
	uint32_t reach; /* hosts behind the other */
	uint64_t heard_ms;
};

/* end[0] has called. */
struct wire {
	struct end end[2];
	uint32_t serial; /* new with each link of this place */
};

struct member {
	bool alive, silent; /* silent: it died with its machine, and answers nothing; else who calls is refused at once */
	uint64_t id;	    /* new with each life */
	uint32_t mother;    /* place; of the first: NOBODY */
	uint32_t size;	    /* of its branch, when all live */
	bool side;	    /* while the world is parted */
	uint64_t tick_ms;   /* when it looks after its relatives next */
	struct host row[HOSTS_MAX];
	struct calling calling[HOSTS_MAX];
	struct kin_count count;
	uint32_t wire[HOST_LINKS], wires;
	uint64_t number; /* of words learned */
	struct tiding word[WORDS];
	uint32_t sent; /* messages in this second */
};

enum kind { TICK, HELLO, ANSWER, ENDED, PATIENCE, HEART, BEAT, FAMILY, WORD, UPTO, BIRTH, KINDS };

struct happening {
	enum kind what;
	uint32_t wire, serial, end; /* to which side */
	uint32_t host;		    /* of TICK, BIRTH */
	uint32_t place, n;	    /* of WORD: which; of FAMILY: how many */
	uint64_t number, stamp, origin;
	struct record_kin *kin; /* freed when it is heard */
};

struct day {
	struct happening *event;
	uint32_t n, room;
};

struct world {
	uint32_t n, alive;
	struct member *host;
	struct wire *wire;
	uint32_t wires, *free, frees;
	struct day day[DAYS];
	uint64_t now_ms, random, ids;
	bool parted, torn; /* sides cannot reach each other; many pairs cannot */
	uint64_t calls; /* links that were begun, ever */
	struct {
		uint64_t at_ms;
		uint32_t wanted, reached;
		uint32_t half_ms, most_ms, all_ms; /* until 50, 90, 99 of 100; 0: not yet */
	} news[WORDS];
	uint32_t words;
};

/* A tree of n hosts, all linked. seed: same seed, same life. */
void world_init(struct world *w, uint32_t n, uint64_t seed);
void world_done(struct world *w);
/* Lives one ms. */
void world_step(struct world *w);

uint32_t world_random(struct world *w);
void world_expect(struct world *w, uint32_t in_ms, const struct happening *e);
/* Messages that a host puts on a wire. */
void world_sent(struct world *w, uint32_t host, uint32_t n);

/* A host dies, with a farewell of its kernel or with its machine; and comes back after so many ms, from its mother, as another. */
void world_kill(struct world *w, uint32_t host, bool silent, uint32_t back_ms);
void world_birth(struct world *w, uint32_t host);
/* It decides on a ban, the next one. */
void world_ban(struct world *w, uint32_t host);

/* links.c: what the gamete does with links. */
uint32_t links_delay(const struct world *w, const struct wire *l);
struct kin links_kin(struct world *w, uint32_t host);
void links_tick(struct world *w, uint32_t host);
void links_wire(struct world *w, uint32_t a, uint32_t b, int row_a, int row_b); /* without a call: how a life begins */
void links_end(struct world *w, uint32_t wire, uint32_t end, bool farewell);
void links_happen(struct world *w, struct happening *e);

/* words.c: bans to and from others. */
void words_begin(struct world *w, uint32_t wire, uint32_t end, uint64_t have);
void words_hear(struct world *w, const struct happening *e);
void words_learn(struct world *w, uint32_t host, uint32_t place, const struct tiding *t);

/* How it looks. */
struct shape {
	uint32_t links, components, rings, minority;
};

struct shape world_shape(const struct world *w);

#endif
