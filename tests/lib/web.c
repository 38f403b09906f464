/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Brings up an organism with test genes, asks it, and looks whether it is calm again. */
#include "web.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CELLS_MAX 64
#define LOOK_MS	  300
#define LOOK_S	  0.08 /* CPU seconds of all cells meanwhile; one that spins uses more, even beside others */

/* As it was when it was laid. A test is a process of its own, so one is enough. */
static struct {
	pid_t pid[CELLS_MAX];
	unsigned cells;
	pid_t blood;
	unsigned fds;
} first;

static unsigned count_fds(pid_t pid)
{
	char path[40];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	cr_assert_not_null(d, "%s: %s", path, strerror(errno));
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static bool no_connections(void *arg)
{
	return lab_number(arg, "circulation.connections") == 0;
}

static void put_files(struct lab *l)
{
	lab_put(l, "small", "small\n", 6);
	lab_put(l, "mid", NULL, WEB_MID);
	lab_put(l, "hundred", NULL, WEB_FILE);
	lab_put(l, "big", NULL, WEB_BIG);
}

void web_up(struct lab *l, const char *more)
{
	const char *at = lab_here();
	char *text = NULL;
	int n = asprintf(&text,
		"route \"/echo\" { gene = \"%s/build/tests/genes/echo.so\" }\n"
		"route \"/pull\" { gene = \"%s/build/tests/genes/pull.so\" }\n"
		"route \"/bad\" { gene = \"%s/build/tests/genes/bad.so\" }\n"
		"route \"/file\" { gene = \"%s/build/tests/genes/file.so\" args = \"%s/hundred\" }\n"
		"immune { bad_per_second = 100000 missing_per_second = 100000 }\n" /* refusals are looked at, not bans */
		"%s\n",
		at, at, at, at, l->root, more);

	cr_assert_gt(n, 0);
	put_files(l);
	lab_up(l, text, "");
	free(text);
	lab_wake(l);
	first.cells = lab_pids(l, NULL, first.pid, CELLS_MAX);
	first.blood = lab_pid(l, "blood");
	cr_assert(lab_wait(LAB_SOON_S, no_connections, l), "the connection that woke it is still open");
	first.fds = count_fds(first.blood);
}

static double cpu_s(void)
{
	double sum = 0;

	for (unsigned i = 0; i < first.cells; i++)
		sum += lab_alive(first.pid[i]) ? lab_cpu_s(first.pid[i]) : 0;
	return sum;
}

void web_expect_calm(struct lab *l, const char *after)
{
	struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
	double used;

	cr_expect(lab_wait(LAB_SOON_S, no_connections, l), "after %s: connections are left", after);
	used = cpu_s();
	nanosleep(&look, NULL);
	used = cpu_s() - used;
	cr_expect_lt(used, LOOK_S, "after %s: the cells used %.2f s of CPU in %d ms with nothing to do", after, used,
		LOOK_MS);
	for (unsigned i = 0; i < first.cells; i++)
		cr_expect(lab_alive(first.pid[i]), "after %s: process %d is dead", after, first.pid[i]);
	cr_expect_leq(count_fds(first.blood), first.fds, "after %s: descriptors are left", after);
}

int web_ask(struct lab_answer *a, bool head_only, const void *bytes, size_t n)
{
	struct lab_conn c;

	lab_connect(&c, LAB_SERVER_V4);
	lab_send(&c, bytes, n);
	lab_read(&c, a, head_only, LAB_SOON_S);
	lab_hang_up(&c);
	return a->status;
}

int web_status(const char *format, ...)
{
	struct lab_answer a;
	char *text = NULL;
	va_list args;
	int n, status;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	cr_assert_geq(n, 0);
	status = web_ask(&a, false, text, (size_t)n);
	lab_answer_free(&a);
	free(text);
	return status;
}

void web_expect(struct lab_conn *c, struct lab_answer *a, bool head_only, int status, const char *what)
{
	lab_read(c, a, head_only, LAB_SOON_S);
	cr_expect(a->status == status && a->whole, "%s: %d instead of %d%s", what, a->status, status,
		a->whole ? "" : ", and not whole");
	if (!a->status)
		return;
	cr_expect(status < 200 || lab_field(a, "Date"), "%s: no Date", what);
	cr_expect(!lab_field(a, "Content-Length") || !lab_field(a, "Transfer-Encoding"), "%s: two framings", what);
}

void web_expect_kept(struct lab_conn *c, const char *what)
{
	struct lab_answer a;

	lab_say(c, "GET /small HTTP/1.1\r\n" WEB_HOST "\r\n");
	lab_read(c, &a, false, LAB_SOON_S);
	cr_expect(a.status == 200 && a.whole && a.body_n == 6, "%s: the next request gets %d", what, a.status);
	lab_answer_free(&a);
}

void web_expect_closed(struct lab_conn *c, const char *what)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	char byte;
	ssize_t n;

	cr_expect_eq(c->n, 0, "%s: %zu bytes follow: %.60s", what, c->n, c->in);
	if (poll(&p, 1, LAB_SOON_S * 1000) <= 0) {
		cr_expect(false, "%s: the connection stays open", what);
		return;
	}
	n = recv(c->fd, &byte, 1, 0);
	cr_expect_leq(n, 0, "%s: another byte follows", what);
	cr_expect_geq(n, 0, "%s: %s", what, strerror(errno));
}

void web_dial_narrow(struct lab_conn *c, int bytes)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(LAB_PORT), .sin_addr = {htonl(0x0a630001)}};

	*c = (struct lab_conn){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	cr_assert_geq(c->fd, 0);
	cr_assert_eq(setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
	cr_assert_eq(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0, "connect: %s", strerror(errno));
}

void web_reset(struct lab_conn *c)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	lab_hang_up(c);
}

void web_half_close(struct lab_conn *c)
{
	shutdown(c->fd, SHUT_WR);
}

char web_byte(size_t i)
{
	return (char)('a' + i % 23);
}

char *web_bytes(size_t n)
{
	char *bytes = malloc(n + 1);

	cr_assert_not_null(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = web_byte(i);
	bytes[n] = 0;
	return bytes;
}

bool web_bytes_are(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != web_byte(i))
			return false;
	return true;
}

uint64_t web_digest(const char *bytes, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return h;
}
