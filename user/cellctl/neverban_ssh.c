/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the administrator comes from: the SSH session among this process's ancestors, else the logins of the same user. */
/*
 * Three sources. The environment of an ancestor (sudo strips it from ours) may be out of date inside tmux or screen, so it
 * is a hint; the connection that an sshd among the ancestors holds is the kernel's word. Where the line of ancestors does
 * not lead to sshd, the logins of utmp tell, of root and of the user who became root only. Connections to sshd that have
 * not logged in are never taken: anybody makes those.
 */
#include "cellctl/neverban.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utmpx.h>

#define ANCESTORS_MOST   64
#define ENVIRONMENT_MOST (256 * 1024)
#define TCP_ESTABLISHED  1

/* An IPv6 client changes the lower half of its address as it likes; inside a link it is one of many. */
static struct address widened(const struct address *a)
{
	struct address wide = *a;

	if (a->family == AF_INET6 && !(a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80))
		address_make(AF_INET6, a->bytes, 64, &wide);
	return wide;
}

static int tell(neverban_visit each, void *arg, const struct address *a)
{
	struct address wide = widened(a);

	return each(arg, &wide, ALLOWANCE_ADMIN);
}

int neverban_environment(const char *text, size_t n, struct address *to)
{
	static const char *const names[] = { "SSH_CONNECTION=", "SSH_CLIENT=" };

	while (n) {
		size_t length = strnlen(text, n), step = length < n ? length + 1 : n;

		for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
			size_t name = strlen(names[i]);
			const char *word = text + name, *blank;

			if (length <= name || memcmp(text, names[i], name))
				continue;
			blank = memchr(word, ' ', length - name);
			if (blank && !neverban_word(word, (size_t)(blank - word), to))
				return 0;
		}
		text += step;
		n -= step;
	}
	return -ENOENT;
}

/* 8 or 32 hexadecimal digits: words of 32 bits as they lie in memory. */
static int remote_end(const char *digits, struct address *to)
{
	size_t n = strlen(digits) / 8;
	char text[INET6_ADDRSTRLEN], word[9] = "";
	uint32_t words[4];

	if (strlen(digits) != n * 8 || (n != 1 && n != 4))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		memcpy(word, digits + 8 * i, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (!inet_ntop(n == 1 ? AF_INET : AF_INET6, words, text, sizeof(text)))
		return -EINVAL;
	return neverban_word(text, strlen(text), to);
}

int neverban_connection(const char *line, unsigned long inode, struct address *to)
{
	char remote[33];
	unsigned long found;
	unsigned state;

	if (sscanf(line, " %*u: %*32[0-9A-Fa-f]:%*4x %32[0-9A-Fa-f]:%*4x %2x %*8x:%*8x %*2x:%*8x %*8x %*u %*u %lu", remote, &state,
		    &found) != 3)
		return -ENOENT;
	if (state != TCP_ESTABLISHED || !found || found != inode)
		return -ENOENT;
	return remote_end(remote, to) ? -ENOENT : 0;
}

static int find_connection(unsigned long inode, struct address *to)
{
	static const char *const tables[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6" };
	char line[512];
	int error = -ENOENT;

	for (unsigned i = 0; i < sizeof(tables) / sizeof(*tables) && error; i++) {
		FILE *f = fopen(tables[i], "re");

		while (f && error && fgets(line, sizeof(line), f))
			error = neverban_connection(line, inode, to);
		if (f)
			fclose(f);
	}
	return error;
}

/* All connections that a process holds. */
static int tell_connections(pid_t pid, neverban_visit each, void *arg)
{
	char path[320], target[64];
	struct dirent *e;
	int ret = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && !ret && (e = readdir(d))) {
		unsigned long inode;
		struct address a;
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = 0;
		if (sscanf(target, "socket:[%lu]", &inode) == 1 && !find_connection(inode, &a))
			ret = tell(each, arg, &a);
	}
	if (d)
		closedir(d);
	return ret;
}

static ssize_t read_file(pid_t pid, const char *leaf, char *to, size_t room)
{
	char path[64];
	ssize_t n, all = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, leaf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((size_t)all < room - 1 && (n = read(fd, to + all, room - 1 - (size_t)all)) > 0)
		all += n;
	to[all] = 0;
	close(fd);
	return all;
}

/* Name and mother of a process; the name may hold blanks and brackets. */
static pid_t look_at(pid_t pid, char name[64])
{
	char text[512], *open, *close;
	int mother = 0;

	if (read_file(pid, "stat", text, sizeof(text)) <= 0)
		return 0;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || sscanf(close, ") %*c %d", &mother) != 1)
		return 0;
	*close = 0;
	snprintf(name, 64, "%s", open + 1);
	return mother;
}

static bool serves_ssh(const char *name)
{
	return !strncmp(name, "sshd", 4) || !strncmp(name, "dropbear", 8);
}

static int tell_ancestors(neverban_visit each, void *arg, bool *found)
{
	char *text = malloc(ENVIRONMENT_MOST), name[64];
	bool named = false;
	int ret = 0;
	pid_t pid = getpid();

	for (int i = 0; i < ANCESTORS_MOST && pid > 1 && text && !ret; i++) {
		pid_t mother = look_at(pid, name);
		ssize_t n = named ? 0 : read_file(pid, "environ", text, ENVIRONMENT_MOST);
		struct address a;

		if (n > 0 && !neverban_environment(text, (size_t)n, &a)) {
			named = *found = true;
			ret = tell(each, arg, &a);
		}
		if (!ret && mother && serves_ssh(name)) {
			*found = true;
			ret = tell_connections(pid, each, arg);
		}
		pid = mother;
	}
	free(text);
	return ret;
}

/* Root, who has become root by sudo, and who has logged in as the kernel has it. */
static bool is_ours(const char *user)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *p;
	char text[32];

	if (!strcmp(user, "root") || (sudo && !strcmp(user, sudo)))
		return true;
	if (read_file(getpid(), "loginuid", text, sizeof(text)) <= 0)
		return false;
	p = getpwuid((uid_t)strtoul(text, NULL, 10));
	return p && !strcmp(user, p->pw_name);
}

static int tell_logins(neverban_visit each, void *arg)
{
	const struct utmpx *u;
	int ret = 0;

	setutxent();
	while (!ret && (u = getutxent())) {
		const int32_t *words = u->ut_addr_v6;
		char user[sizeof(u->ut_user) + 1] = "", text[INET6_ADDRSTRLEN];
		int family = words[1] || words[2] || words[3] ? AF_INET6 : AF_INET;
		struct address a;

		memcpy(user, u->ut_user, sizeof(u->ut_user));
		if (u->ut_type != USER_PROCESS || !words[0] || !is_ours(user) || kill(u->ut_pid, 0))
			continue;
		if (inet_ntop(family, words, text, sizeof(text)) && !neverban_word(text, strlen(text), &a))
			ret = tell(each, arg, &a);
	}
	endutxent();
	return ret;
}

int neverban_admin(neverban_visit each, void *arg)
{
	bool found = false;
	int ret = tell_ancestors(each, arg, &found);

	return ret || found ? ret : tell_logins(each, arg);
}
