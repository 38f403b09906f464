/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The three messages, made and judged; keys and signatures are bound to all that was said before. */
#include "link/handshake.h"
#include "link/wire.h"

#include <errno.h>

#define LABEL_BYTES 16u
#define FIRST_CLEAR  (2u + 2u + 8u + CREDENTIAL_BYTES)
#define FIRST_BYTES  (FIRST_CLEAR + SECRET_SIGNATURE_BYTES)
#define SECOND_BYTES (SECRET_PUBLIC_BYTES + SECRET_SIGNATURE_BYTES)

_Static_assert(HANDSHAKE_FIRST_BYTES == 32 + FIRST_BYTES + SECRET_SEAL_BYTES, "first");
_Static_assert(HANDSHAKE_SECOND_BYTES == 32 + SECOND_BYTES + SECRET_SEAL_BYTES, "second");
_Static_assert(HANDSHAKE_THIRD_BYTES == SECRET_SIGNATURE_BYTES + SECRET_SEAL_BYTES + SECRET_STREAM_HEAD_BYTES, "third");

/* What a key or a signature is for: none can be taken for another. */
#define LABELS(X)                       \
	X(FIRST_KEY, "cw1 first key  ")  \
	X(FIRST_SIGN, "cw1 first sign ") \
	X(SECOND_KEY, "cw1 second key ") \
	X(SECOND_SIGN, "cw1 second sign") \
	X(THIRD_KEY, "cw1 third key  ")  \
	X(THIRD_SIGN, "cw1 third sign ") \
	X(CALLER_KEY, "cw1 caller key ") \
	X(CALLED_KEY, "cw1 called key ") \
	X(SCRIPT, "cw1 transcript ")

enum label {
#define X(NAME, text) LABEL_##NAME,
	LABELS(X)
#undef X
};

static const char labels[][LABEL_BYTES] = {
#define X(NAME, text) text,
	LABELS(X)
#undef X
};

/* BLAKE2b, keyed, over label, script so far, and up to HANDSHAKE_FIRST_BYTES more. */
static void derive(uint8_t out[32], const uint8_t key[32], enum label label, const uint8_t script[32], const void *more, size_t n)
{
	uint8_t message[LABEL_BYTES + 32 + HANDSHAKE_FIRST_BYTES];
	uint8_t *end = wire_put(wire_put(message, labels[label], LABEL_BYTES), script, 32);

	end = wire_put(end, more, n);
	secret_mark(out, 32, key, message, (size_t)(end - message));
}

/* What a signature is made over: a digest under the trusted key, which so is part of every proof. */
static void to_sign(const struct handshake *h, enum label label, const void *more, size_t n, uint8_t out[32])
{
	derive(out, h->trust, label, h->script, more, n);
}

static void go_on(struct handshake *h, const void *message, size_t n)
{
	derive(h->script, h->trust, LABEL_SCRIPT, h->script, message, n);
}

static void begin(struct handshake *h, const uint8_t trust[SECRET_PUBLIC_BYTES])
{
	*h = (struct handshake){ 0 };
	memcpy(h->trust, trust, sizeof(h->trust));
}

int handshake_call(struct handshake *h, const uint8_t trust[SECRET_PUBLIC_BYTES], const struct identity *mine,
	enum handshake_purpose purpose, uint64_t now_s, uint8_t first[HANDSHAKE_FIRST_BYTES])
{
	uint8_t clear[32 + FIRST_BYTES], digest[32], key[32], *at = clear + 32;

