/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The floor of the cost table: an epoll loop that reads, looks at nothing and sends a fixed answer. usage: bare_loop PORT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY   612 /* bytes, like the file that the others send */
#define EVENTS 64

static char answer[BODY + 256];
static size_t answer_n;

static void make_answer(void)
{
	int head = snprintf(answer, sizeof(answer),
		"HTTP/1.1 200 OK\r\nServer: bare\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/html\r\n"
		"Content-Length: %d\r\nLast-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\nETag: \"0-264\"\r\n\r\n",
		BODY);

	memset(answer + head, 'x', BODY);
	answer_n = (size_t)head + BODY;
}

static int open_listener(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1024)) {
		perror("bare_loop");
		exit(1);
	}
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e)) {
		perror("bare_loop");
		exit(1);
	}
}

static void take(int epoll, int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(epoll, fd);
	}
}

/* One request is taken to be what one recv() gives: true of a load generator that waits for each answer. */
static void serve(int fd)
{
	char request[4096];
	ssize_t n = recv(fd, request, sizeof(request), 0);

	if (n > 0)
		n = send(fd, answer, answer_n, MSG_NOSIGNAL);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		close(fd);
}

int main(int argc, char **argv)
{
	int port = argc == 2 ? atoi(argv[1]) : 0, epoll = epoll_create1(EPOLL_CLOEXEC), listener;
	struct epoll_event e[EVENTS];

	if (port < 1 || port > 65535 || epoll < 0) {
		fprintf(stderr, "usage: bare_loop PORT\n");
		return 2;
	}
	make_answer();
	listener = open_listener(port);
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, e, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (e[i].data.fd == listener)
				take(epoll, listener);
			else
				serve(e[i].data.fd);
		}
	}
}
