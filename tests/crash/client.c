/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The client of a crash scenario and the comparison of what it was sent. */
#include "client.h"
#include "lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <unistd.h>

#define SILENCE_S  0.25
#define DATE_BYTES 29

/* Takes what comes until n bytes are there (or the text, when after is not NULL). False when that does not happen. */
static bool receive(struct exchange *x, int fd, size_t n, const char *after, double until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (x->n < n || (after && !memmem(x->bytes, x->n, after, strlen(after)))) {
		double left = until - lab_now();
		ssize_t got;

		if (left <= 0 || poll(&p, 1, (int)(left * 1000) + 1) <= 0) {
			x->ending = ENDED_BY_TIME;
			return false;
		}
		got = recv(fd, x->bytes + x->n, x->room - x->n, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			continue;
		if (got <= 0) {
			x->ending = got ? ENDED_BY_RESET : ENDED_BY_SERVER;
			return false;
		}
		x->n += (size_t)got;
	}
	return true;
}

/* Sends all, and reads meanwhile: a server that answers early must not find the way closed. */
static void send_all(struct exchange *x, int fd, const char *bytes, size_t n, double until)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT | POLLIN };

	while (n && lab_now() < until) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno != EAGAIN)
			return;
		if (sent > 0) {
			bytes += sent;
			n -= (size_t)sent;
		} else if (poll(&p, 1, 10) > 0 && (p.revents & POLLIN)) {
			ssize_t got = recv(fd, x->bytes + x->n, x->room - x->n, MSG_DONTWAIT);

			if (!got)
				return;
			x->n += got > 0 ? (size_t)got : 0;
		}
	}
}

static char *segment_bytes(const struct exchange *x, const struct segment *s, size_t *n)
{
	size_t text_n = strlen(s->text), at = 0;
	char *bytes = malloc(8 * text_n + s->fill + 1);

	cr_assert_not_null(bytes);
	for (size_t i = 0; i < text_n; i++)
		if (s->text[i] == '~')
			at += (size_t)sprintf(bytes + at, "%08u", x->number);
		else
			bytes[at++] = s->text[i];
	for (size_t i = 0; i < s->fill; i++)
		bytes[at++] = (char)('a' + i * 7 % 26);
	*n = at;
	return bytes;
}

static int client_connect(const struct exchange *x)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LAB_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	inet_pton(AF_INET, LAB_SERVER_V4, &to.sin_addr);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (x->scenario->receive_room)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &x->scenario->receive_room, sizeof(int));
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

static bool say_all(struct exchange *x, int fd, double until)
{
	const struct scenario *s = x->scenario;

	for (int i = 0; i < SEGMENTS_MAX && s->segment[i].text; i++) {
		size_t n;
		char *bytes;

		if (s->segment[i].after && !receive(x, fd, 0, s->segment[i].after, until))
			return false;
		if (i && !s->segment[i].after)
			usleep(x->pause_us);
		bytes = segment_bytes(x, &s->segment[i], &n);
		send_all(x, fd, bytes, n, until);
		free(bytes);
	}
	if (s->half_close)
		shutdown(fd, SHUT_WR);
	usleep(s->slow_us);
	return true;
}

static void converse(struct exchange *x, int fd)
{
	double until = lab_now() + x->patience_s;

	if (!say_all(x, fd, until))
		return;
	if (!x->scenario->half_close) {
		if (!receive(x, fd, x->expected ? x->expected : x->room, NULL, x->expected ? until : lab_now() + SILENCE_S) &&
			(x->expected || x->ending != ENDED_BY_TIME))
			return;
		shutdown(fd, SHUT_WR);
	}
	/* Whatever is sent twice or too much comes before the server's end. */
	receive(x, fd, x->room, NULL, until);
}

void client_run(struct exchange *x)
{
	int fd = client_connect(x);

	atomic_store(&x->begun, true);
	x->room = 4u << 20;
	x->bytes = malloc(x->room);
	cr_assert_not_null(x->bytes);
	x->ending = NOT_CONNECTED;
	if (fd < 0)
		return;
	converse(x, fd);
	close(fd);
}

static void *client_thread(void *arg)
{
	struct exchange *x = arg;

	client_run(x);
	atomic_store(&x->done, true);
	/* The tracer may be just about to wait: it is told until it has heard. */
	while (!atomic_load(&x->heard)) {
		pthread_kill(x->tracer, SIGUSR1);
		usleep(500);
	}
	return NULL;
}

void client_start(struct exchange *x)
{
	x->tracer = pthread_self();
	cr_assert_eq(pthread_create(&x->thread, NULL, client_thread, x), 0);
}

void client_join(struct exchange *x)
{
	atomic_store(&x->heard, true);
	pthread_join(x->thread, NULL);
}

void client_free(struct exchange *x)
{
	free(x->bytes);
	x->bytes = NULL;
}

/* Blanks the seconds of every Date field; their length stays. */
static void mask_dates(struct exchange *x)
{
	static const char field[] = "\r\nDate: ";
	char *at = x->bytes, *end = x->bytes + x->n;

	while ((at = memmem(at, (size_t)(end - at), field, sizeof(field) - 1))) {
		at += sizeof(field) - 1;
		if (end - at >= DATE_BYTES + 2 && !memcmp(at + DATE_BYTES - 3, "GMT\r\n", 5) && at[3] == ',')
			memset(at, 'D', DATE_BYTES - 3);
	}
}

const char *client_difference(const struct exchange *a, const struct exchange *b)
{
	static const char *const endings[] = { "closed by the server", "reset", "out of time", "not connected" };
	static char text[512];
	size_t at = 0;

	mask_dates((struct exchange *)a);
	mask_dates((struct exchange *)b);
	while (at < a->n && at < b->n && a->bytes[at] == b->bytes[at])
		at++;
	if (a->n == b->n && at == a->n && a->ending == b->ending)
		return NULL;
	snprintf(text, sizeof(text), "%zu bytes, %s; wanted %zu, %s; alike up to byte %zu: \"%.*s\"", b->n, endings[b->ending],
		a->n, endings[a->ending], at, (int)(b->n - at < 60 ? b->n - at : 60), b->bytes + at);
	for (char *p = text; *p; p++)
		if (*p == '\r' || *p == '\n')
			*p = '|';
	return text;
}
