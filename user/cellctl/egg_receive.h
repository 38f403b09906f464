/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receiver's own: its visitors, and the one of them who has proved himself. */
#ifndef CELLWS_CELLCTL_EGG_RECEIVE_H
#define CELLWS_CELLCTL_EGG_RECEIVE_H

#include <netinet/in.h>
#include "cellctl/egg.h"
#include "link/handshake.h"

#define VISITORS	64
#define VISITORS_SOURCE 4	/* of one source (IPv6: /64) at a time: as many attempts in VISIT_MS */
#define VISIT_MS	5000	/* whoever has not proved himself by then is closed, whatever he said: no sooner, no later */
#define YIELD_MS	1000	/* when all places are taken, the eldest who has not proved himself by then gives his up */
#define FRAME_MS	10000	/* between two frames of a guest */
#define LAY_MS		120000	/* for the keeper to lay the organism */

enum visitor_state {
	VISITOR_NONE,
	VISITOR_HEARD,	/* his first message is awaited */
	VISITOR_DOUBTED, /* his third */
	VISITOR_HEAD,	/* guest: head of a frame */
	VISITOR_FRAME,	/* guest: rest of a frame */
	VISITOR_WAITS,	/* guest: for the keeper */
	VISITOR_DEAF,	/* whatever he says is thrown away */
};

/* Secret: locked. */
struct visitor {
	int fd;
	enum visitor_state state;
	uint64_t until_ms;
	uint8_t source[16]; /* IPv4 mapped; of IPv6 the /64 */
	uint8_t *at;	    /* where the next bytes go */
	uint32_t have, need;
	uint8_t room[HANDSHAKE_FIRST_BYTES];
	struct handshake handshake;
};

struct receiver {
	const struct egg *e;
	int keeper, epoll;
	bool full; /* nobody more is let in */
	struct handshake_seen seen;
	struct visitor visitor[VISITORS];
	struct visitor *guest; /* at most one; what follows is of him */
	struct stream in, out;
	struct egg_handover keys;
	bool have_keys;
	int spore;	/* memory file */
	uint64_t spore_n, spore_total;
	bool laid; /* the guest has been told so; the end */
	uint64_t said_ms;
	unsigned unsaid;
};

uint64_t receiver_now_ms(void);

/* A line for the log, at most one a second; others are counted. */
void receiver_say(struct receiver *r, const struct visitor *v, const char *what, int error);

/* Waits for n bytes to be put at. */
void visitor_await(struct visitor *v, enum visitor_state state, uint8_t *at, uint32_t n);

/* Closes him, whoever he is. */
void visitor_close(struct receiver *r, struct visitor *v);

/* Makes v the guest. 0 or -errno. */
int guest_begin(struct receiver *r, struct visitor *v);

/* The awaited bytes of the guest have come. 0, or -errno: he is to be closed. */
int guest_take(struct receiver *r);

/* The keeper has answered. */
void guest_answer(struct receiver *r, const struct egg_answer *answer);

/* Forgets what he brought. */
void guest_forget(struct receiver *r);

#endif
