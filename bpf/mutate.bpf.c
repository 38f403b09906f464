// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The call by which a new DNA comes into force: wanted by root or a gamete, put in place by any cell of the shared table.
#include "bus.bpf.h"
#include "shared/mutation.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The DNA in force, from the second generation on, and the next. Cells map it. Writer: gland_mutate. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MUTATION_ROWS);
	__type(key, __u32);
	__type(value, struct mutation);
} mutations SEC(".maps");

/* Of the skin. */
extern volatile __u64 syn_cost_ns;
extern volatile __u64 packet_cost_ns;
extern volatile __u32 packet_sample;
extern volatile __u32 port_syn_rate;

/* Of the mucosa. */
extern volatile __u32 signature_now;

static __always_inline struct mutation *row_of(__u32 generation)
{
	__u32 key = generation % MUTATION_ROWS;

	return bpf_map_lookup_elem(&mutations, &key);
}

/* Wakes every cell: those of the shared table bring the DNA into force, or take it on. */
static __always_inline void tell_all(__u32 generation)
{
	struct announcement a = {
		.m = { .kind = MSG_MUTATE, .slot = CELL_NOBODY, .code = generation, .time_ns = bpf_ktime_get_boot_ns(),
			.from = CELL_NOBODY },
	};

	bpf_loop(CELL_SLOTS_MAX, family_tell, &a, 0);
}

/* Root, who found the program among the pins, or a gamete, who has verified who sends it. */
static __always_inline bool may_want(const struct cell *c)
{
	return c ? c->class == CLASS_GAMETE : !(bpf_get_current_uid_gid() & 0xffffffff);
}

/* Reads from the call itself, as the kernel's verifier wants it. */
static __always_inline __u32 stage(const struct cell *c, const struct organism *o, const struct mutate_call *call, __u32 generation)
{
	struct mutation *row = row_of(generation);
	__u64 now = bpf_ktime_get_boot_ns();

	if (!row || generation != o->generation + 1)
		return GLAND_STALE;
	if (c && row->state == MUTATION_STAGED && now - row->staged_ns < MUTATION_STALE_NS)
		return GLAND_PENDING;
	row->state = MUTATION_NONE;
	family_barrier();
	*row = call->next;
	row->staged_ns = now;
	row->dna_sha256[sizeof(row->dna_sha256) - 1] = 0;
	row->state = MUTATION_NONE;
	family_barrier();
	row->state = MUTATION_STAGED;
	tell_all(generation);
	return GLAND_OK;
}

/* Only one that is staged, and by one caller only. */
static __always_inline bool take_staged(struct mutation *row, __u32 generation, __u32 to)
{
	return row && row->generation == generation &&
	       __sync_val_compare_and_swap(&row->state, MUTATION_STAGED, to) == MUTATION_STAGED;
}

static __always_inline void rule(const struct mutation *m)
{
	__u32 zero = 0, observe;
	struct constitution *k = bpf_map_lookup_elem(&constitution, &zero);
	struct census *blood = census_of(CLASS_BLOOD), *drones = census_of(CLASS_DRONE);

	if (k) {
		observe = k->observe;
		*k = m->rules;
		if (!m->observe)
			k->observe = observe;
	}
	if (blood)
		blood->min = m->blood_min;
	if (drones)
		drones->min = m->drone_min;
	syn_cost_ns = m->limits.syn_cost_ns;
	packet_cost_ns = m->limits.packet_cost_ns;
	packet_sample = m->limits.packet_sample;
	port_syn_rate = m->limits.port_syn_rate;
	signature_now = m->signature_now;
}

static __always_inline __u32 force(const struct cell *c, struct organism *o, __u32 generation)
{
	struct mutation *row = row_of(generation);

	if (generation != o->generation + 1 || !take_staged(row, generation, MUTATION_FORCE) || !row)
		return GLAND_STALE;
	rule(row);
	__builtin_memcpy(o->dna_sha256, row->dna_sha256, sizeof(o->dna_sha256));
	o->drain_ms = row->drain_ms;
	family_barrier();
	o->generation = generation;
	happened(HAPPENED_MUTATE, c, generation, generation - 1, 0);
	tell_all(generation);
	return GLAND_OK;
}

static __always_inline __u32 cancel(__u32 generation, __u32 refused)
{
	struct mutation *row = row_of(generation);

	if (!row || row->generation != generation || row->state != MUTATION_STAGED)
		return GLAND_STALE;
	row->refused = refused;
	family_barrier();
	return take_staged(row, generation, MUTATION_NONE) ? GLAND_OK : GLAND_STALE;
}

static __always_inline __u32 again(__u32 generation)
{
	const struct mutation *row = row_of(generation);

	if (!row || row->generation != generation || row->state != MUTATION_STAGED)
		return GLAND_STALE;
	tell_all(generation);
	return GLAND_OK;
}

static __always_inline bool is_of_the_table(const struct cell *c)
{
	return c && (c->class == CLASS_EGG || c->class == CLASS_NEURON || c->class == CLASS_STEM || c->class == CLASS_BLOOD);
}

SEC("syscall")
int gland_mutate(struct mutate_call *call)
{
	struct cell *c = cell_calling();
	struct organism *o = organism_get();
	__u32 generation = call->next.generation;
	bool allowed = call->act == MUTATE_FORCE ? is_of_the_table(c) :
						   may_want(c) || (call->act == MUTATE_CANCEL && is_of_the_table(c));

	call->answer = c ? GLAND_CLASS : GLAND_STRANGER;
	if (!allowed || !o)
		return 0;
	if (o->dying)
		call->answer = GLAND_DYING;
	else if (call->act == MUTATE_STAGE)
		call->answer = stage(c, o, call, generation);
	else if (call->act == MUTATE_FORCE)
		call->answer = force(c, o, generation);
	else if (call->act == MUTATE_AGAIN)
		call->answer = again(generation);
	else if (call->act == MUTATE_CANCEL)
		call->answer = cancel(generation, call->next.refused);
	else
		call->answer = GLAND_RANGE;
	return 0;
}
