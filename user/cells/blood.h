/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a blood cell: one artery per vessel it serves, and what is done to a connection. */
#ifndef CELLWS_CELLS_BLOOD_H
#define CELLWS_CELLS_BLOOD_H

#include "cells/rate.h"
#include "http/date.h"
#include "http/parse.h"
#include "tissue/answer.h"
#include "tissue/tissue.h"
#include "tissue/vessel.h"

struct sockaddr_storage;

/* A ring of connection numbers, private to the process: what it holds is found again after an adoption. */
struct conn_ring {
	uint32_t *conn;
	uint32_t mask;
	uint32_t head, tail;
};

#define TELL_AGAIN_MS 10000u /* between two lines of the log about the same want of room */
#define SWEEP_MS_MAX 250u /* between two looks at deadlines, at the most */
#define STRAYS_MAX 8u
#define TAGS_MAX   64u

struct stray {
	int fd;
	uint64_t inode;
};

#define EXHIBITS_MAX 4u

/* A slot that is kept as it is until others have looked at it; its connection has forgotten it. */
struct exhibit {
	uint32_t slot;
	uint64_t word; /* of the slot, as blood knows it: with another it is an exhibit no more */
	uint64_t until; /* clock_ms */
};

/* One blood cell's view of one vessel; everything that must outlive the process is in the vessel itself. */
struct artery {
	struct tissue *t;
	uint32_t v;
	struct vessel *vessel;
	struct synapse *synapse;
	int epoll;
	uint64_t now_ms;
	int64_t now_s;
	char date[HTTP_DATE_BYTES];
	char ok_start[64];          /* status line and Date of a 200 */
	uint32_t ok_n, ok_date_at;
	int64_t ok_second;
	struct http_limits limits;
	uint32_t open;              /* connections */
	uint32_t slot_free[SYNAPSE_SLOTS];
	uint32_t slots_left;
	uint64_t slot_idle[SYNAPSE_SLOTS / 64]; /* those in slot_free, by number */
	uint32_t ticket;
	uint64_t audit_ms;          /* when the slots are looked through next, if they are */
	uint64_t audit_until;       /* till then even if none is in use: some were spoiled */
	uint64_t tell_ms;           /* until then that is not said again */
	struct exhibit exhibit[EXHIBITS_MAX];
	uint32_t exhibits;
	uint32_t exhibit_next;      /* slot + 1 that is to be one as soon as its connection lets it go; 0: none */
	uint32_t rung;              /* requests queued since drones were last woken */
	bool came, put_off;         /* somebody has connected in this turn; the pulse has waited for such a turn */
	uint64_t pulse_ms;          /* when it showed its pulse last */
	uint64_t pulse_cpu_ns;      /* its processor time then */
	uint64_t called_ms;         /* when it called the neuron last */
	uint64_t retire_ms;         /* since when it takes nothing new, one too many; 0: it stays */
	uint64_t look_ms;           /* next look at itself and at a neuron that is silent */
	uint32_t busy_turns;        /* turns in which there was no need to wait */
	uint64_t remembered_until;  /* clock_ms: no answer that is remembered is fresh any longer */
	struct stray stray[STRAYS_MAX]; /* open files nobody owned at the adoption */
	uint32_t strays;
	uint64_t strays_due;        /* clock_ms at which they are looked at again; 0: none */
	struct conn_ring ready;     /* have more to do without an event */
	struct conn_ring wanting;   /* wait for a free slot */
	bool paused;                /* the listeners are out of the epoll set */
	uint64_t pause_until;
	uint64_t next_due;          /* clock_ms of the next deadline, or earlier */
	uint32_t sweep_every;       /* shortest time between two sweeps */
	uint32_t evict_at;          /* where the search for a buffer, or for room, goes on */
	uint64_t leave_by;          /* clock_ms at which a leaving cell gives up on what is open; 0: not leaving */
	struct rate_table *rate;
	bool strict;                /* the family is alarmed: less patience, fewer requests */
	bool counts;                /* connections by source: the DNA has a limit */
	struct screen *screen;
	struct missing *missing;
	uint64_t tagged[TAGS_MAX];  /* cookies of connections to be refused */
	uint32_t tags;
	uint64_t tags_due;          /* when they are looked for, if there are any */
	struct http_request request; /* the head in hand */
	uint32_t request_of;         /* whose it is, CONN_NONE for nobody's */
	char path[SLOT_PATH_ROOM];   /* of that request, normalised */
	uint32_t path_n;
	volatile struct vitals *vitals;
};

