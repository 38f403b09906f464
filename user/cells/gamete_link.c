/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One link: a TCP connection on which both sides prove the organism's key, then sealed frames. Strangers are not answered. */
#include "cells/gamete.h"
#include "cells/cell.h"
#include "dna/dna.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define THROWN_AWAY 4096

static struct link_secret secrets[LINKS];
static struct handshake_seen seen;
static uint8_t frame[STREAM_FRAME_MOST], clear[LINK_IN];

/* What was sealed lies in the clear for a moment: a key may be among it. */
int link_lock(void)
{
	int error = secret_lock(secrets, sizeof(secrets));

	return error ? error : secret_lock(clear, sizeof(clear));
}

static struct link_secret *secret_of(const struct gamete_cell *g, const struct link *l)
{
	return &secrets[l - g->link];
}

const uint8_t *link_script(const struct gamete_cell *g, const struct link *l)
{
	return secret_of(g, l)->script;
}

bool link_is_open(const struct link *l)
{
	return l->step == LINK_FRAME_HEAD || l->step == LINK_FRAME;
}

uint32_t link_room(const struct link *l)
{
	return LINK_OUT - l->out_n;
}

static void await(struct link *l, enum link_step step, uint32_t need)
{
	l->step = step;
	l->have = 0;
	l->need = need;
}

static void watch(const struct gamete_cell *g, struct link *l, int how)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = (uint32_t)(l - g->link) };

	l->waits = l->out_n || l->step == LINK_CONNECTS;
	if (l->waits)
		e.events |= EPOLLOUT;
	epoll_ctl(plan_nest(g->t->plan, g->t->slot), how, l->fd, &e);
}

void link_close(struct gamete_cell *g, struct link *l, const char *why)
{
	int row = l->row;
	bool linked = l->greeted, mine = !l->called;

	/* Who said something, and left it at that. */
	if (l->step == LINK_FIRST && l->have)
		foreign_present(g, l, "no whole first message");
	if (linked && row >= 0)
		tissue_log(g->t, "the link to %s is gone: %s", g->row[row].address, why);
	close(l->fd);
	secret_wipe(secret_of(g, l), sizeof(struct link_secret));
	l->step = LINK_NONE;
	l->greeted = false;
	l->met = 0;
	l->out_n = 0;
	if (row >= 0 && (linked || mine))
		family_lost(g, row, linked);
}

