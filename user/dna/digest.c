/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fingerprint of a DNA: SHA-256 of its bytes. */
#include "dna/parts.h"
#include "secret/secret.h"

void dna_digest(const char *text, size_t n, char hex[65])
{
	secret_digest(text, n, hex);
}
