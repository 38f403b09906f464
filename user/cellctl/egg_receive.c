/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receiver: without root or files; a stranger's connection is silence of one length, whatever he tries. */
#include "cellctl/egg_receive.h"
#include "cellctl/confine.h"
#include "link/spore.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FD_LISTENER 3
#define FD_KEEPER   4
#define FD_FREE	    5
#define EVENT_LISTENER VISITORS
#define EVENT_KEEPER   (VISITORS + 1)
#define EVENTS_AT_ONCE	       16
#define LOCKED_BYTES   (1u << 20)
#define THROWN_AWAY    4096

uint64_t receiver_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void receiver_say(struct receiver *r, const struct visitor *v, const char *what, int error)
{
	uint64_t now = receiver_now_ms();
	char from[INET6_ADDRSTRLEN];

	if (r->said_ms && now < r->said_ms + 1000) {
		r->unsaid++;
		return;
	}
	inet_ntop(AF_INET6, v->source, from, sizeof(from));
	fprintf(stderr, "cellctl: egg: %s: %s%s%s", from, what, error ? ": " : "", error ? strerror(-error) : "");
	if (r->unsaid)
		fprintf(stderr, " (and %u lines more)", r->unsaid);
	fputc('\n', stderr);
	r->unsaid = 0;
	r->said_ms = now;
}

void visitor_await(struct visitor *v, enum visitor_state state, uint8_t *at, uint32_t n)
{
	v->state = state;
	v->at = at;
	v->have = 0;
	v->need = n;
}

static void watch_listener(struct receiver *r, bool on)
{
	struct epoll_event e = { .events = on ? EPOLLIN : 0, .data.u32 = EVENT_LISTENER };

	r->full = !on;
	epoll_ctl(r->epoll, EPOLL_CTL_MOD, FD_LISTENER, &e);
}

void visitor_close(struct receiver *r, struct visitor *v)
{
	if (r->guest == v)
		guest_forget(r);
	close(v->fd);
	secret_wipe(v, sizeof(*v));
	if (r->full)
		watch_listener(r, true);
}

/* From now on nothing he says is heard; he notices it at the same moment as everybody else. */
static void turn_deaf(struct receiver *r, struct visitor *v, const char *what, int error)
{
	receiver_say(r, v, what, error);
	secret_wipe(&v->handshake, sizeof(v->handshake));
	v->state = VISITOR_DEAF;
}

