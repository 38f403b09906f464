/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking connections in, pausing when there is no room, and giving everything back at the end. */
#include "cells/blood.h"
#include "cells/cell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BATCH  64
#define PAUSE_MS      100

static void conn_peer(struct conn *c, const struct sockaddr_storage *from)
{
	c->family = (uint16_t)from->ss_family;
	if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;

		memcpy(c->addr, &six->sin6_addr, 16);
		c->port = ntohs(six->sin6_port);
	} else {
		const struct sockaddr_in *four = (const struct sockaddr_in *)from;

		memcpy(c->addr, &four->sin_addr, 4);
		c->port = ntohs(four->sin_port);
	}
}

static int socket_cookie(int fd, uint64_t *cookie)
{
	socklen_t n = sizeof(*cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &n);
}

/* The descriptor is written last: a record with one is complete. */
static int conn_fresh(const struct dna *dna, struct conn *c, int fd, const struct sockaddr_storage *from)
{
	uint32_t serial = c->serial;
	uint64_t cookie;

	if (socket_cookie(fd, &cookie))
		return -errno;
	memset(c, 0, offsetof(struct conn, inline_in));
	c->fd = -1;
	c->serial = serial;
	c->cookie = cookie;
	c->phase = CONN_READING;
	c->flags = 0;
	c->slot = SYNAPSE_SLOTS;
	c->file = -1;
	conn_peer(c, from);
	client_enter(dna, c);
	COMMIT();
	c->fd = fd;
	COMMIT();
	return 0;
}

bool blood_enter(struct artery *a, int fd, const struct sockaddr_storage *from)
{
	uint32_t i = vessel_take(a->vessel);
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	struct conn *c;

	if (i == CONN_NONE) {
		close(fd);
		blood_pause(a);
		return false;
	}
	c = conn_at(a, i);
	if (conn_fresh(&a->t->germ->dna, c, fd, from)) {
		close(fd);
		vessel_give(a->vessel, i);
		return false;
	}
	a->open++;
	a->came = true;
	screen_enter(a, c);
	e.data.u64 = (uint64_t)c->serial << 32 | i;
	if (epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &e)) {
		blood_close(a, i);
		return false;
	}
	conn_deadline(a, i, screen_patience(a, a->t->germ->dna.head_ms));
	/* Without an answer: a client that is slow to take it would keep the record that others are to have. */
	if (screen_is_crowd(a, c))
		screen_cut(a, i);
	return true;
}

/* The DNA's limit holds for all vessels together; what others have is what they have published. */
static bool is_full(const struct artery *a)
{
	uint32_t open = a->open;

	for (uint32_t v = 0; v < a->t->plan->vessels; v++)
		open += v == a->v ? 0 : a->t->loads[v].connections;
	return open >= a->t->germ->dna.connections || a->open >= a->vessel->capacity;
}

void blood_accept(struct artery *a, uint32_t listen)
{
	int listener = plan_listener(a->t->plan, a->v, listen);

	for (int n = 0; n < ACCEPT_BATCH && !a->paused; n++) {
		struct sockaddr_storage from;
		socklen_t from_n = sizeof(from);
		uint64_t steered = a->t->vessels[a->v].steered;
		int fd;

		/* Not taken out of the kernel's queue before there is room for it. */
		if (is_full(a) && !blood_evict(a)) {
			blood_pause(a);
			break;
		}
		fd = accept4(listener, (struct sockaddr *)&from, &from_n, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			blood_enter(a, fd, &from);
			a->t->loads[a->v].connections = a->open;
			continue;
		}
		if (errno == EAGAIN)
			a->t->loads[a->v].accepted_at = steered;
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			blood_pause(a);
		else if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO)
			continue;
		break;
	}
}

/* Out of descriptors or records: the listeners leave the epoll set, so that nothing spins; the kernel's queue holds. */
void blood_pause(struct artery *a)
{
	static uint64_t told_ms;

	if (a->paused)
		return;
	a->paused = true;
	/* The next close ends the pause; else it is looked again who has fallen silent. */
	a->pause_until = a->now_ms + PAUSE_MS;
	for (uint32_t l = 0; l < a->t->plan->listens; l++)
		epoll_ctl(a->epoll, EPOLL_CTL_DEL, plan_listener(a->t->plan, a->v, l), NULL);
	/* One that leaves has room, but no use for it. */
	if (a->leave_by || (told_ms && a->now_ms - told_ms < TELL_AGAIN_MS))
		return;
	told_ms = a->now_ms;
	tissue_log(a->t, "no room for more connections (%u open): accepting pauses", a->open);
}

void blood_resume(struct artery *a)
{
	a->paused = false;
	for (uint32_t l = 0; l < a->t->plan->listens; l++) {
		struct epoll_event e = { .events = EPOLLIN, .data.u32 = EVENT_LISTENER + l };

		epoll_ctl(a->epoll, EPOLL_CTL_ADD, plan_listener(a->t->plan, a->v, l), &e);
	}
}

static void conn_drop_out(struct artery *a, struct conn *c)
{
	const struct conn_out *o = conn_out(c);

	if (c->phase != CONN_SENDING)
		return;
	if (o->kind == OUT_REPLY)
		a->vessel->reply[o->ref].refs--;
	else if (o->kind == OUT_BUFFER)
		vessel_output_give(a->vessel, o->ref);
}

void blood_close(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	int file = c->file;

	cw_assert(c->fd >= 0);
	conn_drop_out(a, c);
	conn_phase(c, CONN_CLOSING);
	if (c->slot < SYNAPSE_SLOTS)
		slot_abandon(a, i);
	c->file = -1;
	COMMIT();
	if (file >= 0)
		close(file);
	vessel_drop_input(a->vessel, c);
	screen_leave(a, c);
	close(c->fd);
	vessel_give(a->vessel, i);
	a->open--;
	a->t->loads[a->v].connections = a->open;
	if (a->paused && a->pause_until > a->now_ms + 1)
		a->pause_until = a->now_ms + 1;
}
