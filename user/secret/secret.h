/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that needs cryptography: digests, random bytes, marks, signatures, exchange, sealing, text form; by libsodium. */
#ifndef CELLWS_SECRET_SECRET_H
#define CELLWS_SECRET_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4) in hex with its NUL. */
void secret_digest(const void *bytes, size_t n, char hex[65]);

/* Random bytes fit for a key, from the kernel. 0, or -EIO when the library cannot be set up. */
int secret_random(void *to, size_t n);

/* BLAKE2b (RFC 7693) of message, out_n bytes long (16 to 64), keyed with 32 bytes. */
void secret_mark(uint8_t *out, size_t out_n, const uint8_t key[32], const void *message, size_t n);

/* SipHash-2-4 (Aumasson and Bernstein, 2012): a number that who lacks the key cannot make twice. */
uint64_t secret_short(const void *message, size_t n, const uint64_t key[2]);

/* Whether n bytes are the same, in a time that does not depend on where they differ. */
bool secret_equal(const void *a, const void *b, size_t n);

/* Overwrites with zeros in a way that the compiler does not take out. */
void secret_wipe(void *at, size_t n);

/* Base64 (RFC 4648, with padding) of n bytes and a NUL; room at least (n + 2) / 3 * 4 + 1. */
void secret_write(const uint8_t *bytes, size_t n, char *to, size_t room);

/* Reads exactly n bytes from exactly text_n characters of base64. 0 or -EINVAL. */
int secret_read(const char *text, size_t text_n, uint8_t *to, size_t n);

#define SECRET_SEED_BYTES	 32u /* of an Ed25519 pair: all of it comes from the seed */
#define SECRET_PUBLIC_BYTES	 32u
#define SECRET_SIGNATURE_BYTES	 64u
#define SECRET_SEAL_BYTES	 16u /* longer than what is sealed */
#define SECRET_STREAM_HEAD_BYTES 24u
#define SECRET_STREAM_BYTES	 17u /* each message of a stream is so much longer */

/* BLAKE2b (RFC 7693) of 32 bytes, without a key. */
void secret_hash(uint8_t out[32], const void *message, size_t n);

/* Ed25519 (RFC 8032): the public key of a seed; a signature; whether a signature is right. */
void secret_public(const uint8_t seed[SECRET_SEED_BYTES], uint8_t public[SECRET_PUBLIC_BYTES]);
void secret_sign(uint8_t signature[SECRET_SIGNATURE_BYTES], const uint8_t seed[SECRET_SEED_BYTES], const void *message, size_t n);
bool secret_is_signed(const uint8_t signature[SECRET_SIGNATURE_BYTES], const uint8_t public[SECRET_PUBLIC_BYTES],
	const void *message, size_t n);

/* X25519 (RFC 7748): a fresh pair, 0 or -EIO; what two sides share, 0, or -EINVAL for a public key of small order. */
int secret_exchange_make(uint8_t private[32], uint8_t public[32]);
int secret_exchange(uint8_t shared[32], const uint8_t private[32], const uint8_t public[32]);

/*
 * ChaCha20-Poly1305 (RFC 8439) with a nonce of zeros: a key seals one message only. to: n + SECRET_SEAL_BYTES. Opening:
 * n counts the sealed bytes; 0, or -EBADMSG and nothing is written.
 */
void secret_seal(uint8_t *to, const uint8_t key[32], const void *message, size_t n);
int secret_unseal(void *to, const uint8_t key[32], const uint8_t *sealed, size_t n);

/* A stream of sealed messages in order (libsodium's secretstream); one direction. */
struct secret_stream {
	uint8_t state[64];
};

/* The sender's head goes to the receiver before the first message. */
void secret_stream_send(struct secret_stream *s, const uint8_t key[32], uint8_t head[SECRET_STREAM_HEAD_BYTES]);
int secret_stream_take(struct secret_stream *s, const uint8_t key[32], const uint8_t head[SECRET_STREAM_HEAD_BYTES]);

/* also: bytes that are not sent and must be the same on both sides. last: nothing follows. */
void secret_stream_push(struct secret_stream *s, uint8_t *to, const void *message, size_t n, const void *also, size_t also_n,
	bool last);
/* n: bytes of the sealed message, more than SECRET_STREAM_BYTES - 1. 0 or -EBADMSG. */
int secret_stream_pull(struct secret_stream *s, void *to, const uint8_t *sealed, size_t n, const void *also, size_t also_n,
	bool *last);

/* Keeps memory from being swapped and out of core files; and lets go of it, wiped. 0 or -errno. */
int secret_lock(void *at, size_t n);
void secret_unlock(void *at, size_t n);

#endif
