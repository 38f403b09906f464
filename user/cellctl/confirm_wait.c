/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process that `up --confirm` leaves behind: waits for a word or for the time to be up, then takes the organism down. */
/*
 * May touch: its socket, a timer, and at the end everything that `cellctl down` does.
 * Never touches: the network, requests, any other input than one byte from root.
 * Dies when it is confirmed, when somebody else takes the organism down, or when it has done so itself. It is root, since
 * `down` needs that; it is not part of the organism, which lives without. Killed, it undoes nothing.
 */
#include "cellctl/confirm.h"
#include "cellctl/down.h"
#include "cellctl/pins.h"
#include "http/date.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define WORD_S  2   /* for a client that has connected to say its byte */
#define TRIES   300 /* of taking it down, while another cellctl is at it */
#define PAUSE_NS 200000000L

struct wait {
	const struct invocation *in;
	uint64_t seconds;
	int timer;
	char id[sizeof(((struct organism *)0)->id)]; /* of the organism: a later one of that name is not meant */
};

/* The organism that is pinned under the name now. 0 or -errno. */
static int identify(const struct invocation *in, char id[sizeof(((struct organism *)0)->id)])
{
	int fd = pin_map(in, in->name, "organism", true), error;
	struct organism o;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	error = bpf_map_lookup_elem(fd, &zero, &o) ? -errno : 0;
	if (!error)
		memcpy(id, o.id, sizeof(o.id));
	close(fd);
	return error;
}

static bool is_still_there(const struct wait *w)
{
	char id[sizeof(w->id)];

	return !identify(w->in, id) && !memcmp(id, w->id, sizeof(id));
}

static uint64_t left_ms(const struct wait *w)
{
	struct itimerspec t;

	if (timerfd_gettime(w->timer, &t))
		return 0;
	return (uint64_t)t.it_value.tv_sec * 1000 + (uint64_t)t.it_value.tv_nsec / 1000000;
}

/* The log goes with the run directory, so the system's log is told as well. */
static void say(const struct wait *w, const char *what)
{
	char date[HTTP_DATE_BYTES];

	http_date_format(time(NULL), date);
	printf("%.*s %s: %s\n", (int)HTTP_DATE_BYTES - 4, date, w->in->name, what);
	fflush(stdout);
	syslog(LOG_NOTICE, "%s: %s", w->in->name, what);
}

/* One client's word; 0 when there is none that counts. */
static char hear(const struct wait *w)
{
	const struct timeval patience = { .tv_sec = WORD_S };
	int fd = accept4(CONFIRM_FD, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer = { .uid = ~0u };
	socklen_t n = sizeof(peer);
	uint64_t left = left_ms(w);
	char word = 0;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || peer.uid || recv(fd, &word, 1, 0) != 1)
		word = 0;
	if (word && send(fd, &left, sizeof(left), MSG_NOSIGNAL) != (ssize_t)sizeof(left))
		word = 0;
	close(fd);
	return word;
}

static void forget_socket(const struct wait *w)
{
	char path[PIN_PATH];
	int n = snprintf(path, sizeof(path), "%s/%s/" CONFIRM_LEAF, w->in->run_dir, w->in->name);

	/* First the name: who finds it can still connect. */
	if (n > 0 && (size_t)n < sizeof(path))
		unlink(path);
	close(CONFIRM_FD);
}

static int undo(const struct wait *w)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int code = VERB_DONE;

	say(w, "not confirmed in time: it is taken down again");
	for (int i = 0; i < TRIES && is_still_there(w); i++) {
		code = down_organism(w->in, w->in->name);
		if (code)
			nanosleep(&pause, NULL);
	}
	if (is_still_there(w))
		say(w, "it could not be taken down");
	return code;
}

static int live(const struct wait *w)
{
	struct pollfd p[] = { { .fd = CONFIRM_FD, .events = POLLIN }, { .fd = w->timer, .events = POLLIN } };

	for (;;) {
		char word;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return verb_say(VERB_FAILED, "nobody will take %s down: %s", w->in->name, strerror(errno));
		word = p[0].revents & POLLIN ? hear(w) : 0;
		if (word == CONFIRM_KEEP)
			say(w, "confirmed: it stays");
		if (word == CONFIRM_KEEP || word == CONFIRM_GONE) {
			forget_socket(w);
			return VERB_DONE;
		}
		if (p[1].revents & POLLIN) {
			forget_socket(w);
			return undo(w);
		}
	}
}

int confirm_wait(const struct invocation *in, uint64_t seconds)
{
	/* Time that a laptop sleeps counts too. */
	const struct itimerspec once = { .it_value.tv_sec = (time_t)seconds };
	struct wait w = { .in = in, .seconds = seconds };
	int error = identify(in, w.id);

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	openlog("cellctl", LOG_PID, LOG_DAEMON);
	w.timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	if (!error && (w.timer < 0 || timerfd_settime(w.timer, 0, &once, NULL)))
		error = -errno;
	if (error)
		return verb_say(VERB_FAILED, "nobody will take %s down: %s", in->name, strerror(-error));
	return live(&w);
}
