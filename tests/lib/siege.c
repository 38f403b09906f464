// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Each connection has its own clock; at every tick it connects, begins, or sends its next piece, and reads if it reads.
#include "siege.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lab.h"

#define LIFE_S	    180 /* after which one that was forgotten ends */
#define SOURCES_MAX 200
#define ENEMIES_MAX 1500

static const struct {
	const char *text;
	unsigned connections, sources, rate;
	const char *first, *more;
} sieges[] = {
#define X(NAME, says, connections, sources, rate, first, more) { says, connections, sources, rate, first, more },
	SIEGES(X)
#undef X
};

struct enemy {
	int fd;
	bool begun;
	double next;
};

static struct enemy enemies[ENEMIES_MAX];

const char *siege_text(enum siege_kind kind)
{
	return sieges[kind].text;
}

void siege_sources(void)
{
	cr_assert_eq(system("for i in $(seq 1 200); do echo addr add 100.64.1.$i/32 dev eth0; done | ip -batch -"), 0);
}

static void dial(struct enemy *e, unsigned nth, const struct siege *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LAB_PORT) }, from = { .sin_family = AF_INET };
	int one = 1, few = 2048;

	e->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, LAB_SERVER_V4, &to.sin_addr);
	from.sin_addr.s_addr = htonl(0x64400101 + nth % sieges[s->kind].sources);
	setsockopt(e->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (s->kind == SIEGE_SLOW_READ)
		setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof(few));
	e->begun = false;
	if (bind(e->fd, (void *)&from, sizeof(from)) || (connect(e->fd, (void *)&to, sizeof(to)) && errno != EINPROGRESS)) {
		close(e->fd);
		e->fd = -1;
	}
}

static void act(struct enemy *e, unsigned nth, const struct siege *s)
{
	const char *piece = e->begun ? sieges[s->kind].more : sieges[s->kind].first;
	char heap[4096];
	ssize_t n = 1;

	if (e->fd < 0) {
		dial(e, nth, s);
		++*s->acts;
		return;
	}
	while (s->kind != SIEGE_SLOW_READ && (n = recv(e->fd, heap, sizeof(heap), 0)) > 0)
		;
	if (!n || (n < 0 && errno != EAGAIN && errno != ENOTCONN)) {
		close(e->fd);
		e->fd = -1;
		return;
	}
	if (*piece && send(e->fd, piece, strlen(piece), MSG_NOSIGNAL) > 0) {
		e->begun = true;
		++*s->acts;
	}
}

static _Noreturn void rage(const struct siege *s)
{
	unsigned n = sieges[s->kind].connections;
	double each = 1.0 / sieges[s->kind].rate, start = lab_now();

	alarm(LIFE_S);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < n; i++)
		enemies[i] = (struct enemy){ .fd = -1, .next = start + each * i / n };
	for (;;) {
		struct timespec nap = { .tv_nsec = 1000000 };
		double now = lab_now();

		for (unsigned i = 0; i < n; i++)
			if (now >= enemies[i].next) {
				act(&enemies[i], i, s);
				enemies[i].next = now + each;
			}
		nanosleep(&nap, NULL);
	}
}

void siege_start(struct siege *s)
{
	cr_assert(lab_allow_files(ENEMIES_MAX + 100));
	s->acts = mmap(NULL, sizeof(*s->acts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(s->acts != MAP_FAILED);
	fflush(NULL);
	s->pid = fork();
	cr_assert_geq(s->pid, 0);
	if (!s->pid)
		rage(s);
}

uint64_t siege_end(struct siege *s)
{
	uint64_t acts;

	kill(s->pid, SIGKILL);
	cr_assert_eq(waitpid(s->pid, NULL, 0), s->pid);
	acts = *s->acts;
	munmap((void *)(uintptr_t)s->acts, sizeof(*s->acts));
	return acts;
}
