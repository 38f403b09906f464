/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene "static": from a path to a file or to the right refusal. */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "genes/static.h"
#include "site.h"

static struct site s;

static void up(void)
{
	site_open(&s, "index.html");
}

static void down(void)
{
	site_close(&s);
}

TestSuite(static_files, .init = up, .fini = down);

Test(static_files, a_small_file_is_bytes_with_every_field)
{
	site_put_text(&s, "root/a.txt", "hello\n");
	cr_assert_eq(site_get(&s, "/a.txt"), 200);
	cr_expect_str_eq(s.d.body, "hello\n");
	cr_expect_eq(s.d.bytes_n, 6);
	cr_expect_str_eq(site_field(&s, "Content-Type"), "text/plain; charset=utf-8");
	cr_expect_str_eq(site_field(&s, "Last-Modified"), SITE_DATE);
	cr_expect_str_eq(site_field(&s, "Accept-Ranges"), "bytes");
	cr_expect_eq(site_field(&s, "ETag")[0], '"');
	cr_expect_null(site_field(&s, "Vary"));
	cr_expect_null(site_field(&s, "Content-Encoding"));
	cr_expect_null(site_field(&s, "Content-Range"));
	cr_expect_eq(s.d.rs.fresh_ms, 1000);
}

Test(static_files, an_empty_file_is_an_empty_body)
{
	site_put_text(&s, "root/empty", "");
	cr_assert_eq(site_get(&s, "/empty"), 200);
	cr_expect_eq(s.d.body_n, 0);
	cr_expect_str_eq(site_field(&s, "Content-Type"), "application/octet-stream");
}

Test(static_files, the_route_is_cut_off)
{
	static const struct {
		const char *route, *path, *body;
	} t[] = {
		{"/", "/a.txt", "top"},
		{"/doc/", "/doc/a.txt", "top"},
		{"/doc", "/doc/a.txt", "top"},
		{"/doc/", "/doc/sub/a.txt", "below"},
		{"/doc/", "/doc/", "index"},
		{"/doc", "/doc/", "index"},
		{"/", "/", "index"},
		{"/a.txt", "/a.txt/a.txt", "top"},
	};

	site_put_text(&s, "root/a.txt", "top");
	site_put_text(&s, "root/sub/a.txt", "below");
	site_put_text(&s, "root/index.html", "index");
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		cr_assert_eq(
			site_ask(&s, &(struct fake_ask){.route = t[i].route, .path = t[i].path}), 200, "%s", t[i].path);
		cr_expect_str_eq(s.d.body, t[i].body, "%s", t[i].path);
	}
}

Test(static_files, up_to_48_kib_are_bytes_and_more_is_a_file)
{
	static char noise[CELLWS_BYTES_MAX + 1];

	site_noise(noise, sizeof(noise));
	site_put(&s, "root/most", noise, CELLWS_BYTES_MAX);
	site_put(&s, "root/more", noise, sizeof(noise));

	struct fake_ask ask = {.path = "/most"};
	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &ask), 0);
	cr_expect_eq(s.d.rs.body, CELLWS_BODY_BYTES);
	cr_assert_eq(s.d.bytes_n, CELLWS_BYTES_MAX);
	cr_expect_arr_eq(s.d.bytes, noise, CELLWS_BYTES_MAX);

	ask.path = "/more";
	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &ask), 0);
	cr_expect_eq(s.d.rs.body, CELLWS_BODY_FILE);
	cr_expect_eq(s.d.rs.file_offset, 0);
	cr_expect_eq(s.d.rs.length, sizeof(noise));
	cr_assert_eq(fake_drone_take(&s.d), 0);
	cr_expect_arr_eq(s.d.body, noise, sizeof(noise));
}

