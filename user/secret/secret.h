/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that needs cryptography: digests, random bytes, keyed marks, text form. The one room that knows libsodium. */
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

#endif
