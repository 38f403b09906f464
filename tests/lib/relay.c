/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One connection between two sockets, in a process that ends with it. */
#include "relay.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 4096

static struct sockaddr_in place(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address) };
}

/* left: bytes until the cut, or -1. False at the end. */
static bool pass(int from, int to, long *left)
{
	char bytes[PIECE];
	ssize_t n = recv(from, bytes, *left >= 0 && *left < PIECE ? (size_t)*left : PIECE, 0);

	if (n <= 0 || send(to, bytes, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	*left -= *left >= 0 ? n : 0;
	return *left != 0;
}

/* The caller's side, where the harm is done. False at its end. */
static bool harm(const struct relay *r, int from, int to)
{
	size_t at = *r->said_n, room = RELAY_RECORD - at;
	ssize_t n;

	if (r->cut >= 0 && (size_t)r->cut - at < room)
		room = (size_t)r->cut - at;
	if (!room)
		return false;
	n = recv(from, r->said + at, room < PIECE ? room : PIECE, 0);
	if (n <= 0)
		return false;
	if (r->flip >= (long)at && r->flip < (long)at + n)
		r->said[r->flip] ^= 0x40;
	*r->said_n += (size_t)n;
	return send(to, r->said + at, (size_t)n, MSG_NOSIGNAL) == n;
}

static _Noreturn void serve(const struct relay *r, int listener)
{
	struct sockaddr_in egg = place(INADDR_LOOPBACK, r->to);
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	long back = r->cut_back ? r->cut_back : -1;
	bool on;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	p[0].fd = accept(listener, NULL, NULL);
	p[1].fd = socket(AF_INET, SOCK_STREAM, 0);
	on = p[0].fd >= 0 && !connect(p[1].fd, (struct sockaddr *)&egg, sizeof(egg));
	while (on && poll(p, 2, -1) > 0) {
		if (p[0].revents)
			on = harm(r, p[0].fd, p[1].fd);
		if (on && p[1].revents)
			on = pass(p[1].fd, p[0].fd, &back);
	}
	_exit(0);
}

void relay_start(struct relay *r)
{
	struct sockaddr_in at = place(INADDR_ANY, r->port);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	uint8_t *shared = mmap(NULL, RELAY_RECORD + sizeof(size_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(listener >= 0 && shared != MAP_FAILED);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	cr_assert(!bind(listener, (struct sockaddr *)&at, sizeof(at)) && !listen(listener, 1));
	r->said = shared;
	r->said_n = (size_t *)(void *)(shared + RELAY_RECORD);
	r->pid = fork();
	cr_assert_geq(r->pid, 0);
	if (!r->pid)
		serve(r, listener);
	close(listener);
}

void relay_end(struct relay *r)
{
	cr_assert_eq(waitpid(r->pid, NULL, 0), r->pid);
}