Test(static_files, head_has_the_fields_of_get_and_no_body)
{
	static char noise[60000];

	site_put_text(&s, "root/a.txt", "hello\n");
	site_put(&s, "root/big", noise, sizeof(noise));
	site_get(&s, "/a.txt");
	char etag[64];
	snprintf(etag, sizeof(etag), "%s", site_field(&s, "ETag"));

	cr_assert_eq(site_ask(&s, &(struct fake_ask){.method = "HEAD", .path = "/a.txt"}), 200);
	cr_expect_eq(s.d.body_n, 0);
	cr_expect_str_eq(site_field(&s, "Content-Length"), "6");
	cr_expect_str_eq(site_field(&s, "ETag"), etag);
	cr_expect_str_eq(site_field(&s, "Last-Modified"), SITE_DATE);
	cr_expect_str_eq(site_field(&s, "Content-Type"), "text/plain; charset=utf-8");
	cr_expect_str_eq(site_field(&s, "Accept-Ranges"), "bytes");
	cr_expect_eq(s.d.rs.fresh_ms, 0);
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.method = "HEAD", .path = "/big"}), 200);
	cr_expect_str_eq(site_field(&s, "Content-Length"), "60000");
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.method = "HEAD", .path = "/none"}), 404);
	cr_expect_eq(s.d.body_n, 0);
	cr_expect_str_eq(site_field(&s, "Content-Length"), "14");
}

Test(static_files, what_is_not_there_is_404)
{
	site_put_text(&s, "root/a.txt", "x");
	site_mkdir(&s, "root/empty");
	cr_assert_eq(site_get(&s, "/none"), 404);
	cr_expect_str_eq(s.d.body, "404 Not Found\n");
	cr_expect_str_eq(site_field(&s, "Content-Type"), "text/plain; charset=utf-8");
	cr_expect_eq(s.d.rs.fresh_ms, 0);
	cr_expect_null(site_field(&s, "ETag"));
	cr_expect_eq(site_get(&s, "/a.txt/"), 404, "a file is no directory");
	cr_expect_eq(site_get(&s, "/a.txt/b"), 404);
	cr_expect_eq(site_get(&s, "/empty/"), 404, "no index file");
	cr_expect_eq(site_get(&s, "/none/"), 404);
	cr_expect_eq(site_get(&s, "/"), 404);
}

Test(static_files, an_index_that_is_a_directory_is_404)
{
	site_mkdir(&s, "root/index.html");
	cr_expect_eq(site_get(&s, "/"), 404);
}

Test(static_files, without_an_index_every_directory_is_404)
{
	struct static_config c = {s.root_fd, NULL, NULL};
	void *gene;

	site_put_text(&s, "root/index.html", "x");
	cr_assert_eq(static_new(&gene, &c), 0);
	cr_assert_eq(fake_drone_ask(&s.d, &gene_static, gene, &(struct fake_ask){.path = "/"}), 0);
	cr_expect_eq(s.d.rs.status, 404);
	static_free(gene);
}

Test(static_files, odd_names_are_names)
{
	static const char *const names[] = {"a b.txt", "caf\xc3\xa9.txt", "\xff\xfe", "100%.txt", "a?b#c", ".hidden",
		"..x", "...", "-", "a\\b", "a+b&c=d"};
	char path[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "root/%s", names[i]);
		site_put_text(&s, path, names[i]);
		snprintf(path, sizeof(path), "/%s", names[i]);
		cr_assert_eq(site_get(&s, path), 200, "%s", names[i]);
		cr_expect_str_eq(s.d.body, names[i]);
	}
}

Test(static_files, a_long_path_is_404_and_harms_nothing)
{
	static char path[20000];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	cr_expect_eq(site_get(&s, path), 404, "one long name");
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		path[i] = '/';
	cr_expect_eq(site_get(&s, path), 404);
	for (size_t n = 4070; n < 4110; n++) { /* the border of PATH_MAX, with and without an index file */
		path[n] = 0;
		cr_expect_eq(site_get(&s, path), 404, "%zu bytes", n);
		path[n] = n % 2 ? 'a' : '/';
	}
}

