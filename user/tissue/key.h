/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The organism's secret key: its file, the memory that cells share it in, and the proofs that are made with it. */
#ifndef CELLWS_TISSUE_KEY_H
#define CELLWS_TISSUE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "link/identity.h"
#include "shared/hormone.h"

#define KEY_BYTES 32u

/* The text form: "cellws-key-1 ", 44 characters of base64, a line feed. */
#define KEY_TEXT_BYTES 58u

/*
 * What a key file holds: the key that cells share, and the pair by which the organism is known to other hosts. Secret:
 * to be locked (secret_lock) and wiped.
 */
struct key_ring {
	uint8_t cell[KEY_BYTES];
	struct identity identity; /* generation 0: files of older versions have no pair */
};

/* The file: the text form of the key, then "cellws-pair-1 ", 232 characters of base64 (seed, credential), a line feed. */
#define KEY_RING_TEXT_BYTES (KEY_TEXT_BYTES + 247u)

/* Both new, of the first generation. 0 or -errno. */
int key_ring_make(struct key_ring *ring);

/* A new key and the next generation of the pair, or the first where there was none. until_s: see identity_rotate(). */
int key_ring_rotate(struct key_ring *ring, uint64_t until_s);

/* The text with a NUL behind it; and back, with or without a pair: 0 or -EINVAL. n: bytes of text. */
void key_ring_write(const struct key_ring *ring, char text[KEY_RING_TEXT_BYTES + 1]);
int key_ring_read(const char *text, size_t n, struct key_ring *ring);

/* Reads the file, as key_load() does. */
int key_ring_load(const char *file, struct key_ring *ring, const char **why);

/*
 * Writes a new file for its owner only, or a whole new one in the place of file, with the same owner; an interrupted
 * call leaves the old one. 0 or -errno: -EEXIST when there is a file, or when FILE.new is left of an earlier call.
 */
int key_ring_store(const char *file, const struct key_ring *ring);
int key_ring_replace(const char *file, const struct key_ring *ring);

/*
 * Reads a key from its file. The file must be a regular one (no link), belong to root or the caller, and be closed to
 * group and others. 0; or -errno with *why a phrase that goes on from the file's name, as in "may be read by others ...".
 */
int key_load(const char *file, uint8_t key[KEY_BYTES], const char **why);

/* Makes a new key from the kernel's random numbers. 0 or -errno. */
int key_make(uint8_t key[KEY_BYTES]);

/* The text form of a key, with a NUL behind it; and back: 0 or -EINVAL. n: bytes of text. */
void key_write(const uint8_t key[KEY_BYTES], char text[KEY_TEXT_BYTES + 1]);
int key_read(const char *text, size_t n, uint8_t key[KEY_BYTES]);

/*
 * A copy of the key in memory that is shared by descriptor: secret memory (memfd_secret), which even the kernel does not
 * map, where mappings of it can be sealed too; else a sealed memory file. Either way readers cannot change it, as long
 * as the descriptor is closed after key_map(). A descriptor that is closed on exec, or -errno.
 */
int key_memfd(const uint8_t key[KEY_BYTES]);

/*
 * Maps the key read-only, never swapped and in no core file. Fork passes the mapping on, but not the lock: key_lock().
 * NULL with errno when fd holds no key, or the memory cannot be locked.
 */
const uint8_t *key_map(int fd);

/* Keeps the mapping of key_map() in memory for this process too; a newborn calls it. 0 or -errno. */
int key_lock(const uint8_t *key);

/*
 * The proof that the cell in slot, with this pid and birth, holds the key: BLAKE2b of PROOF_BYTES, keyed, over 48 bytes,
 * numbers in little endian: "cellws-proof-1" and two NULs (16), nonce[0] (8), nonce[1] (8), slot (4), pid (4), born_ns (8).
 * nonce: two 64-bit numbers, as in struct proof.
 */
void key_mac(uint8_t mac[PROOF_BYTES], const uint8_t key[KEY_BYTES], const void *nonce, uint32_t slot, uint32_t pid,
	uint64_t born_ns);

/* Whether mac is that proof, in a time that does not tell how much of it is right. */
bool key_mac_is(const uint8_t mac[PROOF_BYTES], const uint8_t key[KEY_BYTES], const void *nonce, uint32_t slot,
	uint32_t pid, uint64_t born_ns);

#endif
