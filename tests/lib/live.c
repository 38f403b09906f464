// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One process, one epoll set; every client is a small machine: rest, connect, ask, read, and again.
#include "live.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lab.h"

#define LIFE_S	  180 /* after which one that was forgotten ends */
#define HEAD_MAX  1024
#define KEPT_TEXT "GET /index.html HTTP/1.1\r\nHost: lab\r\n\r\n"
#define ANEW_TEXT "GET /index.html HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n"

struct client {
	int fd; /* -1: rests, and then connects */
	bool keeps;
	bool asked, has_asked;
	double at; /* when it asked or connected; while it rests: when that ends */
	size_t n, whole;
	char in[HEAD_MAX];
};

static struct client clients[LIVE_MAX];

struct shop {
	const struct live *l;
	int epoll;
	unsigned n, busy;
};

void live_sources(unsigned n)
{
	char command[512];

	snprintf(command, sizeof(command), "for i in $(seq 1 %u); do ip addr add 10.99.1.$i/16 dev eth0; done 2>/dev/null", n);
	cr_assert_geq(system(command), 0);
}

static void hang_up(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->has_asked = false;
}

static void rest(struct shop *s, struct client *c)
{
	if (c->asked)
		s->busy--;
	c->asked = false;
	c->at = lab_now() + s->l->rest_ms / 1000.0;
}

static void lose(struct shop *s, struct client *c)
{
	s->l->so_far->lost++;
	hang_up(c);
	rest(s, c);
}

static void ask(struct shop *s, struct client *c)
{
	const char *text = c->keeps ? KEPT_TEXT : ANEW_TEXT;
	ssize_t n = send(c->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);

	/* While it connects; the set tells when it has. */
	if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
		return;
	if (n != (ssize_t)strlen(text)) {
		lose(s, c);
		return;
	}
	c->has_asked = true;
	c->n = c->whole = 0;
}

static void connect_one(struct shop *s, struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LAB_PORT) }, from = { .sin_family = AF_INET };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
	unsigned nth = (unsigned)(c - clients);
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, LAB_SERVER_V4, &to.sin_addr);
	from.sin_addr.s_addr = htonl(0x0a630101 + nth % (s->l->sources ? s->l->sources : 1));
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (c->fd < 0 || (s->l->sources && bind(c->fd, (void *)&from, sizeof(from))) ||
		(connect(c->fd, (void *)&to, sizeof(to)) && errno != EINPROGRESS) || epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &e))
		lose(s, c);
}

static void begin(struct shop *s, struct client *c)
{
	c->asked = true;
	s->busy++;
	c->at = lab_now();
	if (c->fd < 0)
		connect_one(s, c);
	else
		ask(s, c);
}

/* The answer's length, once its head is there; 0 before, -1 when it is not what was asked for. */
static long whole_of(const struct client *c)
{
	const char *end = memmem(c->in, c->n, "\r\n\r\n", 4), *length;

	if (!end)
		return 0;
	length = strcasestr(c->in, "\r\nContent-Length:");
	if (strncmp(c->in, "HTTP/1.1 200", 12) || !length || length > end)
		return -1;
	return end + 4 - c->in + atol(length + 17);
}

static void answered(struct shop *s, struct client *c)
{
	if (c->keeps)
		s->l->so_far->kept++;
	else
		s->l->so_far->anew++;
	if (!c->keeps)
		hang_up(c);
	c->has_asked = false;
	rest(s, c);
}

/* A connection of its own is answered when the server has closed it: whoever closes first keeps the port for a minute. */
static void take(struct shop *s, struct client *c)
{
	ssize_t n;

	while (c->n < HEAD_MAX - 1 && (n = recv(c->fd, c->in + c->n, HEAD_MAX - 1 - c->n, 0)) != -1) {
		long whole;

		c->n += (size_t)n;
		c->in[c->n] = 0;
		whole = whole_of(c);
		if (whole < 0 || (!n && (!whole || c->n < (size_t)whole))) {
			lose(s, c);
			return;
		}
		if (whole && c->n >= (size_t)whole && (c->keeps || !n)) {
			answered(s, c);
			return;
		}
	}
	if (errno != EAGAIN)
		lose(s, c);
}

static void attend(struct shop *s, const struct epoll_event *e)
{
	struct client *c = e->data.ptr;

	if (c->fd < 0 || !c->asked)
		return;
	if (!c->has_asked)
		ask(s, c);
	if (c->has_asked && e->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		take(s, c);
	else if (c->fd >= 0 && e->events & (EPOLLHUP | EPOLLERR))
		lose(s, c);
}

/* Those who have rested ask again, those who have waited too long have lost. */
static void look_round(struct shop *s)
{
	double now = lab_now();

	for (unsigned i = 0; i < s->n; i++) {
		struct client *c = &clients[i];

		if (c->asked && now > c->at + LIVE_LATE_S)
			lose(s, c);
		if (!c->asked && now >= c->at && !*s->l->stop)
			begin(s, c);
	}
}

static _Noreturn void live_on(const struct live *l)
{
	struct shop s = { .l = l, .epoll = epoll_create1(EPOLL_CLOEXEC), .n = l->kept + l->anew };
	struct epoll_event e[64];

	alarm(LIFE_S);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < s.n; i++)
		clients[i] = (struct client){ .fd = -1, .keeps = i < l->kept };
	while (!*l->stop || s.busy) {
		int n;

		look_round(&s);
		n = epoll_wait(s.epoll, e, 64, 1);
		for (int i = 0; i < n; i++)
			attend(&s, &e[i]);
	}
	_exit(0);
}

void live_start(struct live *l)
{
	char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(shared != MAP_FAILED && l->kept + l->anew <= LIVE_MAX);
	l->so_far = (volatile struct live_counts *)shared;
	l->stop = (volatile int *)(shared + 2048);
	fflush(NULL);
	l->pid = fork();
	cr_assert_geq(l->pid, 0);
	if (!l->pid)
		live_on(l);
}

struct live_counts live_end(struct live *l)
{
	struct live_counts all;

	*l->stop = 1;
	cr_assert_eq(waitpid(l->pid, NULL, 0), l->pid);
	all = *l->so_far;
	munmap((void *)(uintptr_t)l->so_far, 4096);
	return all;
}
