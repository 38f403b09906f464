/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The guard of a lab: a process of its own session, so that neither a crash nor Ctrl-C leaves anything behind. */
#include "lab_guard.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS  1000
#define STEP_NS 5000000L

static bool is_in(const char *pid, const struct stat *ns)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	return !stat(path, &st) && st.st_dev == ns->st_dev && st.st_ino == ns->st_ino;
}

unsigned guard_each(const char *name, void (*f)(pid_t pid, void *arg), void *arg)
{
	char path[64];
	struct stat ns;
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if (stat(path, &ns))
		return 0;
	d = opendir("/proc");
	while (d && (e = readdir(d))) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid <= 0 || pid == getpid() || !is_in(e->d_name, &ns))
			continue;
		n++;
		if (f)
			f(pid, arg);
	}
	if (d)
		closedir(d);
	return n;
}

static void kill_other(pid_t pid, void *arg)
{
	if (pid != *(pid_t *)arg)
		kill(pid, SIGKILL);
}

/* Further hosts of a lab are named after its server: "cw7s" has "cw7h..." beside it. */
static unsigned each_further(const struct lab *l, unsigned (*f)(const char *name, void *arg), void *arg)
{
	size_t n = strlen(l->server) - 1;
	struct dirent *e;
	unsigned all = 0;
	DIR *d = opendir("/run/netns");

	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, l->server, n) && e->d_name[n] == 'h')
			all += f(e->d_name, arg);
	if (d)
		closedir(d);
	return all;
}

static unsigned kill_in(const char *name, void *test)
{
	return guard_each(name, kill_other, test);
}

static bool end_processes(const struct lab *l, pid_t test)
{
	struct timespec step = { .tv_nsec = STEP_NS };

	for (int i = 0; i < ROUNDS; i++) {
		if (!kill_in(l->server, &test) && !kill_in(l->client, &test) && !each_further(l, kill_in, &test))
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static bool remove_namespace(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if (umount2(path, MNT_DETACH) && errno != EINVAL && errno != ENOENT)
		return false;
	return !unlink(path) || errno == ENOENT;
}

static unsigned remove_further(const char *name, void *arg)
{
	(void)arg;
	return !remove_namespace(name);
}

static int clear_away(const struct lab *l, pid_t test)
{
	int problem = end_processes(l, test) ? 0 : 1;

	umount2(l->bpffs, MNT_DETACH);
	if (!remove_namespace(l->server) || !remove_namespace(l->client) || each_further(l, remove_further, NULL))
		problem |= 2;
	if (nftw(l->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) || !access(l->dir, F_OK))
		problem |= 4;
	return problem;
}

static _Noreturn void stand_guard(const struct lab *l, int test_ends, pid_t test)
{
	char byte;
	int null = open("/dev/null", O_RDWR);

	setsid();
	prctl(PR_SET_NAME, "lab-guard", 0, 0, 0);
	for (int s = SIGHUP; s <= SIGTERM; s++)
		signal(s, SIG_IGN);
	dup2(test_ends, 3);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	syscall(SYS_close_range, 4u, ~0U, 0);
	while (read(3, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(clear_away(l, test));
}

void guard_start(struct lab *l)
{
	pid_t test = getpid();
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	l->guard_pid = fork();
	cr_assert_geq(l->guard_pid, 0);
	if (!l->guard_pid)
		stand_guard(l, ends[0], test);
	close(ends[0]);
	l->guard = ends[1];
}
