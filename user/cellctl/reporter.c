/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding and ending the reporter by the lock on its file, so that no other process can be meant. */
#include "cellctl/reporter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEAVE_MS 4000 /* its program is given 2 s of them */
#define KILL_MS  1000

static int path_of(const struct invocation *in, const char *name, char to[512])
{
	int n = snprintf(to, 512, "%s/%s/reporter", in->run_dir, name);

	return n < 0 || n >= 512 ? -ENAMETOOLONG : 0;
}

static int file_open(const struct invocation *in, const char *name, int flags)
{
	char path[512];
	int error = path_of(in, name, path), fd;

	if (error)
		return error;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

int reporter_file(const struct invocation *in, const char *name)
{
	return file_open(in, name, O_RDWR | O_CREAT);
}

pid_t reporter_find(const struct invocation *in, const char *name)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = file_open(in, name, O_RDWR), asked;

	if (fd < 0)
		return -1;
	asked = fcntl(fd, F_GETLK, &l);
	close(fd);
	return asked || l.l_type == F_UNLCK ? 0 : l.l_pid;
}

static bool ends(int process, int signal, int patience_ms)
{
	struct pollfd p = { .fd = process, .events = POLLIN };

	syscall(SYS_pidfd_send_signal, process, signal, NULL, 0);
	return poll(&p, 1, patience_ms) == 1;
}

void reporter_end(const struct invocation *in, const char *name)
{
	pid_t pid = reporter_find(in, name);
	char path[512];
	int process = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	/* Asked again: the descriptor is of the process that holds the lock, or of one that came after it. */
	if (process >= 0 && reporter_find(in, name) == pid && !ends(process, SIGTERM, LEAVE_MS))
		ends(process, SIGKILL, KILL_MS);
	if (process >= 0)
		close(process);
	if (!path_of(in, name, path))
		unlink(path);
}
