/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Starting the process that takes the organism down again unless it is confirmed: cellctl anew, with nothing of `up`. */
#include "cellctl/up.h"
#include "cellctl/confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY_FD (CONFIRM_FD + 1) /* where it writes the errno of an exec that failed; closed by one that did not */
#define ABOVE  16

/* Standard input nowhere, output to the log, the socket and the pipe at their numbers, no other descriptor. */
static int arrange(int log, int socket, int pipe)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), from[3];

	from[0] = fcntl(log, F_DUPFD_CLOEXEC, ABOVE);
	from[1] = fcntl(socket, F_DUPFD_CLOEXEC, ABOVE);
	from[2] = fcntl(pipe, F_DUPFD_CLOEXEC, ABOVE);
	if (null < 0 || from[0] < 0 || from[1] < 0 || from[2] < 0)
		return -errno;
	if (dup2(null, 0) < 0 || dup2(from[0], 1) < 0 || dup2(from[0], 2) < 0 || dup2(from[1], CONFIRM_FD) < 0 ||
		dup3(from[2], SAY_FD, O_CLOEXEC) < 0)
		return -errno;
	return syscall(SYS_close_range, SAY_FD + 1, ~0U, 0) ? -errno : 0;
}

/* Away from the terminal and its signals; directories by their full names, since it leaves this one. */
static _Noreturn void become(const struct up *u, int socket, int pipe)
{
	char seconds[32], *run_dir = realpath(u->in->run_dir, NULL), *bpffs = realpath(u->in->bpffs, NULL);
	char words[][16] = { "cellctl", "confirm", "--undo-after", "--name", "--run-dir", "--bpffs" };
	char *argv[] = { words[0], words[1], words[2], seconds, words[3], (char *)(uintptr_t)u->germ.dna.organism, words[4], run_dir,
		words[5], bpffs, NULL };
	char *env[] = { NULL };
	sigset_t none;
	int error = run_dir && bpffs ? 0 : -errno;

	snprintf(seconds, sizeof(seconds), "%llus", (unsigned long long)u->confirm_s);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_IGN);
	if (!error && (setsid() < 0 || chdir("/")))
		error = -errno;
	if (!error)
		error = arrange(u->log, socket, pipe);
	if (!error) {
		execve("/proc/self/exe", argv, env);
		error = -errno;
		pipe = SAY_FD;
	}
	_exit(write(pipe, &error, sizeof(error)) != sizeof(error));
}

/* Waits until the other program runs. 0 or -errno. */
static int start(const struct up *u, int socket)
{
	int pipe[2], error = 0;
	pid_t pid;
	ssize_t n;

	if (pipe2(pipe, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid)
		become(u, socket, pipe[1]);
	if (pid < 0)
		error = -errno;
	close(pipe[1]);
	n = pid > 0 ? read(pipe[0], &error, sizeof(error)) : 0;
	if (n && n != (ssize_t)sizeof(error))
		error = -EIO;
	close(pipe[0]);
	return error;
}

int up_unless_confirmed(struct up *u)
{
	int socket, error;

	if (!u->confirm_s)
		return 0;
	socket = confirm_listen(u->in, u->germ.dna.organism);
	error = socket < 0 ? socket : start(u, socket);
	if (socket >= 0)
		close(socket);
	return error ? verb_say(VERB_FAILED, "nobody can wait for the confirmation: %s", strerror(-error)) : 0;
}