	begin(h, trust);
	if (secret_exchange_make(h->private, first))
		return -EIO;
	memcpy(clear, first, 32);
	at = wire_put16(at, HANDSHAKE_VERSION);
	at = wire_put16(at, (uint16_t)purpose);
	at = wire_put64(at, now_s);
	credential_write(&mine->credential, at);
	at += CREDENTIAL_BYTES;
	to_sign(h, LABEL_FIRST_SIGN, clear, (size_t)(at - clear), digest);
	secret_sign(at, mine->seed, digest, sizeof(digest));
	derive(key, trust, LABEL_FIRST_KEY, h->script, first, 32);
	secret_seal(first + 32, key, clear + 32, FIRST_BYTES);
	go_on(h, first, HANDSHAKE_FIRST_BYTES);
	return 0;
}

/* Enters a first message among those seen; room is made by those that would be too old today. */
static int remember(struct handshake_seen *seen, const uint8_t key[32], uint64_t now_s)
{
	int room = -1;

	for (int i = 0; i < HANDSHAKE_SEEN; i++) {
		/* A message may be from the future by the skew, and is good for the skew from then. */
		bool old = seen->entry[i].time_s + 2 * HANDSHAKE_SKEW_S < now_s;

		if (!old && secret_equal(seen->entry[i].key, key, 32))
			return -EALREADY;
		if (old)
			room = i;
	}
	if (room < 0)
		return -EBUSY;
	memcpy(seen->entry[room].key, key, 32);
	seen->entry[room].time_s = now_s;
	return 0;
}

static int judge_first(struct handshake *h, enum handshake_purpose purpose, uint64_t now_s, const uint8_t clear[32 + FIRST_BYTES])
{
	const uint8_t *at = clear + 32;
	uint64_t then_s = wire_get64(at + 4);
	uint8_t digest[32];

	credential_read(&h->peer, at + 12);
	to_sign(h, LABEL_FIRST_SIGN, clear, 32 + FIRST_CLEAR, digest);
	if (!credential_is_trusted(&h->peer, h->trust, now_s) ||
		!secret_is_signed(at + FIRST_CLEAR, h->peer.public, digest, sizeof(digest)))
		return -EACCES;
	if (wire_get16(at) != HANDSHAKE_VERSION || wire_get16(at + 2) != purpose)
		return -EPROTONOSUPPORT;
	if (then_s > now_s ? then_s - now_s > HANDSHAKE_SKEW_S : now_s - then_s > HANDSHAKE_SKEW_S)
		return -ETIME;
	return 0;
}

static int make_second(struct handshake *h, const uint8_t seed[SECRET_SEED_BYTES], uint8_t second[HANDSHAKE_SECOND_BYTES])
{
	uint8_t clear[32 + SECOND_BYTES], digest[32], key[32];

	memcpy(clear, second, 32);
	secret_public(seed, clear + 32);
	to_sign(h, LABEL_SECOND_SIGN, clear, 64, digest);
	secret_sign(clear + 64, seed, digest, sizeof(digest));
	derive(key, h->shared, LABEL_SECOND_KEY, h->script, second, 32);
	secret_seal(second + 32, key, clear + 32, SECOND_BYTES);
	go_on(h, second, HANDSHAKE_SECOND_BYTES);
	secret_wipe(key, sizeof(key));
	return 0;
}

int handshake_hear(struct handshake *h, const uint8_t trust[SECRET_PUBLIC_BYTES], const uint8_t seed[SECRET_SEED_BYTES],
	enum handshake_purpose purpose, uint64_t now_s, struct handshake_seen *seen, const uint8_t first[HANDSHAKE_FIRST_BYTES],
	uint8_t second[HANDSHAKE_SECOND_BYTES])
{
	uint8_t clear[32 + FIRST_BYTES], key[32];
	int error;

	begin(h, trust);
	memcpy(clear, first, 32);
	derive(key, trust, LABEL_FIRST_KEY, h->script, first, 32);
	if (secret_unseal(clear + 32, key, first + 32, HANDSHAKE_FIRST_BYTES - 32))
		return -EACCES;
	error = judge_first(h, purpose, now_s, clear);
	if (!error)
		error = remember(seen, first, now_s);
	if (!error)
		error = secret_exchange_make(h->private, second);
	if (!error && secret_exchange(h->shared, h->private, first))
		error = -EACCES;
	if (error)
		return error;
	go_on(h, first, HANDSHAKE_FIRST_BYTES);
	return make_second(h, seed, second);
}

