/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How two hosts prove themselves and agree on keys: three messages as bytes, no I/O; whoever is called stays silent to strangers. */
#ifndef CELLWS_LINK_HANDSHAKE_H
#define CELLWS_LINK_HANDSHAKE_H

#include "link/identity.h"
#include "link/stream.h"

/*
 * The caller speaks first. Every message has one length; all secrets are fresh.
 *
 *   first:  e (32) | sealed{ version (2) purpose (2) time (8) credential (140) signature (64) }
 *   second: e (32) | sealed{ public key (32) signature (64) }
 *   third:  sealed{ signature (64) } | head of the caller's stream (24)
 *
 * e: ephemeral X25519 key. The first is sealed under a key that comes from the trusted public key, so that only who was
 * told that key can read it; the second and third under what the ephemeral keys share. Each signature covers everything
 * before it, both ways. The called one says nothing before the first has convinced him: made within HANDSHAKE_SKEW_S of his clock, by
 * the trusted key or one it vouches for, never seen before.
 */
#define HANDSHAKE_VERSION      1u
#define HANDSHAKE_SKEW_S       120u
#define HANDSHAKE_FIRST_BYTES  264u
#define HANDSHAKE_SECOND_BYTES 144u
#define HANDSHAKE_THIRD_BYTES  104u

/* What the two want of each other; both must want the same. */
enum handshake_purpose {
	HANDSHAKE_SPORE = 1, /* the caller hands over an organism */
	HANDSHAKE_LINK = 2,  /* both belong to one, and stay linked */
};

/* First messages that were believed, so that none is twice. Zeros at the beginning; one for each who is called. */
#define HANDSHAKE_SEEN 256
struct handshake_seen {
	struct {
		uint8_t key[32];
		uint64_t time_s;
	} entry[HANDSHAKE_SEEN];
};

/* One side of one handshake: secret, to be locked before and wiped after. */
struct handshake {
	uint8_t trust[SECRET_PUBLIC_BYTES];
	uint8_t private[32];
	uint8_t shared[32];
	uint8_t script[32]; /* digest of all messages so far */
	struct credential peer; /* of the caller, once he is believed */
};

/* Caller. trust: the key the other side was told. 0 or -EIO. */
int handshake_call(struct handshake *h, const uint8_t trust[SECRET_PUBLIC_BYTES], const struct identity *mine,
	enum handshake_purpose purpose, uint64_t now_s, uint8_t first[HANDSHAKE_FIRST_BYTES]);

/*
 * Called: judges the first and makes the second. seed: of his own pair. 0; or nothing is to be said: -EACCES (not of
 * this organism, altered), -EPROTONOSUPPORT (another version or purpose), -ETIME (clocks too far apart, or an old
 * message), -EALREADY (seen before), -EBUSY (too many in this time), -EIO.
 */
int handshake_hear(struct handshake *h, const uint8_t trust[SECRET_PUBLIC_BYTES], const uint8_t seed[SECRET_SEED_BYTES],
	enum handshake_purpose purpose, uint64_t now_s, struct handshake_seen *seen, const uint8_t first[HANDSHAKE_FIRST_BYTES],
	uint8_t second[HANDSHAKE_SECOND_BYTES]);

/*
 * Caller: judges the second, makes the third and the stream to the other side; handshake_finish() makes the other.
 * expected: public key that the called one must have, or NULL: anyone who knows the trusted key. 0 or -EACCES.
 */
int handshake_answer(struct handshake *h, const struct identity *mine, const uint8_t *expected,
	const uint8_t second[HANDSHAKE_SECOND_BYTES], uint8_t third[HANDSHAKE_THIRD_BYTES], struct stream *to);

/* Called: judges the third; makes both streams and the head that goes out before his first message. 0 or -EACCES. */
int handshake_close(struct handshake *h, const uint8_t third[HANDSHAKE_THIRD_BYTES], struct stream *from, struct stream *to,
	uint8_t head[SECRET_STREAM_HEAD_BYTES]);

/* Caller: makes the stream from the other side of the head that came. 0 or -EBADMSG. */
int handshake_finish(struct handshake *h, const uint8_t head[SECRET_STREAM_HEAD_BYTES], struct stream *from);

#endif
