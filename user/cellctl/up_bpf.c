/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loading the kernel side: sizes from the DNA, pins, the first records, the lineage programs attached. */
#include "cellctl/up.h"
#include "cellctl/neverban.h"
#include "cellctl/cookies.h"
#include "cellctl/guard.h"
#include "cellctl/pins.h"
#include "cells/cell.h"
#include "immune/ban.h"
#include "shared/ports.h"
#include "tissue/mutation.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* libbpf's own words go to a buffer and are shown only when the load fails. */
static char said[4096];

static int keep_what_libbpf_says(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t n = strlen(said);

	if (level != LIBBPF_DEBUG && n < sizeof(said) - 1)
		vsnprintf(said + n, sizeof(said) - n, format, args);
	return 0;
}

static void undo_pins(struct up *u)
{
	pins_remove(u->in, u->germ.dna.organism, NULL);
}

static void undo_skel(struct up *u)
{
	cellws__destroy(u->skel);
	u->skel = NULL;
}

static int set_pins(struct up *u)
{
	struct bpf_map *map;
	char path[PIN_PATH];

	bpf_object__for_each_map(map, u->skel->obj) {
		if (strchr(bpf_map__name(map), '.'))
			continue; /* the object's own data */
		if (pin_path(u->in, u->germ.dna.organism, bpf_map__name(map), path, sizeof(path)))
			return -ENAMETOOLONG;
		bpf_map__set_pin_path(map, path);
	}
	return 0;
}

static void set_sizes(struct up *u)
{
	struct bpf_map *const bans[] = { u->skel->maps.antibody_v4, u->skel->maps.antibody_v6, u->skel->maps.prefix_v4,
		u->skel->maps.prefix_v6 };

	for (unsigned i = 0; i < sizeof(bans) / sizeof(*bans); i++)
		bpf_map__set_max_entries(bans[i], u->germ.dna.antibodies);
	if (!u->germ.dna.link.family)
		bpf_map__set_max_entries(u->skel->maps.shared, 1);
}

static void set_limits(struct up *u)
{
	struct flood_limits limits;

	mutation_limits(&u->germ.dna, &limits);
	u->skel->data_limits->syn_cost_ns = limits.syn_cost_ns;
	u->skel->data_limits->packet_cost_ns = limits.packet_cost_ns;
	u->skel->data_limits->packet_sample = limits.packet_sample;
	u->skel->data_limits->port_syn_rate = limits.port_syn_rate;
	cookies_fit(u->skel, u->iface);
}

static int make_directories(struct up *u)
{
	char path[PIN_PATH];

	if (pin_path(u->in, NULL, NULL, path, sizeof(path)) || (mkdir(path, 0700) && errno != EEXIST))
		return -errno;
	if (pin_path(u->in, u->germ.dna.organism, NULL, path, sizeof(path)) || (mkdir(path, 0700) && errno != EEXIST))
		return -errno;
	return 0;
}

static int load_once(struct up *u)
{
	int error;

	u->skel = cellws__open();
	if (!u->skel)
		return -errno;
	set_sizes(u);
	set_limits(u);
	guard_fit(u->skel);
	error = up_fit_mucosa(u);
	if (!error)
		error = set_pins(u);
	if (!error)
		error = cellws__load(u->skel);
	if (error)
		undo_skel(u);
	return error;
}

/* Bans kept from an earlier organism may have another size than this DNA wants: then they cannot be kept. */
static int load(struct up *u)
{
	int error = load_once(u);

	if (error != -EINVAL && error != -EEXIST)
		return error;
	if (!strstr(said, "pinned") && !strstr(said, "reuse"))
		return error;
	fprintf(stderr, "cellctl: the bans of the earlier %s do not fit this DNA or version and are %s\n", u->germ.dna.organism,
		u->germ.dna.memory[0] ? "taken from the memory" : "dropped");
	u->bans_kept = false;
	error = pins_remove(u->in, u->germ.dna.organism, NULL);
	if (!error)
		error = make_directories(u);
	said[0] = 0;
	return error ? error : load_once(u);
}

