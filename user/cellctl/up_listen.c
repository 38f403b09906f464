/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sockets and descriptors the organism is born with: listeners of all vessels, bells, epoll sets, roots and genes. */
#include "cellctl/up.h"
#include <sys/epoll.h>
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static socklen_t listen_address(const struct dna_listen *l, struct sockaddr_storage *to)
{
	memset(to, 0, sizeof(*to));
	if (l->family == AF_INET6) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;

		six->sin6_family = AF_INET6;
		six->sin6_port = htons(l->port);
		memcpy(&six->sin6_addr, l->addr, 16);
		return sizeof(*six);
	}
	struct sockaddr_in *four = (struct sockaddr_in *)to;

	four->sin_family = AF_INET;
	four->sin_port = htons(l->port);
	memcpy(&four->sin_addr, l->addr, 4);
	return sizeof(*four);
}

static int set_options(int fd, int family)
{
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		return -errno;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		return -errno;
	return 0;
}

/* SO_REUSEPORT would let us join a stranger's group: the first socket of an address is tried without it. */
static int port_is_free(const struct dna_listen *l)
{
	struct sockaddr_storage at;
	socklen_t n = listen_address(l, &at);
	int one = 1, fd = socket(l->family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (l->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, n))
		error = -errno;
	close(fd);
	return error;
}

/*
 * Marks the sockets of a vessel: TCP_KEEPCNT is inherited by accepted connections, has no effect while keep-alive probes
 * are off, and tells an adopter which vessel an unrecorded connection belongs to.
 */
static int set_vessel(int fd, uint32_t vessel)
{
	int number = (int)vessel + 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &number, sizeof(number)) ? -errno : 0;
}

static int open_listener(const struct dna_listen *l, uint32_t vessel)
{
	struct sockaddr_storage at;
	socklen_t n = listen_address(l, &at);
	int fd = socket(l->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	error = set_options(fd, l->family);
	if (!error)
		error = set_vessel(fd, vessel);
	if (!error && bind(fd, (struct sockaddr *)&at, n))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

/* Enters a listener in the maps by which the kernel steers. */
static int enter_listener(struct up *u, uint32_t vessel, uint32_t group, int fd)
{
	__u32 key = group * VESSELS_MAX + vessel;
	__u64 value = (__u64)fd;
	struct own_bind at;

	up_own_bind(&u->germ.dna.listen[group], &at);
	if (bpf_map_update_elem(bpf_map__fd(u->skel->maps.listen_groups), &at, &group, BPF_ANY))
		return -errno;
	return bpf_map_update_elem(bpf_map__fd(u->skel->maps.listeners), &key, &value, BPF_ANY) ? -errno : 0;
}

static int listen_one(struct up *u, uint32_t vessel, uint32_t group)
{
	const struct dna_listen *l = &u->germ.dna.listen[group];
	int program = bpf_program__fd(u->skel->progs.vessel_steer);
	int fd = open_listener(l, vessel), error = 0;

	if (fd < 0)
		return fd;
	up_plan_fd(u, plan_listener(&u->germ.plan, vessel, group), fd);
	error = up_attach_mucosa(u, fd);
	if (error)
		return error;
	if (listen(fd, BACKLOG))
		return -errno;
	/* The program may be attached once the group exists; the last listener of a group attaches it. */
	error = enter_listener(u, vessel, group, fd);
	if (!error && vessel + 1 == u->germ.plan.vessels &&
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program, sizeof(program)))
		error = -errno;
	return error ? error : up_lock_mucosa(fd);
}

static int listen_all(struct up *u)
{
	for (uint32_t g = 0; g < u->germ.dna.listen_count; g++) {
		const struct dna_listen *l = &u->germ.dna.listen[g];
		int error = port_is_free(l);

		for (uint32_t v = 0; v < u->germ.plan.vessels && !error; v++)
			error = listen_one(u, v, g);
		if (error == -ENOMEM)
			return verb_say(VERB_FAILED, "%s: no memory for the socket filter: net.core.optmem_max is too small", l->text);
		if (error == -EADDRINUSE)
			return verb_say(VERB_FAILED, "%s: another program listens on it", l->text);
		if (error == -EPERM)
			return verb_say(VERB_FAILED, "%s: a program on this host's cgroups refuses it; another organism may keep it",
				l->text);
		if (error == -EADDRNOTAVAIL)
			return verb_say(VERB_FAILED, "%s: this host has no such address", l->text);
		if (error)
			return verb_say(VERB_FAILED, "cannot listen on %s: %s", l->text, strerror(-error));
	}
	return 0;
}

static int make_nest(struct up *u, uint32_t slot)
{
	const struct plan *p = &u->germ.plan;
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), nest = epoll_create1(EPOLL_CLOEXEC);

	if (bell < 0 || nest < 0)
		return -errno;
	up_plan_fd(u, plan_bell(p, slot), bell);
	up_plan_fd(u, plan_nest(p, slot), nest);
	return 0;
}

