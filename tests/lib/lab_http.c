/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A client for labs: sends exactly the bytes it is told and reads exactly one answer. */
#include "lab.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t address_of(const char *text, int port, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_in *four = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &six->sin6_addr), 1, "%s is no address", text);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return sizeof(*six);
}

static int dial(const char *address, const char *from, double seconds)
{
	struct timeval patience = { .tv_sec = (time_t)seconds, .tv_usec = (suseconds_t)((seconds - (time_t)seconds) * 1e6) };
	struct sockaddr_storage to, source;
	socklen_t n = address_of(address, LAB_PORT, &to), m;
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	/* Bounds connect() and send(); reads are bounded by poll(). */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (from) {
		int one = 1;

		/* The port is chosen at connect(): bind() alone would look long for one when thousands are in use. */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		m = address_of(from, 0, &source);
		if (bind(fd, (struct sockaddr *)&source, m))
			error = -errno;
	}
	if (!error && connect(fd, (struct sockaddr *)&to, n))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int lab_dial(const char *address, const char *from)
{
	return dial(address, from, LAB_SOON_S);
}

bool lab_reaches(const char *address, const char *from, double seconds)
{
	int fd = dial(address, from, seconds);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void lab_connect(struct lab_conn *c, const char *address)
{
	*c = (struct lab_conn){ .fd = lab_dial(address, NULL) };
	cr_assert_geq(c->fd, 0, "no connection to %s: %s", address, strerror(-c->fd));
}

void lab_hang_up(struct lab_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->in);
	*c = (struct lab_conn){ .fd = -1 };
}

void lab_send(struct lab_conn *c, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

		/* A server may close on a request before it is whole: what it says is read later. */
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		cr_assert_gt(sent, 0, "send: %s", strerror(errno));
		p += sent;
		n -= (size_t)sent;
	}
}

void lab_say(struct lab_conn *c, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	cr_assert_geq(n, 0);
	lab_send(c, text, (size_t)n);
	free(text);
}

/* Receives some more bytes. 1; 0 at the end of the connection; -1 when the time is over. */
static int more(struct lab_conn *c, double until)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	double left = until - lab_now();
	ssize_t got;

	if (c->room - c->n < 65537) {
		c->room = c->room ? 2 * c->room : 131072;
		c->in = realloc(c->in, c->room);
		cr_assert_not_null(c->in);
	}
	if (poll(&p, 1, left > 0 ? (int)(left * 1000) + 1 : 0) <= 0)
		return -1;
	got = recv(c->fd, c->in + c->n, c->room - c->n - 1, 0);
	if (got > 0)
		c->n += (size_t)got;
	c->in[c->n] = 0;
	return got > 0;
}

bool lab_closes(struct lab_conn *c, double seconds)
{
	double until = lab_now() + seconds;
	int rc;

	do
		rc = more(c, until);
	while (rc > 0);
	return rc == 0;
}

const char *lab_field(const struct lab_answer *a, const char *name)
{
	static char value[8192];
	size_t n = strlen(name);
	const char *line = a->bytes ? strstr(a->bytes, "\r\n") : NULL;

	for (; line && line + 2 < a->bytes + a->head_n; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;

		if (strncasecmp(at, name, n) || at[n] != ':')
			continue;
		at += n + 1;
		at += strspn(at, " \t");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
		return value;
	}
	return NULL;
}

/* Takes the chunks in a->bytes behind the head apart, in place. Bytes they take, 0 when the last has not come yet. */
static size_t unchunk(struct lab_answer *a, size_t n)
{
	char *in = a->bytes + a->head_n, *end = a->bytes + n, *to = in;

	for (;;) {
		char *line = memmem(in, (size_t)(end - in), "\r\n", 2);
		size_t size = line ? strtoul(in, NULL, 16) : 0;

		if (!line || (size_t)(end - line) < size + 4)
			return 0;
		if (!size)
			break;
		memmove(to, line + 2, size);
		to += size;
		in = line + 2 + size + 2;
	}
	/* Trailers, if any, end with an empty line as a head does. */
	char *last = memmem(in, (size_t)(end - in), "\r\n\r\n", 4);

	a->body_n = (size_t)(to - a->body);
	return last ? (size_t)(last + 4 - a->bytes) : 0;
}

static void set_bytes(struct lab_answer *a, const struct lab_conn *c, size_t n)
{
	free(a->bytes);
	a->bytes = malloc(n + 1);
	cr_assert_not_null(a->bytes);
	memcpy(a->bytes, c->in, n);
	a->bytes[n] = 0;
	a->body = a->bytes + a->head_n;
}

/* Bytes of the whole answer if it is complete in c->in, else 0. closed: nothing more will come. */
static size_t complete(struct lab_answer *a, struct lab_conn *c, bool head_only)
{
	const char *length, *coding;
	bool chunked;
	size_t n;

	set_bytes(a, c, a->head_n);
	if (head_only || a->status < 200 || a->status == 204 || a->status == 304)
		return a->head_n;
	coding = lab_field(a, "Transfer-Encoding");
	chunked = coding && strstr(coding, "chunked");
	if (chunked) {
		set_bytes(a, c, c->n);
		return unchunk(a, c->n);
	}
	length = lab_field(a, "Content-Length");
	n = a->head_n + (length ? strtoull(length, NULL, 10) : c->n - a->head_n);
	if (n > c->n || (!length && !a->closed))
		return 0;
	set_bytes(a, c, n);
	a->body_n = n - a->head_n;
	return n;
}

static bool read_head(struct lab_conn *c, struct lab_answer *a, double until)
{
	char *end = NULL;
	int rc = 1;

	while (!(c->n && (end = memmem(c->in, c->n, "\r\n\r\n", 4))) && (rc = more(c, until)) > 0)
		;
	a->closed = rc == 0;
	if (!end || sscanf(c->in, "HTTP/1.%*1[01] %3d", &a->status) != 1)
		return false;
	a->head_n = (size_t)(end + 4 - c->in);
	return true;
}

void lab_read(struct lab_conn *c, struct lab_answer *a, bool head_only, double seconds)
{
	double until = lab_now() + seconds;
	size_t n;

	*a = (struct lab_answer){ 0 };
	if (!read_head(c, a, until)) {
		set_bytes(a, c, c->n);
		return;
	}
	while (!(n = complete(a, c, head_only)) && !a->closed) {
		int rc = more(c, until);

		if (rc < 0)
			break;
		a->closed = rc == 0;
	}
	a->whole = n > 0;
	if (!n) {
		n = c->n;
		set_bytes(a, c, n);
		a->body_n = n - a->head_n;
	}
	memmove(c->in, c->in + n, c->n - n);
	c->n -= n;
}

void lab_answer_free(struct lab_answer *a)
{
	free(a->bytes);
	*a = (struct lab_answer){ 0 };
}

int lab_get(const char *address, const char *path, struct lab_answer *a)
{
	struct lab_answer mine;
	struct lab_conn c;
	int status;

	lab_connect(&c, address);
	lab_say(&c, "GET %s HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n", path);
	lab_read(&c, a ? a : &mine, false, LAB_SOON_S);
	lab_hang_up(&c);
	status = a ? a->status : mine.status;
	if (!a)
		lab_answer_free(&mine);
	return status;
}
