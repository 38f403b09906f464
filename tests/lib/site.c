/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes and removes the directories that tests of the gene "static" serve. */

#include "site.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "genes/static.h"

static int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	cr_assert_not_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

void site_expect_closed(const struct site *s)
{
	int n = open_descriptors();

	cr_assert_eq(n, s->fds, "%d descriptors are open, not %d", n, s->fds);
}

void site_open(struct site *s, const char *index)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->top, "/tmp/cellws-site-XXXXXX");
	cr_assert_not_null(mkdtemp(s->top));
	cr_assert_eq(chmod(s->top, 0755), 0);
	s->top_fd = open(s->top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(s->top_fd, 0);
	site_mkdir(s, "root");
	site_mkdir(s, "outside");
	s->root_fd = openat(s->top_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(s->root_fd, 0);
	struct static_config c = {s->root_fd, index, NULL};
	cr_assert_eq(static_new(&s->gene, &c), 0);
	s->fds = open_descriptors();
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void site_close(struct site *s)
{
	fake_drone_done(&s->d);
	static_free(s->gene);
	close(s->root_fd);
	close(s->top_fd);
	nftw(s->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_parents(struct site *s, const char *path)
{
	char parent[4096];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		mkdirat(s->top_fd, parent, 0755);
	}
}

void site_mkdir(struct site *s, const char *path)
{
	make_parents(s, path);
	cr_assert_eq(mkdirat(s->top_fd, path, 0755), 0, "%s", path);
}

void site_date(struct site *s, const char *path, time_t sec, long nsec)
{
	struct timespec t[2] = {{sec, nsec}, {sec, nsec}};

	cr_assert_eq(utimensat(s->top_fd, path, t, 0), 0, "%s", path);
}

void site_put(struct site *s, const char *path, const void *bytes, size_t n)
{
	make_parents(s, path);
	int fd = openat(s->top_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	cr_assert_geq(fd, 0, "%s", path);
	cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
	site_date(s, path, SITE_TIME, 0);
}

void site_put_text(struct site *s, const char *path, const char *text)
{
	site_put(s, path, text, strlen(text));
}

void site_link(struct site *s, const char *to, const char *path)
{
	make_parents(s, path);
	cr_assert_eq(symlinkat(to, s->top_fd, path), 0, "%s", path);
}

void site_noise(char *to, size_t n)
{
	unsigned x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245u + 12345u;
		to[i] = (char)(x >> 16);
	}
}

int site_ask(struct site *s, const struct fake_ask *ask)
{
	int rc = fake_drone_ask(&s->d, &gene_static, s->gene, ask);
	cr_assert_eq(rc, 0, "express() gives %d", rc);
	rc = fake_drone_take(&s->d);
	cr_assert_eq(rc, 0, "pull() gives %d", rc);
	site_expect_closed(s);
	return s->d.rs.status ? s->d.rs.status : 200;
}

int site_get(struct site *s, const char *path)
{
	return site_ask(s, &(struct fake_ask){.path = path});
}

const char *site_field(const struct site *s, const char *name)
{
	return fake_drone_field(&s->d, name);
}