/* blood_accept.c */
void blood_accept(struct artery *a, uint32_t listen);
void blood_pause(struct artery *a);
void blood_resume(struct artery *a);
/* Gives the connection and everything it holds back. */
void blood_close(struct artery *a, uint32_t i);
/* Enters an accepted socket into a record and the epoll set; from: its peer. False (closed) when there is no room. */
bool blood_enter(struct artery *a, int fd, const struct sockaddr_storage *from);

/* blood_adopt.c: before anything is done with an adopted connection. False when it had to be closed. */
bool conn_ready(struct artery *a, uint32_t i);

/* blood_read.c: takes what has come, as far as it goes. Called for events and from the ready ring. */
void blood_go(struct artery *a, uint32_t i);

/* blood_client.c: who a connection speaks for, behind trusted proxies. */
/* Of a connection just accepted, whose peer is in the record. */
void client_enter(const struct dna *dna, struct conn *c);
/* Before a request is begun: nobody is blamed for what the last one's client did. */
void client_begin(struct conn *c);
/* Reads a PROXY header where one is due. 1: the bytes from used on are a request's; 0: more are needed; -400. */
int client_header(struct artery *a, struct conn *c);
/* Whom the parsed head in hand comes from. */
void client_of_request(struct artery *a, struct conn *c, const char *head);
/* Whether that client, behind a trusted proxy, is refused. */
bool client_is_refused(const struct conn *c);
/* Whether it is on a list of the DNA. */
bool client_is_in(const struct dna_prefix *list, uint32_t n, const struct conn *c);
/* The key of the client: an IPv4 address, or the upper half of an IPv6 address, as in struct source. */
uint64_t client_key(const struct conn *c);
/* For the kernel's programs: the client and who vouches for it; family 0 when it is the socket's own peer. */
void client_claim(const struct conn *c, struct source *to);

/* blood_body.c */
/* Looks through a body that has no slot yet. 1: it is complete, 0: not yet, -400. */
int body_scan(struct artery *a, struct conn *c);
/* Back to the body's first byte, which is still in the input. */
void body_restart(struct conn *c);
/* Decodes what has come into the slot as the next part, if there is any. 0 or -400. */
int body_stage(struct artery *a, struct conn *c);
/* Sends what is left of 100 Continue. True when it is out. */
bool blood_continue(struct artery *a, uint32_t i);

/* blood_request.c */
/* The head in hand decides: memory, a refusal, the body, or a drone. */
void blood_request(struct artery *a, uint32_t i, const char *head, uint32_t head_n);
/* Normalises the path of a->request into a->path. 0, or the status to refuse with. */
int request_path(struct artery *a, const char *head);
/* Finds the route of the request in hand in the DNA of now. False when there is none: it is answered. */
bool request_reroute(struct artery *a, uint32_t i);
/* Answers with a canned reply; keep: the connection may go on after it. */
void blood_refuse(struct artery *a, uint32_t i, int status, bool keep);
/* What one remembered answer cannot serve alike: kind of connection and accepted coding. */
uint32_t blood_variant(const struct conn *c);

/* The head, and what has come of the body behind it, goes to a drone; waits for a slot when none is free. */
void blood_ask(struct artery *a, uint32_t i);

/* blood_screen.c: attacks, and evidence of them. */
struct screen;
struct screen *screen_new(const struct dna *dna);
void screen_free(struct screen *s);
/* Counts all connections by source anew, if that is wanted. */
void screen_count(struct artery *a);
/* A connection comes or goes. */
void screen_enter(struct artery *a, const struct conn *c);
void screen_leave(struct artery *a, const struct conn *c);
/* More connections than a source may have, this one included; the evidence is presented. */
bool screen_is_crowd(struct artery *a, const struct conn *c);
/* Over the DNA's rate of requests, and not on its never-ban list; the evidence is presented. */
bool screen_too_many(struct artery *a, const struct conn *c);
/* Traps and signatures in the head in hand. 0, or the status to refuse with; the evidence is presented. */
int screen_request(struct artery *a, const struct conn *c, const char *head);
/* Signatures in the part of the body that is in the slot; the same. */
int screen_body(struct artery *a, struct conn *c, uint32_t slot);
/* blood_observe.c: counts what was found against a request, status 0 for nothing. The status, or 0 while only observing. */
int screen_refuses(struct artery *a, int status);
/* blood_missing.c: whether this source has not asked for this missing path lately. */
struct missing *missing_new(void);
bool missing_is_news(struct artery *a, const struct conn *c, const char *path, size_t n);
/* What a status that is about to be answered says of the client, if anything. */
void screen_status(struct artery *a, const struct conn *c, int status);
/* Presents evidence; text: what it was, cut to fit. */
void screen_present(struct artery *a, const struct conn *c, uint32_t reason, uint32_t rule, const char *text, size_t n);

