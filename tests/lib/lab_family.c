/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The family of a lab's organism through its pinned maps, mapped for reading. */
#include "lab_family.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STEP_NS 100000L

/* entries: how many there are, which the DNA decides. */
static const volatile void *map_pinned(const struct lab *l, const char *leaf, uint32_t *entries)
{
	struct bpf_map_info info = { 0 };
	uint32_t info_n = sizeof(info);
	char path[160];
	void *at;
	int fd;

	snprintf(path, sizeof(path), "%s/cellws/lab/%s", l->bpffs, leaf);
	/* Not for reading only: such a descriptor cannot be mapped as shared. */
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &info_n), 0);
	*entries = info.max_entries;
	at = mmap(NULL, (size_t)info.value_size * info.max_entries, PROT_READ, MAP_SHARED, fd, 0);
	cr_assert_neq(at, MAP_FAILED, "%s cannot be mapped: %s", path, strerror(errno));
	close(fd);
	return at;
}

void lab_family_open(struct lab_family *f, const struct lab *l)
{
	uint32_t classes, loads;

	f->cells = map_pinned(l, "cells", &f->slots);
	f->census = map_pinned(l, "census", &classes);
	f->vessels = map_pinned(l, "vessels", &f->vessel_count);
	f->loads = map_pinned(l, "loads", &loads);
}

unsigned lab_family_pids(const struct lab_family *f, enum cell_class class, pid_t *pids, unsigned room)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->slots && n < room; i++)
		if (f->cells[i].state == CELL_LIVING && f->cells[i].class == class)
			pids[n++] = (pid_t)f->cells[i].pid;
	return n;
}

pid_t lab_family_pid(const struct lab_family *f, enum cell_class class)
{
	pid_t pid = 0;

	lab_family_pids(f, class, &pid, 1);
	return pid;
}

enum cell_class lab_family_class(const struct lab_family *f, pid_t pid)
{
	for (unsigned i = 0; i < f->slots; i++)
		if (f->cells[i].state == CELL_LIVING && f->cells[i].pid == (uint32_t)pid)
			return (enum cell_class)f->cells[i].class;
	return CLASS_NONE;
}

static bool vessel_is_served(const struct lab_family *f, unsigned vessel)
{
	uint32_t owner = f->vessels[vessel].owner, slot = cell_slot_of_id(owner);

	return slot < f->slots && f->cells[slot].id == owner && f->cells[slot].state == CELL_LIVING;
}

/* As the program that steers counts. */
static uint64_t load_of(const struct lab_family *f, unsigned vessel)
{
	const volatile struct vessel_load *load = &f->loads[vessel];
	uint64_t steered = f->vessels[vessel].steered;

	return load->connections + (steered > load->accepted_at ? steered - load->accepted_at : 0);
}

pid_t lab_family_next_blood(const struct lab_family *f)
{
	uint64_t least = UINT64_MAX;
	pid_t pid = 0;

	for (unsigned v = 0; v < f->vessel_count; v++) {
		if (!vessel_is_served(f, v) || load_of(f, v) >= least)
			continue;
		least = load_of(f, v);
		pid = (pid_t)f->cells[cell_slot_of_id(f->vessels[v].owner)].pid;
	}
	return pid;
}

static bool is_whole(const struct lab_family *f)
{
	pid_t pids[CELL_SLOTS_MAX];

	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class++)
		if (lab_family_pids(f, (enum cell_class)class, pids, CELL_SLOTS_MAX) < f->census[class].min)
			return false;
	for (unsigned v = 0; v < f->census[CLASS_BLOOD].min; v++)
		if (!vessel_is_served(f, v))
			return false;
	return true;
}

bool lab_family_whole(const struct lab_family *f, double seconds)
{
	struct timespec step = { .tv_nsec = STEP_NS };
	double until = lab_now() + seconds;

	while (!is_whole(f)) {
		if (lab_now() > until)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}
