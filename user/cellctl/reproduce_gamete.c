/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gamete: without privileges or files, one socket and one spore; proves the key, delivers, and ends. */
#include "cellctl/reproduce.h"
#include "cellctl/confine.h"
#include "link/handshake.h"
#include "link/spore.h"
#include "link/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_S 4   /* for the second message; an egg closes after 5 */
#define SEND_S	 30  /* for a piece to be taken */
#define LAY_S	 150 /* for the organism to be laid there */

/* All of this gamete that is secret, in one place; locked. */
static struct {
	struct handshake handshake;
	struct stream out, in;
	uint8_t clear[STREAM_MOST + 1];
	uint8_t frame[STREAM_FRAME_MOST];
} secret;

static int patience(int fd, int which, unsigned seconds)
{
	struct timeval t = { .tv_sec = (time_t)seconds };

	return setsockopt(fd, SOL_SOCKET, which, &t, sizeof(t)) ? -errno : 0;
}

static int send_all(const struct gamete *g, const uint8_t *bytes, size_t n)
{
	while (n) {
		ssize_t w = send(g->socket, bytes, n, MSG_NOSIGNAL);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		bytes += w;
		n -= (size_t)w;
	}
	return 0;
}

static int take_all(const struct gamete *g, uint8_t *to, size_t n)
{
	while (n) {
		ssize_t r = recv(g->socket, to, n, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -ECONNRESET;
		to += r;
		n -= (size_t)r;
	}
	return 0;
}

/* 0; GAMETE_UNHEARD; or the exit code, said. */
static int prove(const struct gamete *g)
{
	const struct identity *mine = &g->ring->identity;
	uint8_t first[HANDSHAKE_FIRST_BYTES], third[HANDSHAKE_THIRD_BYTES], *second = secret.frame;
	int error = handshake_call(&secret.handshake, g->trust, mine, HANDSHAKE_SPORE, (uint64_t)time(NULL), first);

	if (!error)
		error = send_all(g, first, sizeof(first));
	if (!error)
		error = patience(g->socket, SO_RCVTIMEO, ANSWER_S);
	if (error)
		return verb_say(VERB_FAILED, "%s: nothing can be sent: %s", g->to, strerror(-error));
	if (take_all(g, second, HANDSHAKE_SECOND_BYTES))
		return GAMETE_UNHEARD;
	if (handshake_answer(&secret.handshake, mine, g->egg, second, third, &secret.out))
		return verb_say(VERB_FAILED, "%s: who answers there is not the egg that is meant; it has been told nothing", g->to);
	error = send_all(g, third, sizeof(third));
	if (!error)
		error = take_all(g, secret.frame, SECRET_STREAM_HEAD_BYTES);
	if (!error)
		error = handshake_finish(&secret.handshake, secret.frame, &secret.in);
	return error ? verb_say(VERB_FAILED, "%s: the egg does not go on (%s); is another spore on its way there?", g->to, strerror(-error)) : 0;
}

static int say(const struct gamete *g, enum stream_kind kind, const void *bytes, size_t n, bool last)
{
	int length = stream_push(&secret.out, kind, bytes, n, last, secret.frame);

	return length < 0 ? length : send_all(g, secret.frame, (size_t)length);
}

static int deliver(const struct gamete *g)
{
	const size_t n = KEY_BYTES + SECRET_SEED_BYTES + SPORE_FINGERPRINT_KEY;
	uint8_t *keys = secret.clear, *at;
	int error = patience(g->socket, SO_SNDTIMEO, SEND_S);

	at = wire_put(keys, g->ring->cell, KEY_BYTES);
	at = wire_put(at, g->ring->identity.seed, SECRET_SEED_BYTES);
	at = wire_put64(at, g->fingerprint_key[0]);
	wire_put64(at, g->fingerprint_key[1]);
	if (!error)
		error = say(g, STREAM_KEYS, keys, n, false);
	secret_wipe(keys, n);
	for (uint64_t i = 0; i < g->spore_n && !error; i += STREAM_MOST) {
		uint64_t left = g->spore_n - i;

		error = say(g, STREAM_PIECE, g->spore + i, left < STREAM_MOST ? left : STREAM_MOST, left <= STREAM_MOST);
	}
	return error ? verb_say(VERB_FAILED, "%s: the transfer was interrupted (%s); nothing is installed there", g->to, strerror(-error)) : 0;
}

/* Words of another host, for a terminal. */
static void print_plainly(FILE *out, const uint8_t *text, int n)
{
	for (int i = 0; i < n; i++)
		fputc(text[i] >= ' ' && text[i] < 127 ? text[i] : '?', out);
	fputc('\n', out);
}

static int hear(const struct gamete *g)
{
	enum stream_kind kind = STREAM_PIECE;
	int n = patience(g->socket, SO_RCVTIMEO, LAY_S), length;
	bool last;

	if (!n)
		n = take_all(g, secret.frame, STREAM_HEAD_BYTES);
	length = n ? n : stream_length(secret.frame);
	if (length > 0)
		n = take_all(g, secret.frame, (size_t)length);
	if (length > 0 && !n)
		n = stream_pull(&secret.in, secret.frame, (size_t)length, secret.clear, &kind, &last);
	else
		n = n ? n : length;
	if (n < 0)
		return verb_say(VERB_FAILED, "%s: it is not known how it ended there (%s); see the log of the egg", g->to, strerror(-n));
	if (kind != STREAM_ACCEPTED && kind != STREAM_REFUSED)
		return verb_say(VERB_FAILED, "%s: the egg says what it must not", g->to);
	if (kind == STREAM_REFUSED)
		fprintf(stderr, "cellctl: %s: nothing is installed there: ", g->to);
	else
		printf("%s: %s is laid there: ", g->to, g->name);
	print_plainly(kind == STREAM_REFUSED ? stderr : stdout, secret.clear + 1, n);
	fflush(stdout);
	return kind == STREAM_REFUSED ? VERB_FAILED : VERB_DONE;
}

_Noreturn void gamete_live(const struct gamete *g)
{
	int error = secret_lock(&secret, sizeof(secret)), code;

	/* A lock is not inherited. */
	if (!error)
		error = secret_lock((void *)(uintptr_t)g->ring, sizeof(*g->ring));
	/* The operator's own file may be where it says what happens. */
	if (!error)
		error = confine_network(g->uid, g->gid, RLIM_INFINITY);
	if (error)
		_exit(verb_say(VERB_FAILED, "no gamete can be made: %s", strerror(-error)));
	code = prove(g);
	if (!code)
		code = deliver(g);
	if (!code)
		code = hear(g);
	secret_wipe(&secret, sizeof(secret));
	_exit(code);
}
