/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads lineage and gland without the rest and enters forked processes by hand, as `up` enters the egg. */
#include "kin_rig.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cellws.skel.h"

static bool is_familys(const char *name)
{
	static const char *const names[] = { "cells", "census", "organism", "kin", "vessels", "inboxes",
		"constitution", "receptors", "molecules", "ballots", "pulses", "proofs", "allowances", "events", "serials", "foreign",
		"antigens", "antigens_more", "flood_alarm", "chronicle", "offenders", "neighbourhoods", "posts", "suspects", "incidents",
		"pathogens", "autopsies", "lymph", "own_ports", "antibody_v4", "antibody_v6", "prefix_v4", "prefix_v6", "allow_v4",
		"allow_v6", "never_ban", "refused", "reports", "hosts", "link_state",
		"shared", "blank", "tidings", "mutations", "carried", "abroad", "contagions",
		"contagion_heard", "wishes", "uptakes" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return strchr(name, '.') != NULL;
}

static bool is_lineage_or_gland(const char *program)
{
	return !strncmp(program, "lineage_", 8) || !strncmp(program, "gland_", 6);
}

static void load(struct kin_rig *rig)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	rig->skel = cellws__open();
	cr_assert(rig->skel, "the skeleton does not open");
	bpf_object__for_each_program(prog, rig->skel->obj)
		bpf_program__set_autoload(prog, is_lineage_or_gland(bpf_program__name(prog)));
	bpf_object__for_each_map(map, rig->skel->obj)
		bpf_map__set_autocreate(map, is_familys(bpf_map__name(map)));
	cr_assert(!cellws__load(rig->skel), "lineage and gland do not load; this floor needs root");
	rig->divide = bpf_program__fd(rig->skel->progs.gland_divide);
	rig->become = bpf_program__fd(rig->skel->progs.gland_become);
	rig->animate = bpf_program__fd(rig->skel->progs.gland_animate);
	rig->leave = bpf_program__fd(rig->skel->progs.gland_leave);
	rig->cells = bpf_map__fd(rig->skel->maps.cells);
	rig->census = bpf_map__fd(rig->skel->maps.census);
	rig->kin = bpf_map__fd(rig->skel->maps.kin);
	rig->organism = bpf_map__fd(rig->skel->maps.organism);
	rig->vessels = bpf_map__fd(rig->skel->maps.vessels);
	rig->inboxes = bpf_map__fd(rig->skel->maps.inboxes);
}

static void attach(struct kin_rig *rig)
{
	struct cellws *skel = rig->skel;

	skel->links.lineage_fork = bpf_program__attach(skel->progs.lineage_fork);
	skel->links.lineage_exit = bpf_program__attach(skel->progs.lineage_exit);
	skel->links.lineage_exec = bpf_program__attach(skel->progs.lineage_exec);
	cr_assert(skel->links.lineage_fork && skel->links.lineage_exit && skel->links.lineage_exec, "lineage cannot be attached");
}

