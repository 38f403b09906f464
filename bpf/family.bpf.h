/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the family: who lives, how many, who hears of it. Defined in lineage, only declared elsewhere. */
#ifndef CELLWS_FAMILY_BPF_H
#define CELLWS_FAMILY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "shared/cell.h"

#ifdef FAMILY_DEFINES
#define FAMILY_MAP
#else
#define FAMILY_MAP extern
#endif

#define BPF_F_MMAPABLE (1U << 10)

/* Every cell by slot. Writers: lineage and gland programs; `up` writes the egg's record. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, struct cell);
} cells SEC(".maps");

/* How many of each class. Writers: lineage and gland programs; `up` writes the limits. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CLASS_COUNT);
	__type(key, __u32);
	__type(value, struct census);
} census SEC(".maps");

/* The organism itself. Writers: `up` and `down`; gland_divide takes serials. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct organism);
} organism SEC(".maps");

/* pid → slot of the living. Writer: lineage; `up` writes the egg's. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} kin SEC(".maps");

/* Who serves which vessel. Writers: gland_animate (owner), vessel_steer (steered). */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct vessel_owner);
} vessels SEC(".maps");

struct inbox_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, INBOX_BYTES);
};

/* One inbox per slot, filled by `up`. Writers of the rings: lineage and gland programs. */
FAMILY_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
	__array(values, struct inbox_ring);
} inboxes SEC(".maps");

static __always_inline struct organism *organism_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&organism, &zero);
}

static __always_inline struct cell *cell_at(__u32 slot)
{
	return bpf_map_lookup_elem(&cells, &slot);
}

static __always_inline struct census *census_of(__u32 class)
{
	return bpf_map_lookup_elem(&census, &class);
}

/* A full barrier: an atomic operation that returns a value orders all before it against all after it. */
static __always_inline void family_barrier(void)
{
	__u64 here = 0;
	volatile __u64 was = __sync_fetch_and_add(&here, 1);

	(void)was;
}

/* The living cell whose process is pid, or NULL: strangers have no record. */
static __always_inline struct cell *cell_of_pid(__u32 pid)
{
	__u32 *slot = bpf_map_lookup_elem(&kin, &pid);
	struct cell *c;

	if (!slot)
		return NULL;
	c = cell_at(*slot);
	return c && c->pid == pid && c->state == CELL_LIVING ? c : NULL;
}

static __always_inline void *inbox_of(__u32 slot)
{
	return bpf_map_lookup_elem(&inboxes, &slot);
}

/* Gives back the slot that a mother was promised for a daughter she did not have: it counts as a living cell until then. */
static __always_inline void family_return_licence(struct cell *mother)
{
	struct cell *promised = mother->licence == CELL_NOBODY ? NULL : cell_at(mother->licence);
	struct census *n;

	mother->licence = CELL_NOBODY;
	if (!promised || promised->state != CELL_LICENSED)
		return;
	promised->state = CELL_FREE;
	n = census_of(promised->class);
	if (n)
		__sync_fetch_and_add(&n->living, -1);
}

/* The cell that runs this program, or NULL for a stranger. */
static __always_inline struct cell *cell_calling(void)
{
	return cell_of_pid(bpf_get_current_pid_tgid() >> 32);
}

struct announcement {
	struct message m;
};

static long family_tell(__u32 slot, void *ctx)
{
	struct announcement *a = ctx;
	struct cell *c = cell_at(slot);
	void *ring;

	if (!c || c->state != CELL_LIVING || slot == a->m.slot)
		return 0;
	ring = inbox_of(slot);
	if (ring)
		bpf_ringbuf_output(ring, &a->m, sizeof(a->m), BPF_RB_FORCE_WAKEUP);
	return 0;
}

/*
 * Puts a message about a cell into the inbox of every other living cell: all descend from one egg, and a vacancy that
 * only some hear of stays vacant when those die too.
 */
static __always_inline void family_announce(const struct cell *about, __u32 kind, __u32 code)
{
	struct announcement a = {
		.m = { .kind = kind,
			.slot = about->slot,
			.id = about->id,
			.class = about->class,
			.code = code,
			.time_ns = bpf_ktime_get_boot_ns() },
	};

	bpf_loop(CELL_SLOTS_MAX, family_tell, &a, 0);
}

#endif
