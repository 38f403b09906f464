/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl reproduce: makes a spore of the living organism and sends a gamete with it to an egg on another host. */
#include "cellctl/reproduce.h"
#include "cellctl/key.h"
#include "link/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS 5000

/* "HOST:PORT" or "[IPV6]:PORT" in its two parts. */
static int split(const char *text, char host[256], const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (!n || n > 255 || !colon[1])
		return -EINVAL;
	*port = colon + 1;
	if (text[0] == '[') {
		if (text[n - 1] != ']')
			return -EINVAL;
		text++;
		n -= 2;
	}
	memcpy(host, text, n);
	host[n] = 0;
	return 0;
}

static int connect_one(const struct addrinfo *a)
{
	struct pollfd p = { .fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), .events = POLLOUT };
	socklen_t n = sizeof(int);
	int error = 0, one = 1;

	if (p.fd < 0)
		return -errno;
	if (connect(p.fd, a->ai_addr, a->ai_addrlen) && errno != EINPROGRESS)
		error = -errno;
	else if (poll(&p, 1, CONNECT_MS) != 1)
		error = -ETIMEDOUT;
	else if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &n) || error)
		error = error ? -error : -errno;
	if (!error && (fcntl(p.fd, F_SETFL, 0) || setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one))))
		error = -errno;
	if (!error)
		return p.fd;
	close(p.fd);
	return error;
}

/* The addresses of the host, to be freed; 0 or the exit code, said. */
static int resolve(const char *to, struct addrinfo **all)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *port;
	char host[256];
	int error;

	if (split(to, host, &port))
		return verb_say(VERB_USAGE, "\"%s\" is no host with a port, as in HOST:7946 or [2001:db8::1]:7946", to);
	error = getaddrinfo(host, port, &hints, all);
	return error ? verb_say(VERB_FAILED, "%s: %s", to, gai_strerror(error)) : 0;
}

/* A socket, or the exit code as a negative number, said. */
static int dial(const char *to)
{
	int fd = -EADDRNOTAVAIL, code;
	struct addrinfo *all, *a;

	code = resolve(to, &all);
	if (code)
		return -code;
	for (a = all; a && fd < 0; a = a->ai_next)
		fd = connect_one(a);
	freeaddrinfo(all);
	return fd < 0 ? -verb_say(VERB_FAILED, "%s: no connection: %s", to, strerror(-fd)) : fd;
}

/* One attempt with one key. GAMETE_UNHEARD, or the exit code. */
static int send_gamete(struct gamete *g)
{
	int status, code;
	pid_t pid;

	g->socket = dial(g->to);
	if (g->socket < 0)
		return -g->socket;
	fflush(NULL);
	pid = fork();
	if (!pid)
		gamete_live(g);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		code = verb_say(VERB_FAILED, "no process can be made: %s", strerror(errno));
	else if (!WIFEXITED(status))
		code = verb_say(VERB_FAILED, "the gamete was killed by signal %d", WTERMSIG(status));
	else
		code = WEXITSTATUS(status);
	if (!code)
		reproduce_spare(g->in, g->name, g->socket);
	close(g->socket);
	return code;
}

/* An egg that does not know our key says nothing; it may know the one before, as long as that one vouches for ours. */
static int reproduce(struct gamete *g)
{
	const struct credential *c = &g->ring->identity.credential;
	int code;

	g->trust = c->public;
	code = send_gamete(g);
	if (code == GAMETE_UNHEARD && credential_has_previous(c, (uint64_t)time(NULL))) {
		g->trust = c->previous;
		code = send_gamete(g);
	}
	if (code == GAMETE_UNHEARD)
		return verb_say(VERB_FAILED, "%s: no answer: no egg waits there that trusts this organism's key, or its clock differs by more "
			"than 2 minutes", g->to);
	return code;
}

static int prepare(const struct invocation *in, const char *name, struct key_ring *ring, struct gamete *g)
{
	struct addrinfo *to;
	struct germ_view v;
	int code = germ_view(in, name, &v);

	if (!code)
		code = key_of(in, name, ring);
	if (!code)
		code = resolve(g->to, &to);
	if (code)
		return code;
	code = reproduce_spore(in, name, ring, &v, to, &g->spore, &g->spore_n);
	freeaddrinfo(to);
	if (code)
		return code;
	g->fingerprint_key = v.germ->fingerprint_key;
	g->uid = v.germ->uid;
	g->gid = v.germ->gid;
	return 0;
}

int verb_reproduce(const struct invocation *in)
{
	static struct key_ring ring;
	struct invocation mine = *in;
	uint8_t egg[SECRET_PUBLIC_BYTES];
	struct gamete g = { .in = &mine, .ring = &ring };
	const char *expected;
	char name[32];
	int code;

	if (verb_option(&mine, "--egg", &expected))
		return VERB_USAGE;
	if (mine.argc != 2 || mine.argv[1][0] == '-')
		return verb_usage("reproduce");
	if (expected && key_public_read(expected, egg))
		return verb_say(VERB_USAGE, "--egg: \"%s\" is no public key; `cellctl egg` prints it", expected);
	if (geteuid())
		return verb_say(VERB_FAILED, "reproduce needs root, to read the key: sudo cellctl reproduce ...");
	g.egg = expected ? egg : NULL;
	g.to = mine.argv[1];
	code = verb_organism(&mine, name);
	if (code)
		return code;
	g.name = name;
	if (secret_lock(&ring, sizeof(ring)))
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(errno));
	code = prepare(&mine, name, &ring, &g);
	if (!code)
		code = reproduce(&g);
	secret_unlock(&ring, sizeof(ring));
	return code;
}
