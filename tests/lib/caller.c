/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The calling side of handshake and stream on a socket that waits for some seconds at most. */
#include "caller.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 20 /* longer than a stranger is kept */

static int dial(const char *address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && inet_pton(AF_INET, address, &to.sin_addr) == 1);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s:%u: %s", address, port, strerror(errno));
	return fd;
}

static bool send_all(struct caller *c, const uint8_t *bytes, size_t n)
{
	size_t room = sizeof(c->said) - c->said_n, kept = n < room ? n : room;

	memcpy(c->said + c->said_n, bytes, kept);
	c->said_n += kept;
	return send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool take(struct caller *c, void *to, size_t n)
{
	return recv(c->fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

bool caller_open(struct caller *c, const char *address, uint16_t port, const struct identity *id, enum handshake_purpose purpose)
{
	uint8_t first[HANDSHAKE_FIRST_BYTES], second[HANDSHAKE_SECOND_BYTES], third[HANDSHAKE_THIRD_BYTES];
	uint8_t head[SECRET_STREAM_HEAD_BYTES];

	*c = (struct caller){ .fd = dial(address, port) };
	cr_assert_eq(handshake_call(&c->handshake, id->credential.public, id, purpose, (uint64_t)time(NULL), first), 0);
	if (!send_all(c, first, sizeof(first)) || !take(c, second, sizeof(second)))
		return false;
	cr_assert_eq(handshake_answer(&c->handshake, id, NULL, second, third, &c->out), 0);
	return send_all(c, third, sizeof(third)) && take(c, head, sizeof(head)) && !handshake_finish(&c->handshake, head, &c->in);
}

void caller_close(struct caller *c)
{
	close(c->fd);
}

bool caller_say(struct caller *c, enum stream_kind kind, const void *bytes, size_t n, bool last, int harm)
{
	static uint8_t frame[STREAM_FRAME_MOST];
	int length = stream_push(&c->out, kind, bytes, n, last, frame);

	cr_assert_gt(length, 0);
	if (harm >= 0)
		frame[harm] ^= 1;
	return send_all(c, frame, (size_t)length);
}

int caller_hear(struct caller *c, uint8_t *to)
{
	static uint8_t sealed[STREAM_SEALED_MOST];
	uint8_t head[STREAM_HEAD_BYTES];
	enum stream_kind kind;
	bool last;
	int n;

	if (!take(c, head, sizeof(head)))
		return -1;
	n = stream_length(head);
	cr_assert_gt(n, 0);
	return take(c, sealed, (size_t)n) ? stream_pull(&c->in, sealed, (size_t)n, to, &kind, &last) : -1;
}

bool caller_is_left(struct caller *c, size_t *n)
{
	uint8_t bytes[4096];
	ssize_t got;

	while ((got = recv(c->fd, bytes, sizeof(bytes), 0)) > 0)
		if (n)
			*n += (size_t)got;
	return !got || errno == ECONNRESET;
}

size_t caller_replay(const char *address, uint16_t port, const uint8_t *said, size_t n)
{
	struct caller c = { .fd = dial(address, port) };
	size_t back = 0;

	cr_assert_eq(send(c.fd, said, n, MSG_NOSIGNAL), (ssize_t)n);
	cr_expect(caller_is_left(&c, &back), "who repeats what was said is not left: %s", strerror(errno));
	close(c.fd);
	return back;
}
