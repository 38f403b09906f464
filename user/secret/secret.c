/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that needs cryptography, by libsodium. */
#include "secret/secret.h"

#include <errno.h>
#include <sodium.h>

void secret_digest(const void *bytes, size_t n, char hex[65])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, n);
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
}

int secret_random(void *to, size_t n)
{
	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(to, n);
	return 0;
}

void secret_mark(uint8_t *out, size_t out_n, const uint8_t key[32], const void *message, size_t n)
{
	crypto_generichash(out, out_n, message, n, key, 32);
}

uint64_t secret_short(const void *message, size_t n, const uint64_t key[2])
{
	uint64_t made;

	_Static_assert(sizeof(made) == crypto_shorthash_BYTES && 2 * sizeof(*key) == crypto_shorthash_KEYBYTES, "as libsodium has it");
	crypto_shorthash((uint8_t *)&made, message, n, (const uint8_t *)key);
	return made;
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void secret_wipe(void *at, size_t n)
{
	sodium_memzero(at, n);
}

void secret_write(const uint8_t *bytes, size_t n, char *to, size_t room)
{
	sodium_bin2base64(to, room, bytes, n, sodium_base64_VARIANT_ORIGINAL);
}

int secret_read(const char *text, size_t text_n, uint8_t *to, size_t n)
{
	const char *end = text;
	size_t got = 0;

	if (sodium_base642bin(to, n, text, text_n, NULL, &got, &end, sodium_base64_VARIANT_ORIGINAL) || got != n ||
		end != text + text_n)
		return -EINVAL;
	return 0;
}

void secret_hash(uint8_t out[32], const void *message, size_t n)
{
	crypto_generichash(out, 32, message, n, NULL, 0);
}

void secret_public(const uint8_t seed[SECRET_SEED_BYTES], uint8_t public[SECRET_PUBLIC_BYTES])
{
	unsigned char whole[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(public, whole, seed);
	sodium_memzero(whole, sizeof(whole));
}

void secret_sign(uint8_t signature[SECRET_SIGNATURE_BYTES], const uint8_t seed[SECRET_SEED_BYTES], const void *message, size_t n)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES], whole[crypto_sign_SECRETKEYBYTES];

	_Static_assert(crypto_sign_BYTES == SECRET_SIGNATURE_BYTES && crypto_sign_SEEDBYTES == SECRET_SEED_BYTES, "Ed25519");
	crypto_sign_seed_keypair(public, whole, seed);
	crypto_sign_detached(signature, NULL, message, n, whole);
	sodium_memzero(whole, sizeof(whole));
}

bool secret_is_signed(const uint8_t signature[SECRET_SIGNATURE_BYTES], const uint8_t public[SECRET_PUBLIC_BYTES],
	const void *message, size_t n)
{
	return crypto_sign_verify_detached(signature, message, n, public) == 0;
}

int secret_exchange_make(uint8_t private[32], uint8_t public[32])
{
	_Static_assert(crypto_scalarmult_BYTES == 32 && crypto_scalarmult_SCALARBYTES == 32, "X25519");
	if (secret_random(private, 32))
		return -EIO;
	return crypto_scalarmult_base(public, private) ? -EIO : 0;
}

int secret_exchange(uint8_t shared[32], const uint8_t private[32], const uint8_t public[32])
{
	return crypto_scalarmult(shared, private, public) ? -EINVAL : 0;
}

static const unsigned char no_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void secret_seal(uint8_t *to, const uint8_t key[32], const void *message, size_t n)
{
	_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == SECRET_SEAL_BYTES, "the seal");
	crypto_aead_chacha20poly1305_ietf_encrypt(to, NULL, message, n, NULL, 0, NULL, no_nonce, key);
}

int secret_unseal(void *to, const uint8_t key[32], const uint8_t *sealed, size_t n)
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(to, NULL, NULL, sealed, n, NULL, 0, no_nonce, key) ? -EBADMSG : 0;
}

/* The library's state by the room that its users keep for it. */
static crypto_secretstream_xchacha20poly1305_state *state_of(struct secret_stream *s)
{
	_Static_assert(sizeof(crypto_secretstream_xchacha20poly1305_state) <= sizeof(s->state), "room for the state");
	_Static_assert(crypto_secretstream_xchacha20poly1305_HEADERBYTES == SECRET_STREAM_HEAD_BYTES, "the head");
	_Static_assert(crypto_secretstream_xchacha20poly1305_ABYTES == SECRET_STREAM_BYTES, "the seal of a message");
	return (crypto_secretstream_xchacha20poly1305_state *)s->state;
}

void secret_stream_send(struct secret_stream *s, const uint8_t key[32], uint8_t head[SECRET_STREAM_HEAD_BYTES])
{
	crypto_secretstream_xchacha20poly1305_init_push(state_of(s), head, key);
}

int secret_stream_take(struct secret_stream *s, const uint8_t key[32], const uint8_t head[SECRET_STREAM_HEAD_BYTES])
{
	return crypto_secretstream_xchacha20poly1305_init_pull(state_of(s), head, key) ? -EBADMSG : 0;
}

void secret_stream_push(struct secret_stream *s, uint8_t *to, const void *message, size_t n, const void *also, size_t also_n,
	bool last)
{
	crypto_secretstream_xchacha20poly1305_push(state_of(s), to, NULL, message, n, also, also_n,
		last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

int secret_stream_pull(struct secret_stream *s, void *to, const uint8_t *sealed, size_t n, const void *also, size_t also_n,
	bool *last)
{
	unsigned char tag;

	if (crypto_secretstream_xchacha20poly1305_pull(state_of(s), to, NULL, &tag, sealed, n, also, also_n))
		return -EBADMSG;
	*last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	return 0;
}

int secret_lock(void *at, size_t n)
{
	return sodium_mlock(at, n) ? -errno : 0;
}

void secret_unlock(void *at, size_t n)
{
	sodium_munlock(at, n);
}
