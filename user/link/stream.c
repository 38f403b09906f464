/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Framing of sealed messages; every length is judged before a byte behind it is looked at. */
#include "link/stream.h"
#include "link/wire.h"

#include <errno.h>

static const struct {
	uint8_t number;
	uint32_t least, most;
} kinds[] = {
#define X(NAME, number, least, most, text) { number, least, most },
	STREAM_KINDS(X)
#undef X
};

static bool is_message(uint8_t kind, size_t n)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].number == kind)
			return n >= kinds[i].least && n <= kinds[i].most;
	return false;
}

void stream_send(struct stream *s, const uint8_t key[32], uint8_t head[SECRET_STREAM_HEAD_BYTES])
{
	*s = (struct stream){ 0 };
	secret_stream_send(&s->state, key, head);
}

int stream_take(struct stream *s, const uint8_t key[32], const uint8_t head[SECRET_STREAM_HEAD_BYTES])
{
	*s = (struct stream){ 0 };
	return secret_stream_take(&s->state, key, head);
}

int stream_push(struct stream *s, enum stream_kind kind, const void *bytes, size_t n, bool last, uint8_t *to)
{
	uint8_t clear[1 + STREAM_MOST];

	if (s->ended)
		return -EPIPE;
	if (!is_message((uint8_t)kind, n))
		return -EMSGSIZE;
	clear[0] = (uint8_t)kind;
	memcpy(clear + 1, bytes, n);
	wire_put32(to, (uint32_t)(n + 1 + SECRET_STREAM_BYTES));
	secret_stream_push(&s->state, to + STREAM_HEAD_BYTES, clear, n + 1, to, STREAM_HEAD_BYTES, last);
	/* The whole of it, keys or not. */
	secret_wipe(clear, n + 1);
	s->ended = last;
	return (int)(STREAM_HEAD_BYTES + SECRET_STREAM_BYTES + 1 + n);
}

int stream_length(const uint8_t head[STREAM_HEAD_BYTES])
{
	uint32_t n = wire_get32(head);

	return n < STREAM_SEALED_LEAST || n > STREAM_SEALED_MOST ? -EMSGSIZE : (int)n;
}

int stream_pull(struct stream *s, const uint8_t *sealed, size_t n, uint8_t *to, enum stream_kind *kind, bool *last)
{
	uint8_t head[STREAM_HEAD_BYTES];

	if (s->ended)
		return -EPIPE;
	if (n < STREAM_SEALED_LEAST || n > STREAM_SEALED_MOST)
		return -EBADMSG;
	wire_put32(head, (uint32_t)n);
	if (secret_stream_pull(&s->state, to, sealed, n, head, sizeof(head), last))
		return -EBADMSG;
	n -= SECRET_STREAM_BYTES + 1;
	if (!is_message(to[0], n))
		return -EBADMSG;
	*kind = (enum stream_kind)to[0];
	s->ended = *last;
	return (int)n;
}