/* 0, also when something is left for later; or -errno. */
static int flush(struct gamete_cell *g, struct link *l)
{
	while (l->out_n) {
		ssize_t n = send(l->fd, l->out, l->out_n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		l->out_n -= (uint32_t)n;
		memmove(l->out, l->out + n, l->out_n);
	}
	if (l->waits != (l->out_n > 0))
		watch(g, l, EPOLL_CTL_MOD);
	return 0;
}

static int put(struct gamete_cell *g, struct link *l, const uint8_t *bytes, size_t n)
{
	if (n > link_room(l))
		return -ENOBUFS;
	memcpy(l->out + l->out_n, bytes, n);
	l->out_n += (uint32_t)n;
	return flush(g, l);
}

void link_say(struct gamete_cell *g, struct link *l, enum stream_kind kind, const void *bytes, size_t n)
{
	int length = stream_push(&secret_of(g, l)->out, kind, bytes, n, false, frame);
	int error = length < 0 ? length : put(g, l, frame, (size_t)length);

	if (error)
		link_close(g, l, strerror(-error));
}

/* A place, or NULL; of callers who have not proved themselves there may be some only. */
static struct link *place_for(struct gamete_cell *g, const uint8_t *source)
{
	struct link *free_one = NULL;
	unsigned unproved = 0, same = 0;

	for (unsigned i = 0; i < LINKS; i++) {
		struct link *l = &g->link[i];

		if (l->step == LINK_NONE)
			free_one = l;
		else if (l->called && !l->greeted) {
			unproved++;
			same += source && !memcmp(l->source, source, 16);
		}
	}
	return source && (unproved >= LINKS / 2 || same >= LINKS_SOURCE) ? NULL : free_one;
}

static int begin(struct gamete_cell *g, struct link *l, int fd)
{
	int one = 1;

	l->fd = fd;
	l->row = -1;
	l->greeted = l->behind = l->walking = l->older = false;
	l->out_n = l->reach = 0;
	l->theirs_ns = l->theirs_at_ns = l->peer = 0;
	l->signals = (struct signals){ 0 };
	l->spread = (struct spread_link){ 0 };
	l->contagions = l->vitals_ms = l->votes = l->met = 0;
	l->estranged = false;
	l->until_ms = g->now_ms + LINK_PROVE_MS;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ? -errno : 0;
}

/* IPv4 mapped; of IPv6 the /64. */
static void source_of(const struct sockaddr_storage *from, uint8_t source[16])
{
	memset(source, 0, 16);
	if (from->ss_family == AF_INET6) {
		memcpy(source, &((const struct sockaddr_in6 *)from)->sin6_addr, 8);
	} else {
		source[10] = source[11] = 0xff;
		memcpy(source + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
	}
}

void link_accept(struct gamete_cell *g)
{
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof(from);
	int fd = accept4(FD_LINK_LISTENER, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uint8_t source[16];
	struct link *l;

	if (fd < 0)
		return;
	source_of(&from, source);
	l = place_for(g, source);
	if (!l || begin(g, l, fd)) {
		close(fd);
		return;
	}
	l->called = true;
	memcpy(l->source, source, sizeof(source));
	await(l, LINK_FIRST, HANDSHAKE_FIRST_BYTES);
	watch(g, l, EPOLL_CTL_ADD);
}

static int dial(const char *address)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct dna_listen to;
	int fd, error;

	if (!dna_listen_read(address, &to))
		return -EINVAL;
	six.sin6_port = four.sin_port = htons(to.port);
	memcpy(&six.sin6_addr, to.addr, 16);
	memcpy(&four.sin_addr, to.addr, 4);
	fd = socket(to.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (to.family == AF_INET6)
		error = connect(fd, (struct sockaddr *)&six, sizeof(six));
	else
		error = connect(fd, (struct sockaddr *)&four, sizeof(four));
	if (!error || errno == EINPROGRESS)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

void link_call(struct gamete_cell *g, int row)
{
	struct link *l = place_for(g, NULL);
	int fd = l ? dial(g->row[row].address) : -ENOBUFS;

	if (fd < 0 || begin(g, l, fd)) {
		if (fd >= 0)
			close(fd);
		family_lost(g, row, false);
		return;
	}
	l->called = false;
	l->row = row;
	await(l, LINK_CONNECTS, 0);
	g->row[row].state = HOST_CALLING;
	family_put(g, row);
	watch(g, l, EPOLL_CTL_ADD);
}

/* Ours; or, every other time while it is vouched for, the key before, which an older copy still trusts. */
static const uint8_t *trust_of(const struct gamete_cell *g, int row)
{
	const struct credential *c = &self_pair()->credential;

	return g->calling[row].tries % 2 && credential_has_previous(c, (uint64_t)time(NULL)) ? c->previous : c->public;
}

static int speak_first(struct gamete_cell *g, struct link *l)
{
	struct link_secret *s = secret_of(g, l);
	uint8_t first[HANDSHAKE_FIRST_BYTES];
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n) || error)
		return error ? -error : -errno;
	error = handshake_call(&s->handshake, trust_of(g, l->row), self_pair(), HANDSHAKE_LINK, (uint64_t)time(NULL), first);
	await(l, LINK_SECOND, HANDSHAKE_SECOND_BYTES);
	watch(g, l, EPOLL_CTL_MOD);
	return error ? error : put(g, l, first, sizeof(first));
}

static int hear_second(struct gamete_cell *g, struct link *l)
{
	struct link_secret *s = secret_of(g, l);
	uint8_t third[HANDSHAKE_THIRD_BYTES], trust[SECRET_PUBLIC_BYTES];
	int error;

	memcpy(trust, s->handshake.trust, sizeof(trust));
	l->older = !secret_equal(trust, self_pair()->credential.public, sizeof(trust));
	error = handshake_answer(&s->handshake, self_pair(), trust, l->in, third, &s->out);
	await(l, LINK_HEAD, SECRET_STREAM_HEAD_BYTES);
	return error ? error : put(g, l, third, sizeof(third));
}

static int hear_head(struct gamete_cell *g, struct link *l)
{
	struct link_secret *s = secret_of(g, l);
	int error = handshake_finish(&s->handshake, l->in, &s->in);

	memcpy(s->script, s->handshake.script, sizeof(s->script));
	secret_wipe(&s->handshake, sizeof(s->handshake));
	await(l, LINK_FRAME_HEAD, STREAM_HEAD_BYTES);
	if (!error)
		talk_hello(g, l);
	return error;
}

static int hear_as(struct gamete_cell *g, struct link *l, const struct identity *mine, uint8_t second[HANDSHAKE_SECOND_BYTES])
{
	return handshake_hear(&secret_of(g, l)->handshake, mine->credential.public, mine->seed, HANDSHAKE_LINK, (uint64_t)time(NULL), &seen,
		l->in, second);
}

/* 0, also for a stranger: he notices nothing. Who has the key before is answered with that, as long as it is accepted. */
static int hear_first(struct gamete_cell *g, struct link *l)
{
	uint8_t second[HANDSHAKE_SECOND_BYTES];
	int error = hear_as(g, l, self_pair(), second);

	l->older = error && self_before() && !hear_as(g, l, self_before(), second);
	if (error && !l->older) {
		/* Another version, a clock that is off, too many at once: no stranger is shown by these. */
		if (error == -EACCES || error == -EALREADY)
			foreign_present(g, l, error == -EACCES ? "wrong key" : "first message of an earlier call");
		l->step = LINK_DEAF;
		return 0;
	}
	await(l, LINK_THIRD, HANDSHAKE_THIRD_BYTES);
	return put(g, l, second, sizeof(second));
}

static int hear_third(struct gamete_cell *g, struct link *l)
{
	struct link_secret *s = secret_of(g, l);
	uint8_t head[SECRET_STREAM_HEAD_BYTES];

	if (handshake_close(&s->handshake, l->in, &s->in, &s->out, head)) {
		foreign_present(g, l, "wrong proof after a right first message");
		l->step = LINK_DEAF;
		return 0;
	}
	memcpy(s->script, s->handshake.script, sizeof(s->script));
	secret_wipe(&s->handshake, sizeof(s->handshake));
	await(l, LINK_FRAME_HEAD, STREAM_HEAD_BYTES);
	return put(g, l, head, sizeof(head));
}

static int hear_frame(struct gamete_cell *g, struct link *l)
{
	enum stream_kind kind;
	bool last;
	int n;

	if (l->step == LINK_FRAME_HEAD) {
		n = stream_length(l->in);
		if (n < 0 || n > (int)LINK_IN)
			return -EMSGSIZE;
		await(l, LINK_FRAME, (uint32_t)n);
		return 0;
	}
	n = stream_pull(&secret_of(g, l)->in, l->in, l->need, clear, &kind, &last);
	if (n < 0)
		return n;
	await(l, LINK_FRAME_HEAD, STREAM_HEAD_BYTES);
	l->heard_ms = g->now_ms;
	n = talk_hear(g, l, kind, clear + 1, (size_t)n);
	secret_wipe(clear, sizeof(clear));
	return n;
}

static int hear(struct gamete_cell *g, struct link *l)
{
	switch (l->step) {
	case LINK_SECOND:
		return hear_second(g, l);
	case LINK_HEAD:
		return hear_head(g, l);
	case LINK_FIRST:
		return hear_first(g, l);
	case LINK_THIRD:
		return hear_third(g, l);
	default:
		return hear_frame(g, l);
	}
}

/* -EPIPE at the end, -EAGAIN when nothing is left. */
static int take(struct gamete_cell *g, struct link *l)
{
	static uint8_t thrown[THROWN_AWAY];
	bool deaf = l->step == LINK_DEAF;
	ssize_t n = deaf ? recv(l->fd, thrown, sizeof(thrown), MSG_DONTWAIT) :
			   recv(l->fd, l->in + l->have, l->need - l->have, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	if (deaf)
		return 0;
	l->have += (uint32_t)n;
	return l->have < l->need ? 0 : hear(g, l);
}

void link_event(struct gamete_cell *g, struct link *l, uint32_t events)
{
	int error = 0;

	if (l->step == LINK_CONNECTS)
		error = speak_first(g, l);
	else if (events & EPOLLOUT)
		error = flush(g, l);
	if (!error && (events & EPOLLOUT))
		talk_go_on(g, l);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		for (int i = 0; i < 64 && !error && l->step != LINK_NONE && l->step != LINK_CONNECTS; i++)
			error = take(g, l);
	if (error && error != -EAGAIN && l->step != LINK_NONE)
		link_close(g, l, error == -EPIPE ? "the other side has ended it" : strerror(-error));
}
