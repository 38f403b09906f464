/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What linked hosts say to each other, as bytes of a fixed or counted length; pure. */
#ifndef CELLWS_LINK_RECORD_H
#define CELLWS_LINK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/link.h"

/* Numbers in little endian. */
#define RECORD_HELLO_BYTES  88u
#define RECORD_BEAT_BYTES   28u
#define RECORD_KIN_BYTES    74u
#define RECORD_FAMILY_BYTES (HOSTS_MAX * RECORD_KIN_BYTES) /* most */
#define RECORD_BAN_BYTES    88u
#define RECORD_UPTO_BYTES   8u
#define RECORD_SIGNAL_BYTES 32u
#define RECORD_HOST_BYTES   168u
#define RECORD_VOTE_BYTES   224u
#define RECORD_VITALS_BYTES 40u
#define RECORD_CONTAGION_BYTES 104u

#define RECORD_LEFT_MS (10ULL * 365 * 86400 * 1000) /* most */

/* id (8) have (8) generation (4) port (2) relation (2) dna (64): the first word of each side. */
struct record_hello {
	uint64_t id;   /* of the speaker */
	uint64_t have; /* the last number of the listener that the speaker has; 0: none */
	uint32_t generation;
	uint16_t port; /* where the speaker can be called */
	uint16_t relation; /* enum relation: what the listener is to the speaker; of who was called: 0 */
	char dna_sha256[HOST_DNA];
};

/* sent (8) echo (8) held (8) reach (4) */
struct record_beat {
	uint64_t sent_ns; /* clock of the speaker */
	uint64_t echo_ns; /* the last that came from the listener, by its own clock; 0: none */
	uint64_t held_ns; /* so long ago */
	uint32_t reach;	  /* hosts that the listener can reach through the speaker, that one counted */
};

/* id (8) relation (2) address (64), once for each */
struct record_kin {
	uint64_t id;
	uint16_t relation; /* to who hears it */
	char address[HOST_ADDRESS];
};

/* family (1) bits (1) lifted (1) zero (1) reason (4) key (8) origin (8) stamp (8) number (8) left (8) detail (40), rest zero. */
struct record_ban {
	struct source source;
	uint64_t origin, stamp, number;
	uint64_t left_ms; /* 0: until lifted */
	uint32_t lifted, reason;
	char detail[TIDING_DETAIL]; /* printable */
};

/* host (8) molecule (8) kind (2) class (2) strength (4) hops (4) zeros (4) */
struct record_signal {
	uint64_t host; /* where it was secreted */
	uint64_t molecule; /* its number there */
	uint16_t kind; /* enum hormone, of those that cross */
	uint16_t class;
	uint32_t strength_q16; /* as the speaker has heard it: 1 to 65536 */
	uint32_t hops; /* 1 to RECORD_HOPS_MOST */
};
#define RECORD_HOPS_MOST 255u

/*
 * Living cells of each class but none (2 each, 14) zeros (2) busy (4) wait (4) bans (4) generation (4) of the key (4) load (4):
 * struct host_vitals, whose at_ns is not sent.
 */
#define RECORD_CELLS_MOST 1024u

/* id (8) key (32) certificate (64) proof (64): before the first word of each side; what is signed: link/host.h */
struct record_host {
	uint64_t id;
	uint8_t key[32]; /* public, of the speaker's own pair */
	uint8_t certificate[64];
	uint8_t proof[64];
};

/* voter (8) key (32) certificate (64) target (8) key (32) stamp (8) family (4) withdrawn (4) signature (64) */
struct record_vote {
	uint64_t voter;
	uint8_t voter_key[32];
	uint8_t certificate[64];
	uint64_t target; /* host that is to be expelled */
	uint8_t target_key[32]; /* zeros: not known to the voter */
	uint64_t stamp; /* of two votes of one host the higher holds */
	uint32_t family; /* hosts that the voter has reached lately, itself counted: 1 and up */
	uint32_t withdrawn; /* 1: no longer */
	uint8_t signature[64];
};
#define RECORD_FAMILY_MOST 65536u

/* scheme (8) fingerprint (8) host (8) deaths (4) route (4) cause (4) zeros (4) detail (64), rest zero. */
struct record_contagion {
	uint64_t scheme; /* of the fingerprint: hosts with another secret see other numbers */
	uint64_t fingerprint;
	uint64_t host; /* where the drones died */
	uint32_t deaths; /* 1 to PATHOGEN_DEADLY */
	uint32_t route;
	uint32_t cause; /* as in wait(2) */
	char detail[ANTIGEN_DETAIL]; /* printable */
};

/* Text of n bytes, then zeros, the last byte one of them. */
bool record_is_text(const char *text, size_t n);

void record_hello_write(const struct record_hello *r, uint8_t to[RECORD_HELLO_BYTES]);
void record_beat_write(const struct record_beat *r, uint8_t to[RECORD_BEAT_BYTES]);
void record_ban_write(const struct record_ban *r, uint8_t to[RECORD_BAN_BYTES]);
void record_signal_write(const struct record_signal *r, uint8_t to[RECORD_SIGNAL_BYTES]);
void record_contagion_write(const struct record_contagion *r, uint8_t to[RECORD_CONTAGION_BYTES]);
void record_vitals_write(const struct host_vitals *v, uint8_t to[RECORD_VITALS_BYTES]);
void record_host_write(const struct record_host *r, uint8_t to[RECORD_HOST_BYTES]);
void record_vote_write(const struct record_vote *r, uint8_t to[RECORD_VOTE_BYTES]);
/* n at most HOSTS_MAX; how many bytes. */
size_t record_family_write(const struct record_kin *kin, unsigned n, uint8_t to[RECORD_FAMILY_BYTES]);

/* Each 0, or -EBADMSG when it is none that anybody could have written. */
int record_hello_read(struct record_hello *r, const uint8_t from[RECORD_HELLO_BYTES]);
int record_beat_read(struct record_beat *r, const uint8_t from[RECORD_BEAT_BYTES]);
int record_ban_read(struct record_ban *r, const uint8_t from[RECORD_BAN_BYTES]);
int record_signal_read(struct record_signal *r, const uint8_t from[RECORD_SIGNAL_BYTES]);
int record_contagion_read(struct record_contagion *r, const uint8_t from[RECORD_CONTAGION_BYTES]);
int record_vitals_read(struct host_vitals *v, const uint8_t from[RECORD_VITALS_BYTES]);
int record_host_read(struct record_host *r, const uint8_t from[RECORD_HOST_BYTES]);
int record_vote_read(struct record_vote *r, const uint8_t from[RECORD_VOTE_BYTES]);
/* How many, or -EBADMSG. */
int record_family_read(struct record_kin kin[HOSTS_MAX], const uint8_t *from, size_t n);

#endif
