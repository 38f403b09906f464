/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What links to other hosts begin with: the relatives that came with a spore, the address to be called at, the gamete's descriptors. */
#include "cellctl/up.h"
#include "cellctl/pins.h"
#include "immune/ban.h"
#include "link/record.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64

/* No ban may cut a relative off, whatever its clients do. What is no address is met nowhere. */
static int spare_host(const struct ban_maps *maps, const char *text)
{
	struct dna_listen at;
	struct address a;
	int error;

	if (!dna_listen_read(text, &at) || address_make(at.family, at.addr, at.family == AF_INET ? 32 : 128, &a))
		return 0;
	error = ban_allow(maps, &a, ALLOWANCE_HOST);
	return error == -ENOSPC ? 0 : error;
}

static int fill_hosts(struct up *u)
{
	int fd = bpf_map__fd(u->skel->maps.hosts), error;
	struct ban_maps maps;

	for (int i = 0; i < BAN_MAP_COUNT; i++)
		maps.fd[i] = bpf_object__find_map_fd_by_name(u->skel->obj, ban_map_names[i]);
	for (__u32 i = 0; i < u->kin_n && i < HOSTS_MAX; i++) {
		struct host h = { .id = u->kin[i].id, .relation = u->kin[i].relation, .state = HOST_KNOWN };

		memcpy(h.address, u->kin[i].address, sizeof(h.address));
		if (bpf_map_update_elem(fd, &i, &h, BPF_ANY))
			return -errno;
		error = spare_host(&maps, h.address);
		if (error)
			return error;
	}
	return 0;
}

/* The host's number is the one that status shows as the organism's id. */
int up_fill_links(struct up *u)
{
	struct link_state l = { .on = u->germ.dna.link.family != 0 };
	struct organism o;
	__u32 zero = 0;

	if (!l.on)
		return 0;
	if (bpf_map_lookup_elem(bpf_map__fd(u->skel->maps.organism), &zero, &o))
		return -errno;
	l.self = strtoull(o.id, NULL, 16);
	if (bpf_map_update_elem(bpf_map__fd(u->skel->maps.link_state), &zero, &l, BPF_ANY))
		return -errno;
	return fill_hosts(u);
}

void up_plan_links(struct up *u)
{
	if (!u->germ.dna.link.family)
		return;
	up_plan_fd(u, FD_TIDINGS, pin_map(u->in, u->germ.dna.organism, "tidings", false));
	up_plan_fd(u, FD_HOST, bpf_program__fd(u->skel->progs.gland_host));
	up_plan_fd(u, FD_LEARN, bpf_program__fd(u->skel->progs.gland_learn));
	up_plan_fd(u, FD_CARRY, bpf_program__fd(u->skel->progs.gland_carry));
	up_plan_fd(u, FD_INFECT, bpf_program__fd(u->skel->progs.gland_infect));
	up_plan_fd(u, FD_CONTAGIONS, pin_map(u->in, u->germ.dna.organism, "contagions", true));
	up_plan_fd(u, FD_WISHES, pin_map(u->in, u->germ.dna.organism, "wishes", true));
	up_plan_fd(u, FD_HOSTS, pin_map(u->in, u->germ.dna.organism, "hosts", true));
	up_plan_fd(u, FD_LINK_STATE, pin_map(u->in, u->germ.dna.organism, "link_state", true));
	up_plan_fd(u, FD_SHARED, pin_map(u->in, u->germ.dna.organism, "shared", true));
	up_plan_fd(u, FD_SPREAD, memfd_create("cellws-spread", MFD_CLOEXEC));
	up_plan_fd(u, FD_SPREAD_ROOT, memfd_create("cellws-spread-root", MFD_CLOEXEC));
	up_plan_fd(u, FD_UPTAKE, bpf_program__fd(u->skel->progs.gland_uptake));
	up_plan_fd(u, FD_UPTAKES, pin_map(u->in, u->germ.dna.organism, "uptakes", true));
}

static int bind_to(int fd, const struct dna_listen *l)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(l->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(l->port) };
	bool is_six = l->family == AF_INET6;
	int one = 1;

	memcpy(&six.sin6_addr, l->addr, 16);
	memcpy(&four.sin_addr, l->addr, 4);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		(is_six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))))
		return -errno;
	return bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof(six) : sizeof(four)) ? -errno : 0;
}

int up_listen_links(struct up *u)
{
	const struct dna_listen *l = &u->germ.dna.link;
	int fd = u->link_listener, error = 0;

	if (!l->family)
		return 0;
	/* The egg's own, if it waited at the same address: nobody who calls meanwhile is turned away. */
	if (fd <= 0) {
		fd = socket(l->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		error = fd < 0 ? -errno : bind_to(fd, l);
	}
	if (!error && listen(fd, BACKLOG))
		error = -errno;
	if (error)
		return verb_say(VERB_FAILED, "link.listen: cannot listen on %s: %s", l->text, strerror(-error));
	up_plan_fd(u, FD_LINK_LISTENER, fd);
	return 0;
}
