/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The skin alone, with small tables, nothing pinned: malformed packets and too many SYNs of a source do not reach the egg. */
#include "cellctl/egg_skin.h"
#include "cellctl/down.h"
#include "cellctl/pins.h"
#include "immune/ban.h"
#include "shared/cell.h"
#include "shared/flood.h"
#include "shared/ports.h"
#include "shared/verdict.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BANS 16 /* an egg bans nobody: whom it would hit, only an organism can judge */

static int load(struct cellws *skel, uint16_t port)
{
	static struct port_set ports;
	struct bpf_program *program;
	__u32 zero = 0;
	int error;

	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.skin_screen);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(skel->obj, ban_map_names[i]), BANS);
	skel->data_limits->syn_cost_ns = FLOOD_SECOND / EGG_SYNS_S;
	error = cellws__load(skel);
	if (error)
		return error;
	port_set_add(&ports, port);
	return bpf_map_update_elem(bpf_map__fd(skel->maps.own_ports), &zero, &ports, BPF_ANY) ? -errno : 0;
}

/* What is kept of the object: the rest of its maps goes with it. */
static int keep(struct egg_skin *s, const struct cellws *skel)
{
	s->program = fcntl(bpf_program__fd(skel->progs.skin_screen), F_DUPFD_CLOEXEC, 0);
	s->stats = fcntl(bpf_map__fd(skel->maps.immune_stats), F_DUPFD_CLOEXEC, 0);
	return s->program < 0 || s->stats < 0 ? -errno : 0;
}

static int attach(struct egg_skin *s, unsigned ifindex, __u32 mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);

	s->link = bpf_link_create(s->program, (int)ifindex, BPF_XDP, &opts);
	s->native = mode == XDP_FLAGS_DRV_MODE;
	return s->link < 0 ? s->link : 0;
}

/* In the driver where it can, else in the generic hook. */
static int attach_as_wished(struct egg_skin *s, const char *iface, unsigned ifindex, const char *wish)
{
	bool busy, any = !strcmp(wish, "auto");
	int error = -EOPNOTSUPP;

	snprintf(s->note, sizeof(s->note), "asked for");
	if (strcmp(wish, "generic")) {
		error = attach(s, ifindex, XDP_FLAGS_DRV_MODE);
		snprintf(s->note, sizeof(s->note), error ? "the driver of %s refuses native mode: %s" : "the driver runs the program itself",
			iface, strerror(-error));
	}
	busy = error == -EBUSY || error == -EEXIST;
	if (error && !busy && (any || !strcmp(wish, "generic")))
		error = attach(s, ifindex, XDP_FLAGS_SKB_MODE);
	return error;
}

/* The mode as the organism of these pins had written it down. */
static bool was_native(const struct invocation *in, const char *name)
{
	int fd = pin_map(in, name, "organism", true);
	struct organism o = { 0 };
	__u32 zero = 0;

	if (fd < 0)
		return false;
	if (bpf_map_lookup_elem(fd, &zero, &o))
		o.xdp_mode[0] = 0;
	close(fd);
	return !strcmp(o.xdp_mode, "native");
}

/* The link of an organism that has died without `down`, if it lies on this interface: it gets the egg's program. 0 or -errno. */
static int inherit_from(struct egg_skin *s, const struct invocation *in, const char *name, unsigned ifindex)
{
	struct invocation dead = *in;
	struct bpf_link_info info = { 0 };
	__u32 n = sizeof(info);
	char path[PIN_PATH];
	int link;

	dead.name = name;
	if (pin_path(in, name, "link_skin", path, sizeof(path)) || down_anybody_lives(&dead))
		return -ENOENT;
	link = bpf_obj_get(path);
	if (link < 0)
		return link;
	if (bpf_obj_get_info_by_fd(link, &info, &n) || info.type != BPF_LINK_TYPE_XDP || info.xdp.ifindex != ifindex ||
		bpf_link_update(link, s->program, NULL)) {
		close(link);
		return -EBUSY;
	}
	s->link = link;
	s->native = was_native(in, name);
	snprintf(s->note, sizeof(s->note), "where that of the dead %.31s was", name);
	return 0;
}

static int inherit(struct egg_skin *s, const struct invocation *in, unsigned ifindex)
{
	char path[PIN_PATH];
	DIR *d = pin_path(in, NULL, NULL, path, sizeof(path)) ? NULL : opendir(path);
	int error = -EBUSY;
	struct dirent *e;

	while (d && error && (e = readdir(d)))
		if (e->d_name[0] != '.' && !inherit_from(s, in, e->d_name, ifindex))
			error = 0;
	if (d)
		closedir(d);
	return error;
}

static int silence(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int egg_skin_on(struct egg_skin *s, const struct invocation *in, const char *iface, unsigned ifindex, const char *wish, uint16_t port)
{
	libbpf_print_fn_t said;
	struct cellws *skel;
	int error;

	*s = (struct egg_skin){ .link = -1, .program = -1, .stats = -1 };
	if (!strcmp(wish, "off"))
		return 0;
	said = libbpf_set_print(silence);
	skel = cellws__open();
	error = skel ? load(skel, port) : -errno;
	if (!error)
		error = keep(s, skel);
	cellws__destroy(skel);
	if (!error)
		error = attach_as_wished(s, iface, ifindex, wish);
	if (error == -EBUSY || error == -EEXIST)
		error = inherit(s, in, ifindex);
	libbpf_set_print(said);
	if (error == -EBUSY || error == -EEXIST)
		return verb_say(VERB_FAILED, "another XDP program is on %s; `ip link show %s` names it, --xdp off goes without", iface, iface);
	return error ? verb_say(VERB_FAILED, "%s does not take the XDP program: %s", iface, strerror(-error)) : 0;
}

int egg_skin_back(struct egg_skin *s, unsigned ifindex)
{
	if (s->link < 0 || !bpf_link_update(s->link, s->program, NULL))
		return 0;
	if (errno != ENOLINK)
		return -errno;
	/* A dead organism's, which the attempt has cleared away. */
	close(s->link);
	return attach(s, ifindex, s->native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
}

static bool is_drop(__u32 verdict)
{
	static const bool drops[] = {
#define X(NAME, name, drop, text) drop,
		VERDICTS(X)
#undef X
	};

	return drops[verdict];
}

uint64_t egg_skin_dropped(const struct egg_skin *s)
{
	int cpus = libbpf_num_possible_cpus();
	struct immune_stat *each = cpus > 0 && s->stats >= 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
	uint64_t sum = 0;

	for (__u32 verdict = 0; each && verdict < VERDICT_COUNT; verdict++)
		if (is_drop(verdict) && !bpf_map_lookup_elem(s->stats, &verdict, each))
			for (int i = 0; i < cpus; i++)
				sum += each[i].packets;
	free(each);
	return sum;
}
