/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a gamete: its links, what it knows of other hosts, what it says to them. */
#ifndef CELLWS_CELLS_GAMETE_H
#define CELLWS_CELLS_GAMETE_H

#include "cells/gamete_kin.h"
#include "cells/gamete_spread.h"
#include "link/expelled.h"
#include "link/handshake.h"
#include "link/host.h"
#include "link/record.h"
#include "tissue/ring.h"
#include "tissue/tissue.h"

#define LINKS	       (2u * HOSTS_MAX) /* half of them may be of callers who have not proved themselves */
#define LINKS_SOURCE   4u    /* of those, of one source (IPv6: /64) */
#define LINK_IN	       2560u /* bytes: a whole frame of what is said on links */
#define LINK_OUT       16384u
#define LINK_PROVE_MS  5000u /* until a caller has proved himself; strangers are closed then, no sooner */
#define LINK_BEAT_MS   1000u
#define LINK_VITALS_MS 2900u /* with every third heartbeat */
#define LINK_SILENT_MS 3200u /* three heartbeats missed */

enum link_step {
	LINK_NONE,
	LINK_CONNECTS,
	LINK_SECOND, /* bytes that are awaited: of the handshake ... */
	LINK_HEAD,
	LINK_FIRST,
	LINK_THIRD,
	LINK_FRAME_HEAD, /* ... or of a frame, once both are proved */
	LINK_FRAME,
	LINK_DEAF, /* a stranger: what he says is thrown away */
};

/* One of each kind, and of growth and antigrowth for each class. */
#define SIGNALS_WAITING ((HORMONE_COUNT) * CLASS_COUNT)

/* Signals that could not be told at once: those of one kind and class as one, which fades like any other. */
struct signals {
	struct {
		struct record_signal last;
		uint64_t at_ns;
	} waiting[SIGNALS_WAITING];
	unsigned n;
	uint64_t used_ms; /* the allowance is used up to here */
};

struct link {
	enum link_step step;
	int fd;
	int row;       /* of the host; -1: not known yet */
	bool called;   /* by the other side */
	bool older;    /* the other side has the key before */
	bool greeted;  /* both have said who they are */
	uint64_t met;  /* id that the other side has proved; 0: none yet */
	uint8_t key[32]; /* its own, the same */
	bool waits;    /* for room in the socket */
	bool behind;   /* something was not told: the table is looked through */
	bool walking, begun; /* that is being done; from cursor on */
	uint64_t peer; /* id, once greeted */
	uint64_t until_ms, heard_ms, beat_ms;
	uint64_t theirs_ns, theirs_at_ns; /* their last heartbeat: by their clock, and when it came */
	uint64_t over, upto; /* of the walk: what is told is numbered from over on; up to here all is told after it */
	uint32_t reach;
	uint32_t have, need, out_n;
	struct source cursor;
	struct signals signals;
	uint64_t vitals_ms; /* when they are told next */
	uint64_t votes; /* up to this one they were told */
	uint64_t contagions; /* up to this number requests that kill were told */
	struct spread_link spread;
	bool estranged; /* its fingerprints are made with another secret, and that was said */
	uint8_t source[16]; /* of who called */
	uint8_t in[LINK_IN], out[LINK_OUT];
};

/* What is not to leave memory. */
struct link_secret {
	struct handshake handshake;
	uint8_t script[32]; /* of the handshake, once it is over */
	struct stream in, out;
};

struct gamete_cell {
	struct tissue *t;
	uint64_t self, now_ms;
	uint8_t key[32]; /* public, of this host's own pair */
	bool outcast; /* this host was expelled itself */
	uint64_t looked_ms; /* at what root wishes */
	uint64_t followed_ms; /* when the file of keys was looked at */
	uint64_t turned_away_ms; /* when it was last said that an expelled host has called */
	uint64_t scheme; /* of this host's fingerprints */
	struct link link[LINKS];
	struct host row[HOSTS_MAX];
	struct calling calling[HOSTS_MAX];
	struct ring ring;
	uint64_t missed; /* of link_state, when it was last looked at */
	struct kin_count count;
	struct source counted; /* the last ban that was, of those that hosts share */
	bool counting;
	uint32_t bans, bans_so_far; /* in the last whole round, and in this one */
	uint64_t said_ms;
	unsigned said;
};

/* gamete_link.c: bytes, handshakes, frames. */
void link_accept(struct gamete_cell *g);
void link_call(struct gamete_cell *g, int row);
void link_event(struct gamete_cell *g, struct link *l, uint32_t events);
void link_close(struct gamete_cell *g, struct link *l, const char *why);
bool link_is_open(const struct link *l);
uint32_t link_room(const struct link *l);
int link_lock(void);
/* Seals and sends one message; a link that cannot is closed. */
void link_say(struct gamete_cell *g, struct link *l, enum stream_kind kind, const void *bytes, size_t n);

