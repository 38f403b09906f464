/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key's text form and its proofs: what can be told without files and shared memory. */
#include "tissue/key.h"
#include "secret/secret.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define MARK   "cellws-key-1 "
#define MARK_N (sizeof(MARK) - 1)

_Static_assert(KEY_TEXT_BYTES == MARK_N + (KEY_BYTES + 2) / 3 * 4 + 1, "mark, base64, line feed");

void key_write(const uint8_t key[KEY_BYTES], char text[KEY_TEXT_BYTES + 1])
{
	memcpy(text, MARK, MARK_N);
	secret_write(key, KEY_BYTES, text + MARK_N, KEY_TEXT_BYTES - MARK_N);
	memcpy(text + KEY_TEXT_BYTES - 1, "\n", 2);
}

int key_read(const char *text, size_t n, uint8_t key[KEY_BYTES])
{
	if (n != KEY_TEXT_BYTES || memcmp(text, MARK, MARK_N) != 0 || text[n - 1] != '\n')
		return -EINVAL;
	return secret_read(text + MARK_N, n - 1 - MARK_N, key, KEY_BYTES);
}

int key_make(uint8_t key[KEY_BYTES])
{
	return secret_random(key, KEY_BYTES);
}

void key_mac(uint8_t mac[PROOF_BYTES], const uint8_t key[KEY_BYTES], const void *nonce, uint32_t slot, uint32_t pid,
	uint64_t born_ns)
{
	uint64_t n[2];
	struct {
		char label[16];
		uint64_t nonce[2];
		uint32_t slot, pid;
		uint64_t born_ns;
	} message = {
		.label = "cellws-proof-1",
		.slot = htole32(slot),
		.pid = htole32(pid),
		.born_ns = htole64(born_ns),
	};

	memcpy(n, nonce, sizeof(n));
	message.nonce[0] = htole64(n[0]);
	message.nonce[1] = htole64(n[1]);
	_Static_assert(sizeof(message) == 48, "nothing between the fields");
	secret_mark(mac, PROOF_BYTES, key, &message, sizeof(message));
}

bool key_mac_is(const uint8_t mac[PROOF_BYTES], const uint8_t key[KEY_BYTES], const void *nonce, uint32_t slot,
	uint32_t pid, uint64_t born_ns)
{
	uint8_t right[PROOF_BYTES];
	bool same;

	key_mac(right, key, nonce, slot, pid, born_ns);
	same = secret_equal(mac, right, PROOF_BYTES);
	secret_wipe(right, sizeof(right));
	return same;
}