static void hear_first(struct receiver *r, struct visitor *v)
{
	uint8_t second[HANDSHAKE_SECOND_BYTES];
	int error = handshake_hear(&v->handshake, r->e->trust, r->e->seed, HANDSHAKE_SPORE, (uint64_t)time(NULL), &r->seen, v->room,
		second);

	if (error)
		return turn_deaf(r, v, "a stranger, or an altered, old or repeated message, gets no answer", error);
	if (send(v->fd, second, sizeof(second), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(second))
		return turn_deaf(r, v, "cannot be answered", -errno);
	visitor_await(v, VISITOR_DOUBTED, v->room, HANDSHAKE_THIRD_BYTES);
}

static void hear_third(struct receiver *r, struct visitor *v)
{
	uint8_t head[SECRET_STREAM_HEAD_BYTES];
	struct stream in, out;
	int error = handshake_close(&v->handshake, v->room, &in, &out, head);

	if (error)
		return turn_deaf(r, v, "began as the trusted organism and did not prove it", error);
	if (!r->guest)
		error = guest_begin(r, v);
	else
		error = -EBUSY;
	if (!error) {
		r->in = in;
		r->out = out;
		if (send(v->fd, head, sizeof(head), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(head))
			error = -EIO;
	}
	secret_wipe(&in, sizeof(in));
	secret_wipe(&out, sizeof(out));
	if (error) {
		receiver_say(r, v, "the trusted organism cannot be received now", error);
		visitor_close(r, v);
	}
}

static void throw_away(struct receiver *r, struct visitor *v)
{
	char bytes[THROWN_AWAY];
	ssize_t n = recv(v->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (!n || (n < 0 && errno != EAGAIN))
		visitor_close(r, v);
}

static void hear(struct receiver *r, struct visitor *v)
{
	ssize_t n;
	int error;

	if (v->state == VISITOR_DEAF || v->state == VISITOR_WAITS)
		return throw_away(r, v);
	n = recv(v->fd, v->at + v->have, v->need - v->have, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (v == r->guest)
			receiver_say(r, v, "the transfer was interrupted; nothing is installed", n ? -errno : 0);
		return visitor_close(r, v);
	}
	v->have += (uint32_t)n;
	if (v->have < v->need)
		return;
	if (v->state == VISITOR_HEARD)
		return hear_first(r, v);
	if (v->state == VISITOR_DOUBTED)
		return hear_third(r, v);
	error = guest_take(r);
	if (error) {
		receiver_say(r, v, "what the trusted organism sends is not in order; nothing is installed", error);
		visitor_close(r, v);
	}
}

static void source_of(const struct sockaddr_storage *from, uint8_t source[16])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	memset(source, 0, 16);
	if (from->ss_family == AF_INET6) {
		memcpy(source, &six->sin6_addr, 8);
	} else {
		source[10] = source[11] = 0xff;
		memcpy(source + 12, &four->sin_addr, 4);
	}
}

/* A place for him, unless his source has as many as one may have. */
static struct visitor *place_for(struct receiver *r, const uint8_t source[16])
{
	struct visitor *free_one = NULL;
	unsigned same = 0;

	for (int i = 0; i < VISITORS; i++) {
		struct visitor *v = &r->visitor[i];

		if (v->state == VISITOR_NONE)
			free_one = v;
		else if (!memcmp(v->source, source, 16))
			same++;
	}
	return same < VISITORS_SOURCE ? free_one : NULL;
}

static bool any_place(const struct receiver *r)
{
	for (int i = 0; i < VISITORS; i++)
		if (r->visitor[i].state == VISITOR_NONE)
			return true;
	return false;
}

/* Whatever he has said, so that it tells him nothing. */
static struct visitor *eldest_stranger(struct receiver *r)
{
	struct visitor *eldest = NULL;

	for (int i = 0; i < VISITORS; i++) {
		struct visitor *v = &r->visitor[i];
		bool stranger = v->state == VISITOR_HEARD || v->state == VISITOR_DOUBTED || v->state == VISITOR_DEAF;

		if (stranger && (!eldest || v->until_ms < eldest->until_ms))
			eldest = v;
	}
	return eldest;
}

static uint64_t yields_ms(const struct visitor *v)
{
	return v->until_ms - VISIT_MS + YIELD_MS;
}

/* With all places taken, who calls waits in the kernel's queue until one is given up. */
static bool make_place(struct receiver *r)
{
	struct visitor *eldest;

	if (any_place(r))
		return true;
	eldest = eldest_stranger(r);
	if (!eldest || receiver_now_ms() < yields_ms(eldest))
		return false;
	visitor_close(r, eldest);
	return true;
}

static void let_in(struct receiver *r)
{
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof(from);
	struct epoll_event e = { .events = EPOLLIN };
	uint8_t source[16];
	struct visitor *v;
	int fd;

	if (!make_place(r))
		return watch_listener(r, false);
	fd = accept4(FD_LISTENER, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	source_of(&from, source);
	v = place_for(r, source);
	if (!v) {
		close(fd);
		return;
	}
	v->fd = fd;
	v->until_ms = receiver_now_ms() + VISIT_MS;
	memcpy(v->source, source, sizeof(source));
	visitor_await(v, VISITOR_HEARD, v->room, HANDSHAKE_FIRST_BYTES);
	e.data.u32 = (uint32_t)(v - r->visitor);
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e))
		visitor_close(r, v);
}

static void hear_keeper(struct receiver *r)
{
	static struct egg_answer answer;

	/* Without a keeper there is nothing to wait for. */
	if (recv(FD_KEEPER, &answer, sizeof(answer), 0) != sizeof(answer))
		_exit(VERB_FAILED);
	answer.say[sizeof(answer.say) - 1] = 0;
	guest_answer(r, &answer);
	if (!answer.code && !r->guest)
		_exit(VERB_DONE);
}

/* Closes whose time is over. How long nothing will happen by itself; -1: for ever. */
static int look_at_the_clock(struct receiver *r)
{
	uint64_t now = receiver_now_ms(), next = 0;
	struct visitor *eldest;

	for (int i = 0; i < VISITORS; i++) {
		struct visitor *v = &r->visitor[i];

		if (v->state != VISITOR_NONE && v->until_ms <= now)
			visitor_close(r, v);
		if (v->state != VISITOR_NONE && (!next || v->until_ms < next))
			next = v->until_ms;
	}
	if (r->laid && !r->guest)
		_exit(VERB_DONE);
	eldest = r->full ? eldest_stranger(r) : NULL;
	if (eldest && yields_ms(eldest) <= now)
		watch_listener(r, true);
	else if (eldest && yields_ms(eldest) < next)
		next = yields_ms(eldest);
	return next ? (int)(next - now) : -1;
}

static void live(struct receiver *r)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	for (;;) {
		int n = epoll_wait(r->epoll, events, EVENTS_AT_ONCE, look_at_the_clock(r));

		for (int i = 0; i < n; i++) {
			uint32_t who = events[i].data.u32;

			if (who == EVENT_LISTENER)
				let_in(r);
			else if (who == EVENT_KEEPER)
				hear_keeper(r);
			else if (who < VISITORS && r->visitor[who].state != VISITOR_NONE)
				hear(r, &r->visitor[who]);
		}
	}
}

