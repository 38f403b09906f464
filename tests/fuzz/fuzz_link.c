/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes what a host says to another: handshake messages and frames, raw and correctly sealed; nothing is believed wrongly. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "link/handshake.h"
#include "link/wire.h"

#define REQUIRE(what)          \
	do {                   \
		if (!(what))   \
			abort(); \
	} while (0)
#define NOW 1700000000ULL

static struct identity mother;
static uint8_t key[32], first[HANDSHAKE_FIRST_BYTES], second[HANDSHAKE_SECOND_BYTES], third[HANDSHAKE_THIRD_BYTES];
static struct handshake caller, called;
static struct stream to;

static void begin(void)
{
	REQUIRE(!identity_make(&mother) && !secret_random(key, sizeof(key)));
}

/* The fuzzer's bytes laid over a right message: all of it that differs must be noticed. */
static bool lay_over(uint8_t *message, size_t n, const uint8_t *data, size_t data_n)
{
	bool same = true;

	for (size_t i = 0; i < data_n && i < n; i++) {
		same = same && !data[i];
		message[i] ^= data[i];
	}
	return same;
}

static void fuzz_handshake(const uint8_t *data, size_t n)
{
	static struct handshake_seen seen;
	struct stream in, back;
	uint8_t head[SECRET_STREAM_HEAD_BYTES];
	bool same;

	memset(&seen, 0, sizeof(seen));
	REQUIRE(!handshake_call(&caller, mother.credential.public, &mother, HANDSHAKE_SPORE, NOW, first));
	same = data[0] % 3 != 0 || lay_over(first, sizeof(first), data + 1, n - 1);
	REQUIRE(!handshake_hear(&called, mother.credential.public, key, HANDSHAKE_SPORE, NOW, &seen, first, second) == same);
	if (!same)
		return;
	same = data[0] % 3 != 1 || lay_over(second, sizeof(second), data + 1, n - 1);
	REQUIRE(!handshake_answer(&caller, &mother, NULL, second, third, &to) == same);
	if (!same)
		return;
	same = data[0] % 3 != 2 || lay_over(third, SECRET_SIGNATURE_BYTES + SECRET_SEAL_BYTES, data + 1, n - 1);
	REQUIRE(!handshake_close(&called, third, &in, &back, head) == same);
}

/* Raw bytes are never believed; bytes that were sealed as they are come out as they went in, or as no message. */
static void fuzz_frames(const uint8_t *data, size_t n)
{
	static uint8_t clear[STREAM_MOST + 1], sealed[STREAM_SEALED_MOST];
	uint8_t head[SECRET_STREAM_HEAD_BYTES], length[STREAM_HEAD_BYTES];
	struct secret_stream out;
	struct stream in;
	enum stream_kind kind;
	bool last;
	int got;

	secret_stream_send(&out, key, head);
	REQUIRE(!stream_take(&in, key, head));
	if (n >= STREAM_HEAD_BYTES)
		REQUIRE(stream_length(data) < 0 || stream_length(data) <= (int)STREAM_SEALED_MOST);
	REQUIRE(stream_pull(&in, data, n, clear, &kind, &last) < 0);
	REQUIRE(!stream_take(&in, key, head));
	if (n > STREAM_MOST)
		return;
	wire_put32(length, (uint32_t)(n + SECRET_STREAM_BYTES));
	secret_stream_push(&out, sealed, data, n, length, sizeof(length), true);
	got = stream_pull(&in, sealed, n + SECRET_STREAM_BYTES, clear, &kind, &last);
	REQUIRE(got < 0 || (last && (size_t)got == n - 1 && kind == data[0] && !memcmp(clear, data, n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!mother.credential.generation)
		begin();
	if (n) {
		fuzz_handshake(data, n);
		fuzz_frames(data, n);
	}
	return 0;
}
