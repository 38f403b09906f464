/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Running commands for a lab, entering its namespaces, waiting for conditions. */
#include "lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_S 60
#define STEP_NS   10000000L

double lab_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool lab_wait(double seconds, bool (*cond)(void *arg), void *arg)
{
	struct timespec step = { .tv_nsec = STEP_NS };
	double until = lab_now() + seconds;

	for (;;) {
		if (cond(arg))
			return true;
		if (lab_now() > until)
			return false;
		nanosleep(&step, NULL);
	}
}

void lab_enter_fd(int fd)
{
	cr_assert_eq(setns(fd, CLONE_NEWNET), 0, "setns: %s", strerror(errno));
}

void lab_enter(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	lab_enter_fd(fd);
	close(fd);
}

/* The test binary is build/tests/NAME: the tree is two directories up. */
const char *lab_here(void)
{
	static char here[256];
	ssize_t n = here[0] ? 0 : readlink("/proc/self/exe", here, sizeof(here) - 1);

	cr_assert_geq(n, 0);
	for (int i = 0; i < 3 && n; i++) {
		char *slash = strrchr(here, '/');

		cr_assert_not_null(slash);
		*slash = 0;
	}
	return here;
}

static pid_t start(const char *command, int out, int err)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid)
		return pid;
	setpgid(0, 0);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(out, 1);
	dup2(err, 2);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

/* Appends what comes; false at the end of it. */
static bool take(int fd, char *to, size_t *n)
{
	char beyond[4096];
	bool room = *n < LAB_TEXT_MAX - 1;
	ssize_t got = room ? read(fd, to + *n, LAB_TEXT_MAX - 1 - *n) : read(fd, beyond, sizeof(beyond));

	if (got > 0 && room)
		*n += (size_t)got;
	to[*n] = 0;
	return got > 0;
}

/* Listens until the command has ended: cells it leaves behind may hold its output open. */
static bool listen_to(struct lab *l, pid_t pid, int out, int err)
{
	struct pollfd p[2] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
	char *to[2] = { l->out, l->err };
	double until = lab_now() + COMMAND_S;
	size_t n[2] = { 0, 0 };
	bool over = false;
	siginfo_t info;

	l->out[0] = l->err[0] = 0;
	for (;;) {
		info.si_pid = 0;
		over = over || (!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid);
		if (poll(p, 2, over ? 0 : 5) <= 0 && over)
			return true;
		if (lab_now() > until)
			return false;
		for (int i = 0; i < 2; i++)
			if (p[i].fd >= 0 && (p[i].revents & (POLLIN | POLLHUP)) && !take(p[i].fd, to[i], &n[i]))
				p[i].fd = -1;
	}
}

static int run(struct lab *l, const char *command)
{
	int out[2], err[2], status;
	bool ended;
	pid_t pid;

	cr_assert(!pipe2(out, O_CLOEXEC) && !pipe2(err, O_CLOEXEC));
	pid = start(command, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	ended = listen_to(l, pid, out[0], err[0]);
	if (!ended)
		kill(-pid, SIGKILL);
	close(out[0]);
	close(err[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	l->code = ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	cr_expect(ended, "more than %d s: %s", COMMAND_S, command);
	return l->code;
}

int lab_sh(struct lab *l, const char *format, ...)
{
	char command[4096];
	va_list args;

	va_start(args, format);
	cr_assert_lt(vsnprintf(command, sizeof(command), format, args), (int)sizeof(command));
	va_end(args);
	return run(l, command);
}

int lab_ctl(struct lab *l, const char *format, ...)
{
	char words[2048];
	va_list args;

	va_start(args, format);
	cr_assert_lt(vsnprintf(words, sizeof(words), format, args), (int)sizeof(words));
	va_end(args);
	return lab_sh(l, "exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s --bpffs %s", l->server, lab_here(),
		words, l->run_dir, l->bpffs);
}

void lab_expect(struct lab *l, int code, const char *text)
{
	cr_expect_eq(l->code, code, "ends with %d, not %d: %s%s", l->code, code, l->out, l->err);
	cr_expect(!text || strstr(l->out, text) || strstr(l->err, text), "does not say \"%s\": %s%s", text, l->out, l->err);
}
