/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages between hosts that have proved themselves: framed, sealed, in order, of bounded length; pure. */
#ifndef CELLWS_LINK_STREAM_H
#define CELLWS_LINK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "secret/secret.h"

/* A frame: length of what follows (4, little endian), then kind (1) and bytes, sealed. The length is sealed with them. */
#define STREAM_MOST	   65536u /* bytes of a message */
#define STREAM_HEAD_BYTES  4u
#define STREAM_SEALED_LEAST (SECRET_STREAM_BYTES + 1u)
#define STREAM_SEALED_MOST  (SECRET_STREAM_BYTES + 1u + STREAM_MOST)
#define STREAM_FRAME_MOST   (STREAM_HEAD_BYTES + STREAM_SEALED_MOST)

/* Kinds of messages: X(NAME, number, least, most bytes, "what it is"). */
#define STREAM_KINDS(X)                                                                      \
	X(KEYS, 1, 80, 80, "cell key (32), seed of the organism's pair (32), key that deadly requests are known by (16)") \
	X(PIECE, 2, 1, STREAM_MOST, "next bytes of a spore; the last one ends the stream")   \
	X(ACCEPTED, 3, 1, 1024, "the organism is laid; remarks, in plain text")              \
	X(REFUSED, 4, 1, 1024, "it is not, nothing was installed; why, in plain text")        \
	X(HELLO, 5, 88, 88, "who speaks, the first word of a link; this and the following: link/record.h") \
	X(BEAT, 6, 28, 28, "heartbeat, with the echo of the last one")                       \
	X(FAMILY, 7, 0, 2368, "the listener's relatives")                                   \
	X(BAN, 8, 88, 88, "a ban or its end, with its version")                              \
	X(UPTO, 9, 8, 8, "all up to this number was told")                                   \
	X(SIGNAL, 10, 32, 32, "a signal of the speaker's family, or one that came to it from another host") \
	X(CONTAGION, 11, 104, 104, "a request that has killed drones") \
	X(VITALS, 12, 40, 40, "how the speaker is doing") \
	X(HOST, 13, 168, 168, "which host speaks: comes before HELLO") \
	X(VOTE, 14, 224, 224, "a host wants another expelled, or no longer") \
	X(SUCCESSOR, 15, 204, 204, "the key that follows the one the listener has: see heir_write()") \
	X(DNA, 16, 160, 160, "a DNA that all are to live by; this and the following: link/spread.h") \
	X(DNA_ASK, 17, 24, 24, "bytes of it that the speaker wants") \
	X(DNA_PIECE, 18, 17, 2320, "bytes of it") \
	X(UPTAKE, 19, 200, 200, "what a host makes of it")

enum stream_kind {
#define X(NAME, number, least, most, text) STREAM_##NAME = number,
	STREAM_KINDS(X)
#undef X
};

/* One direction. Secret: to be locked and wiped. */
struct stream {
	struct secret_stream state;
	bool ended; /* the last message has gone by */
};

void stream_send(struct stream *s, const uint8_t key[32], uint8_t head[SECRET_STREAM_HEAD_BYTES]);
int stream_take(struct stream *s, const uint8_t key[32], const uint8_t head[SECRET_STREAM_HEAD_BYTES]);

/*
 * Seals one message into to, of STREAM_FRAME_MOST bytes. The length of the frame; -EMSGSIZE when n is not one of its
 * kind; -EPIPE after the last one.
 */
int stream_push(struct stream *s, enum stream_kind kind, const void *bytes, size_t n, bool last, uint8_t *to);

/* How many bytes follow a frame's head: STREAM_SEALED_LEAST to _MOST; or -EMSGSIZE. */
int stream_length(const uint8_t head[STREAM_HEAD_BYTES]);

/*
 * Opens what follows a head: n as stream_length() says. to: STREAM_MOST + 1 bytes: the kind, then the message; *kind and its length. The length
 * of the message; -EBADMSG: altered, out of order, or of no known kind and length; -EPIPE after the last one.
 */
int stream_pull(struct stream *s, const uint8_t *sealed, size_t n, uint8_t *to, enum stream_kind *kind, bool *last);

#endif