/* Everything but the log, the listener and the keeper goes. */
static int arrange(const struct egg *e, int keeper)
{
	/* Above their places first: either may lie where the other goes. */
	int listener = fcntl(e->listener, F_DUPFD_CLOEXEC, FD_FREE), wire = fcntl(keeper, F_DUPFD_CLOEXEC, FD_FREE);

	if (listener < 0 || wire < 0 || dup2(listener, FD_LISTENER) < 0 || dup2(wire, FD_KEEPER) < 0)
		return -errno;
	return syscall(SYS_close_range, (unsigned)FD_FREE, ~0U, 0) ? -errno : 0;
}

static int seal(struct receiver *r)
{
	struct rlimit l = { LOCKED_BYTES, LOCKED_BYTES };
	struct passwd *nobody = getpwnam("nobody");
	int error;

	if (!nobody || !nobody->pw_uid)
		return -ENOENT;
	if (setrlimit(RLIMIT_MEMLOCK, &l))
		return -errno;
	error = arrange(r->e, (int)r->keeper);
	if (!error)
		error = secret_lock(r, sizeof(*r));
	if (!error)
		error = secret_lock((void *)(uintptr_t)r->e->seed, SECRET_SEED_BYTES);
	r->epoll = error ? -1 : epoll_create1(EPOLL_CLOEXEC);
	if (!error && r->epoll < 0)
		error = -errno;
	return error ? error : confine_network(nobody->pw_uid, nobody->pw_gid, SPORE_MOST);
}

_Noreturn void egg_receive(const struct egg *e, int keeper)
{
	static struct receiver r;
	struct epoll_event listener = { .events = EPOLLIN, .data.u32 = EVENT_LISTENER };
	struct epoll_event wire = { .events = EPOLLIN, .data.u32 = EVENT_KEEPER };
	int error;

	r = (struct receiver){ .e = e, .keeper = keeper, .spore = -1 };
	error = seal(&r);
	r.keeper = FD_KEEPER;
	if (!error && (epoll_ctl(r.epoll, EPOLL_CTL_ADD, FD_LISTENER, &listener) || epoll_ctl(r.epoll, EPOLL_CTL_ADD, FD_KEEPER, &wire)))
		error = -errno;
	if (error || write(FD_KEEPER, "r", 1) != 1)
		_exit(verb_say(VERB_FAILED, "the egg's network process cannot be sealed: %s", strerror(-error)));
	live(&r);
	_exit(VERB_DONE);
}