static int fill_census(struct up *u)
{
	const struct dna *d = &u->germ.dna;
	struct census n[CLASS_COUNT] = {
		[CLASS_EGG] = { .max = 1 },
		[CLASS_NEURON] = { .min = 1, .max = 1 },
		[CLASS_BLOOD] = { .min = d->blood_min, .max = d->blood_max },
		[CLASS_DRONE] = { .min = d->drone_min, .max = d->drone_max },
		/* Two more than the pool holds at rest: the founders are stems before they are blood and drone. */
		[CLASS_STEM] = { .min = d->stem_min, .max = d->stem_min + 2 },
		/* None before the first evidence; from then on the kernel keeps as many as the constitution says. */
		[CLASS_TCELL] = { .min = 0, .max = d->memory[0] ? 3 : 2 },
		[CLASS_GAMETE] = { .min = d->link.family != 0, .max = d->link.family != 0 },
	};
	int fd = bpf_map__fd(u->skel->maps.census);

	for (__u32 i = 0; i < CLASS_COUNT; i++)
		if (bpf_map_update_elem(fd, &i, &n[i], BPF_ANY))
			return -errno;
	return 0;
}

static int fill_cells(struct up *u)
{
	int cells = bpf_map__fd(u->skel->maps.cells), inboxes = bpf_map__fd(u->skel->maps.inboxes);

	for (__u32 i = 0; i < CELL_SLOTS_MAX; i++) {
		struct cell c = { .slot = i, .mother = CELL_NOBODY, .licence = CELL_NOBODY };
		int ring;

		if (bpf_map_update_elem(cells, &i, &c, BPF_ANY))
			return -errno;
		if (i >= u->germ.plan.slots)
			continue;
		ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "inbox", 0, 0, INBOX_BYTES, NULL);
		if (ring < 0 || bpf_map_update_elem(inboxes, &i, &ring, BPF_ANY))
			return -errno;
		up_plan_fd(u, plan_inbox(&u->germ.plan, i), ring);
	}
	return 0;
}

/* Whether a BPF program can signal another task (kernels from 6.13 on). */
bool up_kernel_can_kill(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool can = kernel && btf__find_by_name_kind(kernel, "bpf_send_signal_task", BTF_KIND_FUNC) > 0;

	btf__free(kernel);
	return can;
}

static int fill_organism(struct up *u)
{
	struct organism o = {
		.laid_ns = 0,
		.generation = u->germ.generation,
		.slots = u->germ.plan.slots,
		.vessels = u->germ.plan.vessels,
		.drain_ms = u->germ.dna.drain_ms,
		.can_kill = up_kernel_can_kill(),
	};
	uint64_t id;
	__u32 zero = 0;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -errno;
	snprintf(o.name, sizeof(o.name), "%s", u->germ.dna.organism);
	snprintf(o.id, sizeof(o.id), "%016llx", (unsigned long long)id);
	snprintf(o.iface, sizeof(o.iface), "%s", u->iface);
	snprintf(o.dna_sha256, sizeof(o.dna_sha256), "%s", u->germ.dna.sha256);
	return bpf_map_update_elem(bpf_map__fd(u->skel->maps.organism), &zero, &o, BPF_ANY) ? -errno : 0;
}

/* The rules of signals and votes, as the DNA wants them. */
static int fill_constitution(struct up *u)
{
	struct constitution rules;
	__u32 zero = 0;

	mutation_rules(&u->germ.dna, up_kernel_can_kill(), &rules);
	rules.observe |= u->observe;
	return bpf_map_update_elem(bpf_map__fd(u->skel->maps.constitution), &zero, &rules, BPF_ANY) ? -errno : 0;
}

