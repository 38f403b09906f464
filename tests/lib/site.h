/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A throw-away directory of files, the gene "static" over it, and a fake drone to ask it with. */
#ifndef CELLWS_TESTS_SITE_H
#define CELLWS_TESTS_SITE_H

#include <stddef.h>
#include <time.h>

#include "fake_drone.h"

#define SITE_TIME 1000000000L /* every file's mtime */
#define SITE_DATE "Sun, 09 Sep 2001 01:46:40 GMT"

struct site {
	char top[64]; /* top/root is served, top/outside is not */
	int top_fd;
	int root_fd;
	int fds; /* open descriptors after site_open() */
	void *gene;
	struct fake_drone d;
};

/* index: the gene's index file. */
void site_open(struct site *s, const char *index);

/* Removes everything. */
void site_close(struct site *s);

/* path is below top: "root/a.txt", "outside/secret". Missing directories are made. */
void site_put(struct site *s, const char *path, const void *bytes, size_t n);
void site_put_text(struct site *s, const char *path, const char *text);
void site_mkdir(struct site *s, const char *path);
void site_link(struct site *s, const char *to, const char *path);
void site_date(struct site *s, const char *path, time_t sec, long nsec);

/* Bytes that differ from place to place, the same for every call. */
void site_noise(char *to, size_t n);

/* Asks and takes the body; express() must return 0. Returns the status, 0 counted as 200. */
int site_ask(struct site *s, const struct fake_ask *ask);
int site_get(struct site *s, const char *path);
const char *site_field(const struct site *s, const char *name);

/* Fails the test when more or fewer descriptors are open than after site_open(); site_ask() looks too. */
void site_expect_closed(const struct site *s);

#endif
