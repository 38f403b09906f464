/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fingerprint of a DNA: SHA-256 of its bytes. */
#include <sodium.h>
#include "dna/parts.h"

void dna_digest(const char *text, size_t n, char hex[65])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)text, n);
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
}