/* What cellctl itself runs later, as root: pinned beside the maps. */
static int pin_programs(struct up *u)
{
	char path[PIN_PATH];
	int error = pin_path(u->in, u->germ.dna.organism, PIN_INJECT, path, sizeof(path));

	if (!error)
		error = bpf_program__pin(u->skel->progs.gland_inject, path);
	if (!error)
		error = pin_path(u->in, u->germ.dna.organism, PIN_RECORD, path, sizeof(path));
	if (!error)
		error = bpf_program__pin(u->skel->progs.gland_record, path);
	if (!error)
		error = pin_path(u->in, u->germ.dna.organism, PIN_MUTATE, path, sizeof(path));
	if (!error)
		error = bpf_program__pin(u->skel->progs.gland_mutate, path);
	return error;
}

static int fill_skin(struct up *u)
{
	const struct dna *d = &u->germ.dna;
	static struct port_set ports;
	struct ban_maps maps;
	__u32 zero = 0;
	int error;

	for (int i = 0; i < BAN_MAP_COUNT; i++)
		maps.fd[i] = bpf_object__find_map_fd_by_name(u->skel->obj, ban_map_names[i]);
	for (uint32_t i = 0; i < d->listen_count; i++)
		port_set_add(&ports, d->listen[i].port);
	if (d->link.family)
		port_set_add(&ports, d->link.port);
	if (bpf_map_update_elem(bpf_map__fd(u->skel->maps.own_ports), &zero, &ports, BPF_ANY))
		return -errno;
	error = neverban_put(&maps, d->allow, d->allow_count, ALLOWANCE_DNA);
	return error ? error : neverban_put(&maps, d->trusted, d->trusted_count, ALLOWANCE_PROXY);
}

/* The links are pinned too: the family is kept, and deaths announced, whoever of cellctl still runs. */
static int attach_lineage(struct up *u)
{
	struct bpf_program *const programs[] = { u->skel->progs.lineage_fork, u->skel->progs.lineage_exit,
		u->skel->progs.lineage_exec };
	char path[PIN_PATH], leaf[64];

	for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct bpf_link *link = bpf_program__attach(programs[i]);
		int error;

		if (!link)
			return -errno;
		snprintf(leaf, sizeof(leaf), "link_%s", bpf_program__name(programs[i]));
		error = pin_path(u->in, u->germ.dna.organism, leaf, path, sizeof(path));
		if (!error)
			error = bpf_link__pin(link, path);
		bpf_link__destroy(link);
		if (error)
			return error;
	}
	return 0;
}

static void plan_programs(struct up *u)
{
	up_plan_fd(u, FD_DIVIDE, bpf_program__fd(u->skel->progs.gland_divide));
	up_plan_fd(u, FD_BECOME, bpf_program__fd(u->skel->progs.gland_become));
	up_plan_fd(u, FD_ANIMATE, bpf_program__fd(u->skel->progs.gland_animate));
	up_plan_fd(u, FD_LEAVE, bpf_program__fd(u->skel->progs.gland_leave));
	up_plan_fd(u, FD_SECRETE, bpf_program__fd(u->skel->progs.gland_secrete));
	up_plan_fd(u, FD_RELAY, bpf_program__fd(u->skel->progs.gland_relay));
	up_plan_fd(u, FD_VOTE, bpf_program__fd(u->skel->progs.gland_vote));
	up_plan_fd(u, FD_PULSE, bpf_program__fd(u->skel->progs.gland_pulse));
	up_plan_fd(u, FD_PROMPT, bpf_program__fd(u->skel->progs.gland_prompt));
	up_plan_fd(u, FD_PROVE, bpf_program__fd(u->skel->progs.gland_prove));
	up_plan_fd(u, FD_PRESENT, bpf_program__fd(u->skel->progs.gland_present));
	up_plan_fd(u, FD_BLAME, bpf_program__fd(u->skel->progs.gland_blame));
	up_plan_fd(u, FD_BAN, bpf_program__fd(u->skel->progs.gland_ban));
	up_plan_fd(u, FD_PRAISE, bpf_program__fd(u->skel->progs.gland_praise));
	up_plan_fd(u, FD_POST, bpf_program__fd(u->skel->progs.gland_post));
	up_plan_fd(u, FD_WIDEN, bpf_program__fd(u->skel->progs.gland_widen));
	up_plan_fd(u, FD_ALARM, bpf_program__fd(u->skel->progs.gland_alarm));
	up_plan_fd(u, FD_FORGET, bpf_program__fd(u->skel->progs.gland_forget));
	up_plan_fd(u, FD_RESIGN, bpf_program__fd(u->skel->progs.gland_resign));
	up_plan_fd(u, FD_MUTATE, bpf_program__fd(u->skel->progs.gland_mutate));
}