static int judge_second(struct handshake *h, const uint8_t *expected, const uint8_t second[HANDSHAKE_SECOND_BYTES])
{
	uint8_t clear[32 + SECOND_BYTES], digest[32], key[32];
	int error;

	memcpy(clear, second, 32);
	derive(key, h->shared, LABEL_SECOND_KEY, h->script, second, 32);
	error = secret_unseal(clear + 32, key, second + 32, HANDSHAKE_SECOND_BYTES - 32);
	secret_wipe(key, sizeof(key));
	if (error)
		return -EACCES;
	to_sign(h, LABEL_SECOND_SIGN, clear, 64, digest);
	if (!secret_is_signed(clear + 64, clear + 32, digest, sizeof(digest)))
		return -EACCES;
	return expected && !secret_equal(expected, clear + 32, SECRET_PUBLIC_BYTES) ? -EACCES : 0;
}

static void stream_key(const struct handshake *h, enum label label, uint8_t key[32])
{
	derive(key, h->shared, label, h->script, "", 0);
}

int handshake_answer(struct handshake *h, const struct identity *mine, const uint8_t *expected,
	const uint8_t second[HANDSHAKE_SECOND_BYTES], uint8_t third[HANDSHAKE_THIRD_BYTES], struct stream *to)
{
	uint8_t digest[32], key[32], signature[SECRET_SIGNATURE_BYTES];
	const uint32_t sealed = SECRET_SIGNATURE_BYTES + SECRET_SEAL_BYTES;

	if (secret_exchange(h->shared, h->private, second) || judge_second(h, expected, second))
		return -EACCES;
	go_on(h, second, HANDSHAKE_SECOND_BYTES);
	to_sign(h, LABEL_THIRD_SIGN, "", 0, digest);
	secret_sign(signature, mine->seed, digest, sizeof(digest));
	stream_key(h, LABEL_THIRD_KEY, key);
	secret_seal(third, key, signature, sizeof(signature));
	go_on(h, third, sealed);
	stream_key(h, LABEL_CALLER_KEY, key);
	stream_send(to, key, third + sealed);
	secret_wipe(key, sizeof(key));
	return 0;
}

int handshake_close(struct handshake *h, const uint8_t third[HANDSHAKE_THIRD_BYTES], struct stream *from, struct stream *to,
	uint8_t head[SECRET_STREAM_HEAD_BYTES])
{
	const uint32_t sealed = SECRET_SIGNATURE_BYTES + SECRET_SEAL_BYTES;
	uint8_t digest[32], key[32], signature[SECRET_SIGNATURE_BYTES];
	int error;

	stream_key(h, LABEL_THIRD_KEY, key);
	error = secret_unseal(signature, key, third, sealed) ? -EACCES : 0;
	to_sign(h, LABEL_THIRD_SIGN, "", 0, digest);
	if (!error && !secret_is_signed(signature, h->peer.public, digest, sizeof(digest)))
		error = -EACCES;
	go_on(h, third, sealed);
	stream_key(h, LABEL_CALLER_KEY, key);
	if (!error && stream_take(from, key, third + sealed))
		error = -EACCES;
	stream_key(h, LABEL_CALLED_KEY, key);
	if (!error)
		stream_send(to, key, head);
	secret_wipe(key, sizeof(key));
	return error;
}

int handshake_finish(struct handshake *h, const uint8_t head[SECRET_STREAM_HEAD_BYTES], struct stream *from)
{
	uint8_t key[32];
	int error;

	stream_key(h, LABEL_CALLED_KEY, key);
	error = stream_take(from, key, head);
	secret_wipe(key, sizeof(key));
	return error;
}