Test(static_files, a_deep_path_is_served)
{
	char path[2048] = "root";

	while (strlen(path) < 1900)
		strcat(path, "/some-directory-of-thirty-bytes");
	strcat(path, "/index.html");
	site_put_text(&s, path, "deep");
	cr_assert_eq(site_get(&s, path + 4), 200);
	cr_expect_str_eq(s.d.body, "deep");
	path[strlen(path) - strlen("index.html")] = 0;
	cr_assert_eq(site_get(&s, path + 4), 200);
	cr_expect_str_eq(s.d.body, "deep");
}

Test(static_files, links_inside_are_followed)
{
	site_put_text(&s, "root/real/a.txt", "x");
	site_link(&s, "real/a.txt", "root/b.txt");
	site_link(&s, "real", "root/dir");
	site_link(&s, "../real/a.txt", "root/other/up.txt");
	cr_expect_eq(site_get(&s, "/b.txt"), 200);
	cr_expect_eq(site_get(&s, "/dir/a.txt"), 200);
	cr_expect_eq(site_get(&s, "/other/up.txt"), 200);
	cr_expect_eq(site_get(&s, "/dir"), 301);
}

Test(static_files, no_link_leads_out)
{
	char absolute[128];

	site_put_text(&s, "outside/secret", "secret");
	site_put_text(&s, "outside/index.html", "secret");
	snprintf(absolute, sizeof(absolute), "%s/outside/secret", s.top);
	site_link(&s, "../outside/secret", "root/file");
	site_link(&s, "../outside", "root/dir");
	site_link(&s, absolute, "root/absolute");
	site_link(&s, "/etc/passwd", "root/passwd");
	site_link(&s, "/proc/self/root", "root/magic");
	site_link(&s, "..", "root/up");
	static const char *const paths[] = {"/file", "/dir/secret", "/dir/", "/dir", "/absolute", "/passwd",
		"/magic/etc/passwd", "/up/outside/secret", "/up/root/file", "/../outside/secret",
		"/../root/../outside/secret", "/.."};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		cr_expect_eq(site_get(&s, paths[i]), 404, "%s", paths[i]);
		cr_expect_null(strstr(s.d.body, "secret"), "%s", paths[i]);
	}
}

Test(static_files, a_circle_of_links_is_404)
{
	site_link(&s, "b", "root/a");
	site_link(&s, "a", "root/b");
	site_link(&s, "gone", "root/dangling");
	cr_expect_eq(site_get(&s, "/a"), 404);
	cr_expect_eq(site_get(&s, "/dangling"), 404);
}

Test(static_files, what_is_no_regular_file_is_404, .timeout = 10)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	cr_assert_eq(mkfifoat(s.top_fd, "root/fifo", 0644), 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/root/socket", s.top);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	cr_expect_eq(site_get(&s, "/fifo"), 404);
	cr_expect_eq(site_get(&s, "/socket"), 404);
	if (mknodat(s.top_fd, "root/null", S_IFCHR | 0644, makedev(1, 3)) == 0)
		cr_expect_eq(site_get(&s, "/null"), 404);
}

