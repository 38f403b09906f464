/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl confirm: tells the process that `up --confirm` has left behind that the organism may stay. */
#include "cellctl/confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "cellctl/pins.h"
#include "immune/ttl.h"

#define ANSWER_S 5

int confirm_seconds(const char *text, uint64_t *seconds)
{
	uint64_t s;

	if (ttl_parse(text, &s) || s == TTL_FOREVER || s > CONFIRM_MOST_S)
		return -EINVAL;
	*seconds = s;
	return 0;
}

/* By the directory's descriptor: a run directory may have a longer name than a socket. */
static int address_of(const struct invocation *in, const char *name, struct sockaddr_un *to, int *directory)
{
	char path[PIN_PATH];
	int n = snprintf(path, sizeof(path), "%s/%s", in->run_dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	*directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*directory < 0)
		return -errno;
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(to->sun_path, sizeof(to->sun_path), "/proc/self/fd/%d/" CONFIRM_LEAF, *directory);
	return 0;
}

static int open_socket(void)
{
	const struct timeval patience = { .tv_sec = ANSWER_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static int talk(int fd, const struct sockaddr_un *to, enum confirm_word word, uint64_t *left_ms)
{
	char byte = (char)word;
	uint64_t left;
	ssize_t n;

	/* The name of one that was killed is still there. */
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		return errno == ECONNREFUSED ? -ENOENT : -errno;
	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return -ECONNRESET;
	n = recv(fd, &left, sizeof(left), MSG_WAITALL);
	if (n != (ssize_t)sizeof(left))
		return n < 0 && errno == EAGAIN ? -ETIMEDOUT : -ECONNRESET;
	if (left_ms)
		*left_ms = left;
	return 0;
}

int confirm_ask(const struct invocation *in, const char *name, enum confirm_word word, uint64_t *left_ms)
{
	struct sockaddr_un to;
	int directory, fd, error = address_of(in, name, &to, &directory);

	if (error)
		return error;
	fd = open_socket();
	error = fd < 0 ? fd : talk(fd, &to, word, left_ms);
	if (fd >= 0)
		close(fd);
	close(directory);
	return error;
}

int confirm_listen(const struct invocation *in, const char *name)
{
	struct sockaddr_un at;
	int directory, fd, error = address_of(in, name, &at, &directory);
	mode_t mask;

	if (error)
		return error;
	unlinkat(directory, CONFIRM_LEAF, 0);
	fd = open_socket();
	error = fd < 0 ? fd : 0;
	mask = umask(0177);
	if (!error && (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 16)))
		error = -errno;
	umask(mask);
	close(directory);
	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

static int confirm(const struct invocation *in, const char *name)
{
	uint64_t left_ms;
	int error = confirm_ask(in, name, CONFIRM_KEEP, &left_ms);

	switch (error) {
	case 0:
		printf("%s stays; %.1f s were left\n", name, (double)left_ms / 1000);
		return VERB_DONE;
	case -ENOENT:
		return verb_say(VERB_FAILED, "nothing waits for confirmation: %s stays until `cellctl down`", name);
	case -ECONNRESET:
		return verb_say(VERB_FAILED, "too late: %s is being taken down", name);
	default:
		return verb_say(VERB_FAILED, "%s cannot be confirmed: %s", name, strerror(-error));
	}
}

/* With --undo-after it is the process that waits: `up` starts it so, with the socket at CONFIRM_FD. */
int verb_confirm(const struct invocation *in)
{
	struct invocation mine = *in;
	const char *after;
	uint64_t seconds = 0;
	char name[32];
	int code = verb_option(&mine, "--undo-after", &after);

	if (code || mine.argc != 1 || (after && confirm_seconds(after, &seconds)))
		return code ? code : verb_usage("confirm");
	if (geteuid())
		return verb_say(VERB_FAILED, "confirm needs root: sudo cellctl confirm");
	code = verb_organism(in, name);
	if (code)
		return code;
	mine.name = name;
	return after ? confirm_wait(&mine, seconds) : confirm(in, name);
}