/*
 * Maps for the egg. The kernel maps none of them through a read-only descriptor; so the egg maps them for reading, after
 * which the kernel lets nobody make them writable again, and closes the descriptors before anything else.
 */
static int plan_maps(struct up *u)
{
	const struct {
		int number;
		const char *leaf;
	} maps[] = {
		{ FD_CELLS, "cells" },
		{ FD_CENSUS, "census" },
		{ FD_ORGANISM, "organism" },
		{ FD_VESSELS, "vessels" },
		{ FD_VITALS, "vitals" },
		{ FD_LOADS, "loads" },
		{ FD_CONSTITUTION, "constitution" },
		{ FD_RECEPTORS, "receptors" },
		{ FD_PULSES, "pulses" },
		{ FD_PROOFS, "proofs" },
		{ FD_PATHOGENS, "pathogens" },
		{ FD_ANTIGENS, "antigens" },
		{ FD_ANTIGENS_MORE, "antigens_more" },
		{ FD_CHRONICLE, "chronicle" },
		{ FD_SIGNATURE_HEAD, "signature_head" },
		{ FD_SIGNATURES, "signatures" },
		{ FD_MUTATIONS, "mutations" },
	};

	for (unsigned i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		int fd = pin_map(u->in, u->germ.dna.organism, maps[i].leaf, false);

		if (fd < 0)
			return fd;
		up_plan_fd(u, maps[i].number, fd);
	}
	plan_programs(u);
	up_plan_fd(u, FD_LYMPH, pin_map(u->in, u->germ.dna.organism, "lymph", true));
	up_plan_fd(u, FD_ALLOW_V4, pin_map(u->in, u->germ.dna.organism, "allow_v4", true));
	up_plan_fd(u, FD_ALLOW_V6, pin_map(u->in, u->germ.dna.organism, "allow_v6", true));
	up_plan_fd(u, FD_REFUSED, pin_map(u->in, u->germ.dna.organism, "refused", true));
	up_plan_links(u);
	up_plan_fd(u, FD_PSI_CPU, open("/proc/pressure/cpu", O_RDONLY | O_CLOEXEC));
	up_plan_fd(u, FD_PSI_MEMORY, open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC));
	return 0;
}

static int fail(const char *what, int error)
{
	if (said[0])
		fprintf(stderr, "%s", said);
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return verb_say(VERB_FAILED, "the kernel has no type information (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF=y");
	return verb_say(VERB_FAILED, "%s: %s", what, strerror(-error));
}

int up_load(struct up *u)
{
	static int (*const fills[])(struct up *) = { fill_census, fill_cells, fill_constitution, fill_organism,
		fill_skin, up_fill_mucosa, up_fill_links, plan_maps, pin_programs, attach_lineage };
	int error = make_directories(u), fd;

	if (error)
		return verb_say(VERB_FAILED, "nothing can be pinned under %s: %s", u->in->bpffs, strerror(-error));
	up_done(u, undo_pins);
	fd = pin_map(u->in, u->germ.dna.organism, ban_map_names[BAN_antibody_v4], true);
	u->bans_kept = fd >= 0;
	if (fd >= 0)
		close(fd);
	libbpf_set_print(keep_what_libbpf_says);
	error = load(u);
	if (error)
		return fail("the kernel refuses the BPF programs", error);
	up_done(u, undo_skel);
	for (unsigned i = 0; i < sizeof(fills) / sizeof(*fills) && !error; i++)
		error = fills[i](u);
	return error ? fail("the BPF maps cannot be filled", error) : 0;
}
