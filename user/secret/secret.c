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
