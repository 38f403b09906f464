/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The name servers of this host: those of resolv.conf, and those that systemd-resolved asks in its place. */
#include "cellctl/neverban.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define RESOLV_MOST 65536

static const char keyword[] = "nameserver";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The word behind the keyword; its length, 0 for another line. */
static size_t name_server(const char *line, size_t n, const char **word)
{
	size_t at = sizeof(keyword) - 1, from;

	if (n <= at || memcmp(line, keyword, at) || !is_blank(line[at]))
		return 0;
	while (at < n && is_blank(line[at]))
		at++;
	from = at;
	while (at < n && !is_blank(line[at]))
		at++;
	*word = line + from;
	return at - from;
}

int neverban_resolv(const char *text, size_t n, neverban_visit each, void *arg)
{
	int ret = 0;

	while (n && !ret) {
		const char *end = memchr(text, '\n', n), *word;
		size_t length = end ? (size_t)(end - text) : n, of = name_server(text, length, &word);
		struct address a;

		if (of && !neverban_word(word, of, &a))
			ret = each(arg, &a, ALLOWANCE_RESOLVER);
		length += end != NULL;
		text += length;
		n -= length;
	}
	return ret;
}

int neverban_resolvers(neverban_visit each, void *arg)
{
	static const char *const files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };
	static char text[RESOLV_MOST];
	int ret = 0;

	for (unsigned i = 0; i < sizeof(files) / sizeof(*files) && !ret; i++) {
		int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));

		if (fd >= 0)
			close(fd);
		if (n > 0)
			ret = neverban_resolv(text, (size_t)n, each, arg);
	}
	return ret;
}