void kin_open(struct kin_rig *rig)
{
	struct organism o = { .name = "rig", .slots = RIG_SLOTS, .vessels = 2, .serial = 1000 };
	__u32 zero = 0;

	signal(SIGPIPE, SIG_IGN);
	load(rig);
	for (__u32 i = 0; i < CELL_SLOTS_MAX; i++) {
		struct cell c = { .slot = i, .mother = CELL_NOBODY, .licence = CELL_NOBODY };

		cr_assert(!bpf_map_update_elem(rig->cells, &i, &c, BPF_ANY));
	}
	for (int class = 0; class < CLASS_COUNT; class++)
		kin_limit(rig, class, RIG_SLOTS);
	cr_assert(!bpf_map_update_elem(rig->organism, &zero, &o, BPF_ANY));
	rig->notes = mmap(NULL, sizeof(*rig->notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(rig->notes, MAP_FAILED);
	attach(rig);
}

void kin_close(struct kin_rig *rig)
{
	cellws__destroy(rig->skel);
	munmap(rig->notes, sizeof(*rig->notes));
}

uint32_t kin_id(uint32_t slot)
{
	return (slot + 1) << 8 | slot;
}

void kin_enter(const struct kin_rig *rig, uint32_t slot, pid_t pid, int class)
{
	struct cell c = {
		.slot = slot,
		.pid = (__u32)pid,
		.id = kin_id(slot),
		.class = (__u32)class,
		.state = CELL_LIVING,
		.mother = CELL_NOBODY,
		.generation = 5,
		.licence = CELL_NOBODY,
	};
	__u32 key = (__u32)class;
	struct census n;

	kin_census(rig, class, &n);
	n.living++;
	cr_assert(!bpf_map_update_elem(rig->census, &key, &n, BPF_ANY));
	cr_assert(!bpf_map_update_elem(rig->cells, &slot, &c, BPF_ANY));
	cr_assert(!bpf_map_update_elem(rig->kin, &c.pid, &slot, BPF_ANY));
}

void kin_cell(const struct kin_rig *rig, uint32_t slot, struct cell *to)
{
	cr_assert(!bpf_map_lookup_elem(rig->cells, &slot, to));
}

void kin_census(const struct kin_rig *rig, int class, struct census *to)
{
	__u32 key = (__u32)class;

	cr_assert(!bpf_map_lookup_elem(rig->census, &key, to));
}

void kin_limit(const struct kin_rig *rig, int class, uint32_t max)
{
	__u32 key = (__u32)class;
	struct census n;

	kin_census(rig, class, &n);
	n.max = max;
	cr_assert(!bpf_map_update_elem(rig->census, &key, &n, BPF_ANY));
}

void kin_dying(const struct kin_rig *rig)
{
	struct organism o;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(rig->organism, &zero, &o));
	o.dying = 1;
	cr_assert(!bpf_map_update_elem(rig->organism, &zero, &o, BPF_ANY));
}

bool kin_knows(const struct kin_rig *rig, pid_t pid)
{
	__u32 key = (__u32)pid, slot;

	return !bpf_map_lookup_elem(rig->kin, &key, &slot);
}

uint32_t kin_owner(const struct kin_rig *rig, uint32_t vessel)
{
	struct vessel_owner v;

	cr_assert(!bpf_map_lookup_elem(rig->vessels, &vessel, &v));
	return v.owner;
}

uint32_t kin_call(int program, struct gland_call *call)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = call, .ctx_size_in = sizeof(*call));

	call->answer = 0xffff;
	if (bpf_prog_test_run_opts(program, &opts))
		_exit(99);
	return call->answer;
}

void kin_begin(struct kin_rig *rig, struct kin_actor *actor, int slot, int class, int (*act)(struct kin_rig *rig))
{
	int go[2], stay[2];
	char byte;

	cr_assert(!pipe(go) && !pipe(stay));
	actor->pid = fork();
	cr_assert_geq(actor->pid, 0);
	if (!actor->pid) {
		/* Whatever the test does, nothing of it stays. */
		alarm(KIN_LIFE_S);
		if (read(go[0], &byte, 1) != 1)
			_exit(98);
		int result = act(rig);

		/* Until it is let go. */
		(void)!read(stay[0], &byte, 1);
		_exit(result);
	}
	close(go[0]);
	close(stay[0]);
	actor->go = go[1];
	actor->stay = stay[1];
	if (slot >= 0)
		kin_enter(rig, (uint32_t)slot, actor->pid, class);
	cr_assert_eq(write(actor->go, "g", 1), 1);
}

int kin_let_go(struct kin_actor *actor)
{
	int status;

	/* A byte and not the end of the pipe: later actors have it open too. */
	(void)!write(actor->stay, "s", 1);
	close(actor->go);
	close(actor->stay);
	cr_assert_eq(waitpid(actor->pid, &status, 0), actor->pid);
	return status;
}

int kin_act(struct kin_rig *rig, int slot, int class, int (*act)(struct kin_rig *rig))
{
	struct kin_actor actor;

	kin_begin(rig, &actor, slot, class, act);
	return kin_let_go(&actor);
}