/* The client was answered 2xx or 3xx: that it behaves well is told now and then. */
void screen_praise(struct artery *a, const struct conn *c);
/* Looks whether there is an alarm. */
void screen_heat(struct artery *a);
/* A time limit of the DNA for what a client sends: half of it in an alarm. */
static inline uint32_t screen_patience(const struct artery *a, uint32_t ms)
{
	return a->strict && ms > 1 ? ms / 2 : ms;
}
/* Refuses as the DNA wants it: with the answer, or with a reset. The connection may be gone then. */
void screen_refuse(struct artery *a, uint32_t i, int status);
/* Resets the connection. */
void screen_cut(struct artery *a, uint32_t i);

/* blood_tag.c: connections on which the socket filter has found a signature. */
/* The filter has dropped a segment of the connection with this cookie. */
void tag_hear(struct artery *a, uint64_t cookie);
/* Refuses those that were heard of, if it is time to. */
void tag_sweep(struct artery *a);

/* blood_pathogen.c: requests that kill drones. */
/* Notes the fingerprint of the request that is in the slot. */
void pathogen_mark(struct artery *a, struct conn *c, uint32_t slot);
/* Whether the request in the slot has killed often enough; then evidence is presented. */
bool pathogen_refuses(struct artery *a, const struct conn *c, uint32_t slot);
/* A drone is dead: tells the kernel what it died over, if it was its own fault. */
void pathogen_blame(struct artery *a, uint32_t drone);

/* The socket is full: the set is to tell when there is room again. Until then it would only wake for nothing. */
void conn_watch(struct artery *a, uint32_t i);

/* blood_evict.c: closes a connection that has been silent for long, so that there is room. False when there is none. */
bool blood_evict(struct artery *a);

/* blood_mutate.c: takes on what a DNA says, at the start and whenever another has come into force. */
void blood_express(struct artery *a);
/* Looks whether there is another, and takes it on. */
void blood_mutate(struct artery *a);

/* blood_reply.c: complete answers in memory. */
void reply_init(struct artery *a);
/* Key of a request into key (room REPLY_KEY); 0 when it is not to be remembered. */
uint32_t reply_key(const char *head, struct http_span target, struct http_span host, char *key);
/* A fresh reply for this request: its number, or CONN_NONE. */
uint32_t reply_find(struct artery *a, const char *key, uint32_t key_n, uint32_t variant);
void reply_remember(struct artery *a, const char *key, uint32_t key_n, uint32_t variant, const char *bytes,
	uint32_t head_n, uint32_t body_n, uint32_t date_at, uint32_t fresh_ms);
/* None that is remembered counts any more. */
void reply_forget(struct artery *a);
uint32_t reply_canned(struct artery *a, int status, bool keep);
void reply_fresh_date(struct artery *a, uint32_t reply);

/* blood_send.c */
/* Begins to send a part of an answer; its base is filled in. */
void blood_send(struct artery *a, uint32_t i, const struct conn_out *part);
/* Goes on where the socket was full. */
void blood_send_more(struct artery *a, uint32_t i);

/* blood_fill.c: writes the request of a connection, its body staged already, into a slot that is FREE. */
void slot_fill(struct artery *a, uint32_t i, uint32_t slot);

/* blood_slot.c */
void slots_init(struct artery *a);
/* Gives the slots of a dead drone to another, or answers 502. */
void blood_requeue(struct artery *a, uint32_t drone);
void slot_release(struct artery *a, uint32_t slot);
#define GIFTS_AT_ONCE 1024u /* more than the gift socket holds */
/* Takes one file out of the gift socket and notes it for the slot it belongs to. False when none is there. */
bool gift_note(struct artery *a);
/*
 * Gives a request to another drone, when nothing of an answer is out, its body is whole and it is safe; once. state: what
 * the slot was in. False when it may not be repeated.
 */