Test(static_files, what_may_not_be_read_is_403)
{
	site_put_text(&s, "root/closed", "x");
	site_put_text(&s, "root/shut/a", "x");
	cr_assert_eq(fchmodat(s.top_fd, "root/closed", 0, 0), 0);
	cr_assert_eq(fchmodat(s.top_fd, "root/shut", 0, 0), 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	int closed = site_get(&s, "/closed");
	int shut = site_get(&s, "/shut/a");
	cr_expect_str_eq(s.d.body, "403 Forbidden\n");
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(fchmodat(s.top_fd, "root/shut", 0755, 0), 0);
	cr_expect_eq(closed, 403);
	cr_expect_eq(shut, 403);
}

Test(static_files, without_descriptors_it_is_503)
{
	struct rlimit was, none;

	site_put_text(&s, "root/a", "x");
	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	int rc = fake_drone_ask(&s.d, &gene_static, s.gene, &(struct fake_ask){.path = "/a"});
	setrlimit(RLIMIT_NOFILE, &was);
	cr_assert_eq(rc, 0);
	cr_assert_eq(s.d.rs.status, 503);
	cr_expect_str_eq(site_field(&s, "Retry-After"), "1");
	cr_expect_eq(s.d.rs.fresh_ms, 0);
}

Test(static_files, any_other_error_is_500)
{
	close(s.root_fd);
	cr_expect_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &(struct fake_ask){.path = "/a"}), 0);
	cr_expect_eq(s.d.rs.status, 500);
	s.root_fd = open(s.top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void truncate_it(void *arg)
{
	cr_assert_eq(truncate(arg, 3), 0);
}

static void unlink_it(void *arg)
{
	cr_assert_eq(unlink(arg), 0);
}

Test(static_files, a_file_that_shrinks_meanwhile_is_an_error)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/root/a", s.top);
	site_put_text(&s, "root/a", "0123456789");
	s.d.on_header = truncate_it;
	s.d.arg = path;
	cr_expect_eq(fake_drone_ask(&s.d, &gene_static, s.gene, &(struct fake_ask){.path = "/a"}), -EIO);
	cr_expect_eq(s.d.bytes_n, 0);
	site_expect_closed(&s);
}

Test(static_files, a_file_removed_meanwhile_is_served_whole)
{
	static char noise[60000];
	char path[128];

	site_noise(noise, sizeof(noise));
	site_put_text(&s, "root/a", "0123456789");
	site_put(&s, "root/b", noise, sizeof(noise));
	snprintf(path, sizeof(path), "%s/root/a", s.top);
	s.d.on_header = unlink_it;
	s.d.arg = path;
	cr_assert_eq(site_get(&s, "/a"), 200);
	cr_expect_str_eq(s.d.body, "0123456789");
	snprintf(path, sizeof(path), "%s/root/b", s.top);
	s.d.on_header = unlink_it;
	cr_assert_eq(site_get(&s, "/b"), 200);
	cr_expect_arr_eq(s.d.body, noise, sizeof(noise));
	cr_expect_eq(site_get(&s, "/b"), 404);
}

Test(static_files, every_change_makes_a_new_etag)
{
	char etag[4][64];

	for (int i = 0; i < 4; i++) {
		site_put_text(&s, i == 3 ? "root/b" : "root/a", i == 1 ? "xx" : "x");
		site_date(&s, i == 3 ? "root/b" : "root/a", SITE_TIME, i == 2);
		cr_assert_eq(site_get(&s, i == 3 ? "/b" : "/a"), 200);
		snprintf(etag[i], sizeof(etag[i]), "%s", site_field(&s, "ETag"));
		for (int j = 0; j < i; j++)
			cr_expect_str_neq(etag[i], etag[j], "size, time in ns and inode count");
	}
	site_put_text(&s, "root/a", "y");
	site_get(&s, "/a");
	cr_expect_str_eq(site_field(&s, "ETag"), etag[0]);
}

Test(static_files, last_modified_is_never_later_than_now)
{
	site_put_text(&s, "root/a", "x");
	site_date(&s, "root/a", SITE_TIME + 500, 0);
	cr_assert_eq(site_ask(&s, &(struct fake_ask){.path = "/a", .now = SITE_TIME}), 200);
	cr_expect_str_eq(site_field(&s, "Last-Modified"), SITE_DATE);
}

Test(static_files, a_root_that_is_no_directory_is_refused)
{
	struct static_config c = {-1, NULL, NULL};
	void *gene;

	cr_expect_eq(static_new(&gene, &c), -EBADF);
	c.root_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_expect_eq(static_new(&gene, &c), -ENOTDIR);
	close(c.root_fd);
}