static int make_vessel(struct up *u, uint32_t v)
{
	const struct plan *p = &u->germ.plan;
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), artery = epoll_create1(EPOLL_CLOEXEC), gift[2];

	if (bell < 0 || artery < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gift))
		return -errno;
	up_plan_fd(u, plan_vessel_bell(p, v), bell);
	up_plan_fd(u, plan_artery(p, v), artery);
	up_plan_fd(u, plan_gift_in(p, v), gift[0]);
	up_plan_fd(u, plan_gift_out(p, v), gift[1]);
	return 0;
}

static int make_bells(struct up *u)
{
	int error = 0, door[2] = { -1, -1 };

	for (uint32_t s = 0; s < u->germ.plan.slots && !error; s++)
		error = make_nest(u, s);
	for (uint32_t v = 0; v < u->germ.plan.vessels && !error; v++)
		error = make_vessel(u, v);
	if (!error && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, door))
		error = -errno;
	up_plan_fd(u, FD_MUTATION_OUT, door[0]);
	up_plan_fd(u, FD_MUTATION_IN, door[1]);
	return error ? verb_say(VERB_FAILED, "bells and epoll sets cannot be made: %s", strerror(-error)) : 0;
}

/* Routes that name the same object share one copy, so that it is loaded once. */
static int gene_of(struct up *u, uint32_t route)
{
	const struct dna *d = &u->germ.dna;

	for (uint32_t i = 0; i < route; i++)
		if (!strcmp(d->route[i].gene, d->route[route].gene))
			return u->fds[plan_gene(&u->germ.plan, i)];
	return dna_gene_copy(d->route[route].gene);
}

static int open_routes(struct up *u)
{
	const struct dna *d = &u->germ.dna;

	for (uint32_t i = 0; i < d->route_count; i++) {
		const struct dna_route *r = &d->route[i];
		int fd;

		if (r->root[0]) {
			fd = open(r->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (fd < 0)
				return verb_say(VERB_USAGE, "%s:%u: route \"%s\" root: %s: %s", d->file, r->line, r->prefix, r->root,
					strerror(errno));
			up_plan_fd(u, plan_root(&u->germ.plan, i), fd);
		}
		if (strcmp(r->gene, "static")) {
			fd = gene_of(u, i);
			if (fd < 0)
				return verb_say(VERB_USAGE, "%s:%u: route \"%s\" gene: %s: %s", d->file, r->line, r->prefix, r->gene,
					strerror(-fd));
			up_plan_fd(u, plan_gene(&u->germ.plan, i), fd);
		}
	}
	return 0;
}

int up_listen(struct up *u)
{
	int code = listen_all(u);

	if (!code)
		code = up_listen_links(u);
	if (!code)
		code = make_bells(u);
	return code ? code : open_routes(u);
}