bool slot_repeat(struct artery *a, uint32_t i, uint32_t slot, uint32_t state);
/* The part in the slot is sent: let the drone go on. */
void slot_want_more(struct artery *a, uint32_t slot);
/* The slot's client is gone: free at once if no drone has it, else as soon as the drone has finished. */
void slot_orphan(struct artery *a, uint32_t slot);
/* The connection gives its slot up. */
void slot_abandon(struct artery *a, uint32_t i);
/* A slot answered by this word whose client is gone: freed, or moved on so that its drone sees it. */
void slot_discard(struct artery *a, uint32_t slot, uint64_t word);
/* What stands in it no drone can have made of what was asked: asked for again, or refused. */
void slot_spoiled(struct artery *a, uint32_t slot);
/* The staged part of the body is for the drone. */
void slot_feed(struct artery *a, uint32_t i);
/* Wakes the neuron: something is short. At most once in 100 ms. */
void blood_call_neuron(struct artery *a);
/* Wakes as many sleeping drones as there are new requests. */
void blood_ring_drones(struct artery *a);
/* Wakes all of them, whatever their flags say. */
void blood_wake_drones(struct artery *a);

/* blood_asked.c: what is believed of slots. */
/* Whether a slot's word can have become of the one that blood knows. Pure. */
bool asked_follows(uint64_t known, uint64_t word);
/* The word to go by. False when a drone has written one that cannot be. */
bool asked_look(struct artery *a, uint32_t slot, uint64_t *word);
/* Whether somebody waits for the answer. */
bool asked_has_asker(struct artery *a, uint32_t slot);
/* Whether this drone is to answer. */
bool asked_is_with(struct artery *a, uint32_t slot, uint32_t drone);
bool asked_drone_lives(const struct artery *a, uint32_t id);
/* Milliseconds its drone has worked on it; never more than since it was queued, nor less than without the queue's time. */
uint64_t asked_worked_ms(const struct artery *a, uint32_t slot);
/* Looks through all slots: what was spoiled, or forgotten, goes on. */
void asked_audit(struct artery *a);
bool asked_audit_wanted(const struct artery *a);

/* blood_answer.c */
/* Looks at every slot that drones have marked. */
void blood_collect(struct artery *a);
void slot_look(struct artery *a, uint32_t slot);

/* blood_head.c: writes status line, Date, framing and Connection before the drone's header lines. */
/* said: of the answer, found sound. Returns where the head begins in the slot's data; *date_at: offset in it. */
uint32_t head_compose(struct artery *a, uint32_t i, uint32_t slot, const struct answer_said *said, uint32_t *date_at);

/* blood_exhibit.c: malformed answers that their drones vouch for. */
/* To be called before the request is refused: accuses the drone, if its own chart bears that out, and keeps the slot. */
void exhibit_show(struct artery *a, uint32_t slot);
/* The slot's client is gone: whether the slot is kept nevertheless, for a while. */
bool exhibit_keep(struct artery *a, uint32_t slot);
/* Lets go what was kept long enough, or has changed. */
void exhibits_sweep(struct artery *a);

/* blood_sweep.c */
/*
 * Room for more of the request in hand. When the larger buffers are all taken, one that holds an unfinished request is
 * answered 408 before its time: clients that trickle must not keep others out. False when there is none all the same.
 */
bool blood_find_room(struct artery *a, uint32_t i);
void blood_sweep(struct artery *a);
void conn_deadline(struct artery *a, uint32_t i, uint32_t ms);
/* For a request that waits for a drone or is with one: the shorter of the queue's and the gene's time. */
void asked_deadline(struct artery *a, uint32_t i);

void ring_put(struct conn_ring *r, uint32_t i);
uint32_t ring_take(struct conn_ring *r);
static inline bool ring_empty(const struct conn_ring *r)
{
	return r->head == r->tail;
}

/* Whether the request has no body, or all of it is read. */
static inline bool blood_body_is_read(struct conn *c)
{
	return !(c->flags & CONN_HAS_BODY) || conn_in(c)->whole;
}

static inline struct conn *conn_at(struct artery *a, uint32_t i)
{
	return vessel_conn(a->vessel, i);
}

#endif
