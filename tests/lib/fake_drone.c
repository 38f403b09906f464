/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Plays the drone's part of the gene interface in memory. */

#include "fake_drone.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static bool servers_own(const struct fake_drone *d, const char *name)
{
	static const char *const own[] = {"Transfer-Encoding", "Connection", "Date"};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (!strcasecmp(name, own[i]))
			return true;
	return !d->head_request && !strcasecmp(name, "Content-Length");
}

static int take_header(struct cellws_response *rs, const char *name, const char *value)
{
	struct fake_drone *d = rs->drone;
	size_t n = strlen(name) + 1, v = strlen(value) + 1;

	if (d->on_header) {
		void (*once)(void *) = d->on_header;
		d->on_header = NULL;
		once(d->arg);
	}
	if (n == 1 || servers_own(d, name) || strpbrk(name, " :\r\n") || strpbrk(value, "\r\n"))
		return -EINVAL;
	if (d->head_n + n + v > sizeof(d->head))
		return -ENOSPC;
	memcpy(d->head + d->head_n, name, n);
	memcpy(d->head + d->head_n + n, value, v);
	d->head_n += n + v;
	return 0;
}

static int take_bytes(struct cellws_response *rs, const void *bytes, size_t n)
{
	struct fake_drone *d = rs->drone;

	if (n > sizeof(d->bytes) - d->bytes_n)
		return -ENOSPC;
	memcpy(d->bytes + d->bytes_n, bytes, n);
	d->bytes_n += n;
	rs->body = CELLWS_BODY_BYTES;
	return 0;
}

static struct cellws_text text(const char *s, const char *otherwise)
{
	const char *p = s ? s : otherwise;

	return (struct cellws_text){p, strlen(p)};
}

int fake_drone_ask(struct fake_drone *d, const struct cellws_gene *gene, void *self, const struct fake_ask *ask)
{
	struct cellws_header fields[FAKE_FIELDS_MAX];
	size_t n = 0;

	for (; ask->fields[2 * n]; n++) {
		fields[n].name = text(ask->fields[2 * n], "");
		fields[n].value = text(ask->fields[2 * n + 1], "");
	}
	struct cellws_request rq = {
		.method = text(ask->method, "GET"),
		.target = text(ask->path, "/"),
		.path = text(ask->path, "/"),
		.query = text(ask->query, ""),
		.route = text(ask->route, "/"),
		.host = text(ask->host, "example.org"),
		.client = text("192.0.2.7", ""),
		.headers = fields,
		.header_count = n,
		.body = text("", ""),
		.now = ask->now ? ask->now : time(NULL),
	};
	fake_drone_done(d);
	d->head_n = d->bytes_n = 0;
	d->head_request = ask->method && !strcmp(ask->method, "HEAD");
	d->rs = (struct cellws_response){.header = take_header, .write = take_bytes, .drone = d};
	return gene->express(self, &rq, &d->rs);
}

static void append(struct fake_drone *d, const char *p, size_t n)
{
	d->body = realloc(d->body, d->body_n + n + 1);
	cr_assert_not_null(d->body);
	memcpy(d->body + d->body_n, p, n);
	d->body_n += n;
	d->body[d->body_n] = 0;
}

static int take_pulled(struct fake_drone *d)
{
	char room[4096];
	size_t piece = d->piece ? d->piece : sizeof(room);
	long n;

	while ((n = d->rs.pull(d->rs.pull_state, room, piece)) > 0) {
		cr_assert_leq((size_t)n, piece);
		append(d, room, (size_t)n);
	}
	d->rs.done_pulling(d->rs.pull_state);
	if (n == 0 && d->rs.length != CELLWS_UNKNOWN)
		cr_assert_eq(
			d->body_n, d->rs.length, "%zu bytes pulled, %zu promised", d->body_n, (size_t)d->rs.length);
	return (int)n;
}

static void take_file(struct fake_drone *d)
{
	char *p = malloc(d->rs.length + 1);

	cr_assert_not_null(p);
	ssize_t n = pread(d->rs.file_fd, p, d->rs.length, (off_t)d->rs.file_offset);
	cr_assert_eq(n, (ssize_t)d->rs.length, "%zd bytes in the file", n);
	append(d, p, (size_t)n);
	free(p);
	close(d->rs.file_fd);
}

int fake_drone_take(struct fake_drone *d)
{
	int rc = 0;

	free(d->body);
	d->body = NULL;
	d->body_n = 0;
	append(d, "", 0);
	if (d->rs.body != CELLWS_BODY_BYTES)
		cr_assert_eq(d->bytes_n, 0, "a body was given in two ways");
	if (d->rs.body == CELLWS_BODY_BYTES)
		append(d, d->bytes, d->bytes_n);
	if (d->rs.body == CELLWS_BODY_FILE)
		take_file(d);
	if (d->rs.body == CELLWS_BODY_PULL)
		rc = take_pulled(d);
	d->rs.body = CELLWS_BODY_NONE;
	return rc;
}

const char *fake_drone_field(const struct fake_drone *d, const char *name)
{
	const char *found = NULL;

	for (size_t at = 0; at < d->head_n;) {
		const char *n = d->head + at, *v = n + strlen(n) + 1;
		at += strlen(n) + strlen(v) + 2;
		if (strcasecmp(n, name))
			continue;
		cr_assert_null(found, "%s is there twice", name);
		found = v;
	}
	return found;
}

void fake_drone_done(struct fake_drone *d)
{
	if (d->rs.body == CELLWS_BODY_FILE)
		close(d->rs.file_fd);
	if (d->rs.body == CELLWS_BODY_PULL)
		d->rs.done_pulling(d->rs.pull_state);
	d->rs.body = CELLWS_BODY_NONE;
	free(d->body);
	d->body = NULL;
	d->body_n = 0;
}
