/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeping strangers off the addresses just bound; where the host does not allow it, going on without and saying so. */
#include "cellctl/up.h"
#include "cellctl/guard.h"
#include "cellctl/pins.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(DNA_LISTEN_MAX <= OWN_BINDS_MAX, "every listen address has its place");

static const char *const leaves[GUARD_HOOKS] = { "link_bind4", "link_bind6" };

void up_own_bind(const struct dna_listen *l, struct own_bind *to)
{
	*to = (struct own_bind){ .family = l->family, .port = l->port };
	memcpy(to->addr, l->addr, l->family == AF_INET ? 4 : 16);
}

static void undo_guard(struct up *u)
{
	for (int i = 0; i < GUARD_HOOKS; i++)
		pin_drop(u->in, u->germ.dna.organism, leaves[i]);
}

/* The namespace that our listeners are in is the one this process is in. */
static int own_netns(__u64 *cookie)
{
	socklen_t n = sizeof(*cookie);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &n))
		error = -errno;
	close(fd);
	return error;
}

static int fill_own_binds(struct up *u)
{
	const struct dna *d = &u->germ.dna;
	struct own_binds own = { .count = d->listen_count };
	__u32 zero = 0;
	int error = own_netns(&own.netns);

	if (error)
		return error;
	for (uint32_t i = 0; i < d->listen_count; i++)
		up_own_bind(&d->listen[i], &own.bind[i]);
	return bpf_map_update_elem(bpf_map__fd(u->skel->maps.own_binds), &zero, &own, BPF_ANY) ? -errno : 0;
}

/* Pinned, so that they outlive this process. */
static int pin_links(struct up *u, const int links[GUARD_HOOKS])
{
	char path[PIN_PATH];
	int error = 0;

	for (int i = 0; i < GUARD_HOOKS && !error; i++) {
		error = pin_path(u->in, u->germ.dna.organism, leaves[i], path, sizeof(path));
		if (!error && bpf_obj_pin(links[i], path))
			error = -errno;
	}
	for (int i = 0; i < GUARD_HOOKS; i++)
		close(links[i]);
	if (error)
		undo_guard(u);
	return error;
}

/* Nothing here is a reason not to live. */
int up_guard(struct up *u)
{
	const char *name = u->germ.dna.organism;
	int links[GUARD_HOOKS], error = fill_own_binds(u);
	char at[PIN_PATH];

	if (!error && !guard_find_cgroup(at, sizeof(at))) {
		printf("%s: no cgroup v2 is mounted: other programs of root can bind its addresses\n", name);
		return 0;
	}
	if (!error)
		error = guard_attach(u->skel, at, links);
	if (!error)
		error = pin_links(u, links);
	if (!error)
		up_done(u, undo_guard);
	if (error)
		printf("%s: bind() cannot be guarded (%s): other programs of root can bind its addresses\n", name, strerror(-error));
	else if (!guard_is_root(at))
		printf("%s: bind() is guarded in this container only: other programs of root can bind its addresses\n", name);
	return 0;
}
