/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keeper: root, asleep; never reads a byte of the network but a signed spore that the receiver hands over. */
#include "cellctl/egg.h"
#include "link/spore.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNCHANGEABLE (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define AGAIN_S	     1 /* before a receiver that died is replaced */
#define FAREWELL_MS  5000

struct keeper {
	struct egg *e;
	uint64_t until_s; /* boot clock; 0: for ever */
	pid_t receiver;
	int wire;
};

static uint64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec;
}

/* A receiver that says it is sealed; or what is wrong. */
static int bear_receiver(struct keeper *k)
{
	int pair[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	k->receiver = fork();
	if (k->receiver < 0)
		return -errno;
	if (!k->receiver) {
		close(pair[0]);
		egg_receive(k->e, pair[1]);
	}
	close(pair[1]);
	k->wire = pair[0];
	return read(k->wire, &byte, 1) == 1 ? 0 : -ECHILD;
}

static void bury_receiver(struct keeper *k, int signal)
{
	if (signal)
		kill(k->receiver, signal);
	waitpid(k->receiver, NULL, 0);
	close(k->wire);
	k->wire = -1;
}

static int await(const struct keeper *k, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now = now_s();
	int timeout = -1;

	if (k->until_s)
		timeout = k->until_s <= now ? 0 : k->until_s - now > 3600 ? 3600 * 1000 : (int)(k->until_s - now) * 1000;
	return poll(&p, 1, timeout);
}

/* What the receiver hands over; it is not believed: size, number of descriptors, seals. The descriptor or -errno. */
static int take(int wire, struct egg_handover *keys)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = keys, .iov_len = sizeof(*keys) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(wire, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd = -1, seals;

	if (n <= 0)
		return -ECHILD;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (fd < 0)
		return -EPROTO;
	seals = fcntl(fd, F_GET_SEALS);
	if (n == sizeof(*keys) && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && seals >= 0 && (seals & UNCHANGEABLE) == UNCHANGEABLE)
		return fd;
	close(fd);
	return -EPROTO;
}

/* Last words of the installation, on one line, for the mother. */
static void gather(int from, char say[EGG_SAY])
{
	char beyond[256];
	size_t n = 0;
	ssize_t got;

	while ((got = n < EGG_SAY - 1 ? read(from, say + n, EGG_SAY - 1 - n) : read(from, beyond, sizeof(beyond))) > 0) {
		dprintf(STDERR_FILENO, "%.*s", (int)got, n < EGG_SAY - 1 ? say + n : beyond);
		if (n < EGG_SAY - 1)
			n += (size_t)got;
	}
	while (n && say[n - 1] == '\n')
		n--;
	say[n] = 0;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)say[i] < ' ')
			say[i] = i + 1 < n && say[i] == '\n' ? ';' : ' ';
}

/* In a process of its own: whatever it does to itself ends with it, and no failure harms the keeper. */
static void install(const struct keeper *k, int spore, const struct egg_handover *keys, struct egg_answer *answer)
{
	int said[2], status = 0;
	pid_t pid;

	*answer = (struct egg_answer){ .code = VERB_FAILED };
	if (pipe2(said, O_CLOEXEC)) {
		snprintf(answer->say, sizeof(answer->say), "no pipe: %s", strerror(errno));
		return;
	}
	pid = fork();
	if (!pid) {
		dup2(said[1], STDOUT_FILENO);
		dup2(said[1], STDERR_FILENO);
		close(k->wire);
		status = egg_install(k->e, spore, keys);
		fflush(NULL);
		_exit(status);
	}
	close(said[1]);
	gather(said[0], answer->say);
	close(said[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		answer->code = WEXITSTATUS(status);
	if (answer->code && !answer->say[0])
		snprintf(answer->say, sizeof(answer->say), "the installation ended without a word");
}

/* True when an organism is laid, and the egg has nothing more to do. */
static bool serve(struct keeper *k)
{
	static struct egg_handover keys;
	static struct egg_answer answer;
	int spore, error;

	secret_lock(&keys, sizeof(keys));
	spore = take(k->wire, &keys);
	if (spore >= 0) {
		install(k, spore, &keys, &answer);
		close(spore);
		error = answer.code ? egg_skin_back(&k->e->skin, if_nametoindex(k->e->iface)) : 0;
		if (error)
			verb_say(0, "packets to the egg are screened no more: %s", strerror(-error));
		if (send(k->wire, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			verb_say(0, "the mother cannot be told: %s", strerror(errno));
	}
	secret_unlock(&keys, sizeof(keys));
	if (spore >= 0)
		return !answer.code;
	verb_say(0, spore == -ECHILD ? "the process that talks to the network died; another one follows" :
		"the process that talks to the network hands over what it must not; another one follows");
	bury_receiver(k, SIGKILL);
	sleep(AGAIN_S);
	if (bear_receiver(k))
		_exit(verb_say(VERB_FAILED, "the egg cannot go on: no process talks to the network"));
	return false;
}

static _Noreturn void leave(const struct keeper *k)
{
	uint64_t dropped = egg_skin_dropped(&k->e->skin);
	char path[PIN_PATH];

	if (dropped)
		verb_say(0, "%llu packets to the egg were dropped: malformed, or more than %d connections in a second from one source",
			(unsigned long long)dropped, EGG_SYNS_S);

	if (!egg_path(k->e->in, "lock", path))
		unlink(path);
	_exit(0);
}

_Noreturn void egg_keep(struct egg *e, int ready)
{
	struct keeper k = { .e = e, .until_s = e->for_s ? now_s() + e->for_s : 0, .wire = -1 };
	struct pollfd farewell = { .events = POLLIN };
	int error = bear_receiver(&k);

	if (error)
		_exit(verb_say(VERB_FAILED, "the egg cannot be made: %s", strerror(-error)));
	/* The secret of the egg is the receiver's; whoever follows after its death gets it from here. */
	if (write(ready, "r", 1) != 1)
		_exit(VERB_FAILED);
	close(ready);
	for (;;) {
		int n = await(&k, k.wire);

		if (n > 0 && serve(&k))
			break;
		if (!n && k.until_s && now_s() >= k.until_s) {
			verb_say(0, "nobody has come in time: the egg is gone");
			bury_receiver(&k, SIGKILL);
			leave(&k);
		}
	}
	farewell.fd = k.wire;
	poll(&farewell, 1, FAREWELL_MS);
	bury_receiver(&k, SIGKILL);
	leave(&k);
}