/* gamete_foreign.c: evidence against who has called and did not prove the key; nothing of it can be seen by him. */
void foreign_present(const struct gamete_cell *g, const struct link *l, const char *what);
/* Both sides have the same of one handshake. */
const uint8_t *link_script(const struct gamete_cell *g, const struct link *l);

/* gamete_self.c: who this host is. called: the side that has introduced itself was called. */
void self_open(struct gamete_cell *g);
const struct identity *self_pair(void);
void self_introduce(const struct gamete_cell *g, const uint8_t script[32], const struct link *l, struct record_host *to);
int self_meet(const struct record_host *r, const uint8_t script[32], bool called); /* 0 or -EACCES */
const struct identity *self_before(void); /* the key before, while it is accepted; or NULL */
void self_follow(struct gamete_cell *g); /* looks for a key that root has made, now and then */
void self_hear(struct gamete_cell *g, struct link *l, const uint8_t *bytes); /* of a key on another host */
void self_tell(struct gamete_cell *g, struct link *l); /* the key there is, to who has that before it */
void self_mark(const struct expelled *e, uint8_t row[EXPELLED_BYTES]);
void self_vote(const struct gamete_cell *g, struct record_vote *v);
bool self_believes(const struct record_vote *v);

/* gamete_expel.c: hosts that are to be expelled, and that were. */
void expel_look(struct gamete_cell *g); /* at what root wishes, now and then */
void expel_hear(struct gamete_cell *g, struct link *l, const struct record_vote *v);
void expel_go_on(struct gamete_cell *g, struct link *l);
bool expel_bars(struct gamete_cell *g, uint64_t id, const uint8_t key[32]);

/* gamete_talk.c: what is said. */
void talk_hello(struct gamete_cell *g, struct link *l);
void talk_beat(struct gamete_cell *g, struct link *l);
void talk_family(struct gamete_cell *g);
/* There is room again. */
void talk_go_on(struct gamete_cell *g, struct link *l);
/* 0, or -errno: the link is to be closed. */
int talk_hear(struct gamete_cell *g, struct link *l, enum stream_kind kind, const uint8_t *bytes, size_t n);

/* gamete_family.c: what is known of other hosts, and whom to call. */
void family_load(struct gamete_cell *g);
void family_put(struct gamete_cell *g, int row);
/* The row of a host that called: its own, a lost one of the same address, or a new one; -1: no room. */
int family_find(struct gamete_cell *g, const struct link *l, const struct record_hello *hello);
void family_hear(struct gamete_cell *g, const struct record_kin *kin, int n);
unsigned family_tell(struct gamete_cell *g, uint64_t id, struct record_kin kin[HOSTS_MAX]);
void family_lost(struct gamete_cell *g, int row, bool was_linked);
void family_linked(struct gamete_cell *g, struct link *l);
/* Its row is that of an expelled host from now on; who was its daughter looks for another mother. The row or -1. */
int family_expel(struct gamete_cell *g, uint64_t id);
struct link *family_link(struct gamete_cell *g, int row); /* in use, or NULL */
void family_tick(struct gamete_cell *g);
uint64_t family_next_ms(struct gamete_cell *g); /* when somebody is to be called; UINT64_MAX: never */

/* gamete_signals.c: signals to and from other hosts. */
void signals_drain(struct gamete_cell *g); /* the inbox */
void signals_hear(struct gamete_cell *g, struct link *l, const struct record_signal *r);
void signals_go_on(struct gamete_cell *g, struct link *l); /* tells what waits, as far as there is room and allowance */
uint64_t signals_next_ms(const struct gamete_cell *g, const struct link *l); /* when something may be told; UINT64_MAX: nothing waits */

/* gamete_contagions.c: requests that kill, to and from other hosts. */
void contagions_open(struct gamete_cell *g);
void contagions_tell(struct gamete_cell *g); /* what is new, to all */
void contagions_go_on(struct gamete_cell *g, struct link *l);
void contagions_hear(struct gamete_cell *g, struct link *l, const struct record_contagion *r);

/* gamete_vitals.c: how hosts are doing. */
void vitals_tell(struct gamete_cell *g, struct link *l); /* when it is time */
void vitals_hear(struct gamete_cell *g, struct link *l, const struct host_vitals *v);

/* gamete_bans.c: bans to and from other hosts. */
void bans_read(struct gamete_cell *g);
void bans_go_on(struct gamete_cell *g, struct link *l); /* tells what one is behind by, as far as there is room */
void bans_begin(struct link *l, uint64_t have);
void bans_hear(struct gamete_cell *g, struct link *l, const struct record_ban *r);

#endif
