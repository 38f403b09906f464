// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The calls by which a cell acts on the family: divide, become, animate. Run unprivileged; the kernel sees who calls.
#include "bus.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Counts one more of a class if the number is still what the caller saw and below the maximum. */
static __always_inline __u32 gland_count_in(__u32 class, __u32 seen)
{
	struct census *n = census_of(class);

	if (!n)
		return GLAND_RANGE;
	if (n->living != seen)
		return GLAND_STALE;
	if (seen >= n->max)
		return GLAND_FULL;
	if (__sync_val_compare_and_swap(&n->living, seen, seen + 1) != seen)
		return GLAND_STALE;
	return GLAND_OK;
}

static __always_inline void gland_count_out(__u32 class)
{
	struct census *n = census_of(class);

	if (n)
		__sync_fetch_and_add(&n->living, -1);
}

/*
 * Own class only; the egg and the neuron have stems. Blood may have one when neither a stem nor a neuron is left: whoever
 * is left can grow the rest again.
 */
static __always_inline bool gland_may_bear(const struct cell *mother, __u32 class)
{
	struct census *stems = census_of(CLASS_STEM), *neurons = census_of(CLASS_NEURON), *eggs = census_of(CLASS_EGG);

	if (class != CLASS_STEM)
		return class == mother->class && (class == CLASS_BLOOD || class == CLASS_DRONE || class == CLASS_TCELL);
	if (mother->class == CLASS_STEM || mother->class == CLASS_EGG || mother->class == CLASS_NEURON)
		return true;
	if (!stems || !neurons || !eggs || stems->living || eggs->living)
		return false;
	return mother->class == CLASS_BLOOD && !neurons->living;
}

struct slot_search {
	__u32 slots;
	__u32 best; /* CELL_NOBODY: none */
	__u64 best_died;
};

static long gland_look_at_slot(__u32 slot, void *ctx)
{
	struct slot_search *search = ctx;
	struct cell *c = cell_at(slot);

	if (!c || slot >= search->slots)
		return 1;
	if ((c->state == CELL_FREE || c->state == CELL_DEAD) && c->died_ns < search->best_died) {
		search->best = slot;
		search->best_died = c->died_ns;
	}
	return 0;
}

/*
 * Takes a slot that is free, else the one longest dead, so that the story of the last deaths can be read. NULL with an
 * answer: somebody else was faster, or all are taken, by cells that leave and are not counted any more.
 */
static __always_inline struct cell *gland_take_slot(__u32 slots, __u32 *answer)
{
	struct slot_search search = { .slots = slots, .best = CELL_NOBODY, .best_died = ~0ULL };
	struct cell *c;
	__u32 was;

	bpf_loop(CELL_SLOTS_MAX, gland_look_at_slot, &search, 0);
	c = cell_at(search.best);
	*answer = c ? GLAND_STALE : GLAND_FULL;
	if (!c)
		return NULL;
	was = c->state;
	if (was != CELL_FREE && was != CELL_DEAD)
		return NULL;
	return __sync_val_compare_and_swap(&c->state, was, CELL_LICENSED) == was ? c : NULL;
}

/*
 * What the mother has heard, the daughter has heard too, as if it had been passed on to her; the neuron's daughters have
 * heard what the neuron said, just as their sisters have.
 */
static __always_inline void gland_inherit(__u32 slot, const struct cell *mother)
{
	__u32 from = mother->slot;
	bool fades = mother->class != CLASS_NEURON;
	struct receptors *heard = bpf_map_lookup_elem(&receptors, &slot), *hers = bpf_map_lookup_elem(&receptors, &from);
	const struct constitution *k = constitution_get();
	struct receptor *all = (struct receptor *)heard;

	if (!heard || !hers || !k)
		return;
	__builtin_memcpy(heard, hers, sizeof(*heard));
	for (__u32 i = 0; i < sizeof(*heard) / sizeof(*all) && fades; i++)
		all[i].level_q16 = signal_attenuate(all[i].level_q16, k->attenuation_q16);
}

/* Nothing of the former tenant counts for the next: votes against it, questions to it, its pulse. */
static __always_inline void gland_clear(__u32 slot)
{
	struct ballot *votes = bpf_map_lookup_elem(&ballots, &slot);
	struct proof *asked = bpf_map_lookup_elem(&proofs, &slot);
	struct pulse *beat = bpf_map_lookup_elem(&pulses, &slot);

	if (votes)
		votes->target = votes->votes = votes->electorate = votes->condemned = 0;
	if (asked)
		asked->asked_ns = 0;
	if (beat)
		beat->id = 0;
}

/* Votes are against an id, but their papers are by slot: those against the former tenant must not be found. */
static long gland_clear_paper(__u32 slot, void *ctx)
{
	__u32 *target = ctx;
	struct ballot *votes = bpf_map_lookup_elem(&ballots, target);

	if (votes)
		votes->paper[slot & (CELL_SLOTS_MAX - 1)].voter = 0;
	return 0;
}

static __always_inline __u32 gland_license(struct cell *mother, struct organism *o, struct gland_call *call)
{
	__u32 serial, slot, answer = GLAND_STALE;
	struct cell *daughter = gland_take_slot(o->slots, &answer);

	if (!daughter) {
		gland_count_out(call->class);
		return answer;
	}
	slot = daughter->slot;
	gland_clear(slot);
	gland_inherit(slot, mother);
	bpf_loop(CELL_SLOTS_MAX, gland_clear_paper, &slot, 0);
	serial = __sync_fetch_and_add(&o->serial, 1) + 1;
	daughter->id = serial << 8 | daughter->slot;
	daughter->class = call->class;
	daughter->mother = mother->slot;
	daughter->dna = 0;
	daughter->pid = 0;
	mother->licence = daughter->slot;
	call->slot = daughter->slot;
	call->id = daughter->id;
	return GLAND_OK;
}

/* A mother who holds a licence may use it, or give it back with CLASS_NONE when her clone has failed. */
static __always_inline void gland_repeat_licence(const struct cell *mother, struct gland_call *call)
{
	struct cell *daughter = cell_at(mother->licence);

	call->answer = GLAND_PENDING;
	if (!daughter)
		return;
	call->class = daughter->class;
	call->slot = daughter->slot;
	call->id = daughter->id;
}

SEC("syscall")
int gland_divide(struct gland_call *call)
{
	struct organism *o = organism_get();
	struct cell *mother = cell_or_stranger();

	if (!mother || !o) {
		call->answer = GLAND_STRANGER;
		return 0;
	}
	if (call->class == CLASS_NONE && mother->licence != CELL_NOBODY) {
		family_return_licence(mother);
		call->answer = GLAND_OK;
		return 0;
	}
	if (o->dying) {
		call->answer = GLAND_DYING;
		return 0;
	}
	if (!gland_may_bear(mother, call->class)) {
		call->answer = GLAND_CLASS;
		return 0;
	}
	if (mother->licence != CELL_NOBODY) {
		gland_repeat_licence(mother, call);
		return 0;
	}
	call->answer = gland_count_in(call->class, call->seen);
	if (call->answer == GLAND_OK)
		call->answer = gland_license(mother, o, call);
	return 0;
}

static long gland_adopt_orphan(__u32 slot, void *ctx)
{
	__u32 *neuron = ctx;
	struct cell *c = cell_at(slot);

	if (c && c->state == CELL_LIVING && c->mother == CELL_NOBODY && slot != *neuron)
		c->mother = *neuron;
	return 0;
}

/* A new neuron is the root of the tree: nobody's daughter, and the mother of all who have lost theirs. */
static __always_inline void gland_adopt_orphans(struct cell *neuron)
{
	__u32 slot = neuron->slot;

	neuron->mother = CELL_NOBODY;
	family_barrier();
	bpf_loop(CELL_SLOTS_MAX, gland_adopt_orphan, &slot, 0);
}

/* The egg becomes the neuron; a stem anything once, but no neuron while there is an egg that will be it. */
static __always_inline bool gland_may_become(__u32 from, __u32 to)
{
	struct census *eggs = census_of(CLASS_EGG);

	if (from == CLASS_EGG)
		return to == CLASS_NEURON;
	if (to == CLASS_NEURON && (!eggs || eggs->living))
		return false;
	return from == CLASS_STEM && to > CLASS_EGG && to < CLASS_COUNT && to != CLASS_STEM;
}

SEC("syscall")
int gland_become(struct gland_call *call)
{
	struct organism *o = organism_get();
	struct cell *c = cell_or_stranger();
	__u32 from;

	if (!c || !o) {
		call->answer = GLAND_STRANGER;
		return 0;
	}
	from = c->class;
	if (o->dying || !gland_may_become(from, call->class) || c->licence != CELL_NOBODY) {
		call->answer = o->dying ? GLAND_DYING : c->licence != CELL_NOBODY ? GLAND_PENDING : GLAND_CLASS;
		return 0;
	}
	call->answer = gland_count_in(call->class, call->seen);
	if (call->answer != GLAND_OK)
		return 0;
	gland_count_out(from);
	c->class = call->class;
	c->dna = c->class == CLASS_DRONE || c->class == CLASS_TCELL ? call->dna : 0;
	happened(HAPPENED_BECAME, c, from, 0, 0);
	call->slot = c->slot;
	call->id = c->id;
	if (call->class == CLASS_NEURON)
		gland_adopt_orphans(c);
	family_announce(c, MSG_BECAME, from);
	return 0;
}

/* It lives by a DNA that is in force no more. What a cell has said of that can only bring its own end nearer. */
static __always_inline bool gland_is_outdated(const struct cell *c)
{
	const struct organism *o = organism_get();

	return o && c->dna && c->dna < o->generation;
}

/*
 * A cell that is one too many leaves: it is counted no more from here on, finishes what it has in hand, and ends. Never
 * below the class minimum, whoever else leaves at the same moment; but one of an older DNA must make room at any time.
 */
SEC("syscall")
int gland_leave(struct gland_call *call)
{
	struct cell *c = cell_or_stranger();
	struct census *n;
	__u32 living;

	call->answer = GLAND_STRANGER;
	if (!c)
		return 0;
	n = census_of(c->class);
	call->answer = !n || c->leaving || (c->class != CLASS_BLOOD && c->class != CLASS_DRONE && c->class != CLASS_TCELL) ? GLAND_CLASS :
															     GLAND_OK;
	if (call->answer != GLAND_OK || !n)
		return 0;
	living = n->living;
	if ((living <= n->min && !gland_is_outdated(c)) || __sync_val_compare_and_swap(&n->living, living, living - 1) != living) {
		call->answer = living <= n->min && !gland_is_outdated(c) ? GLAND_MINIMUM : GLAND_STALE;
		return 0;
	}
	c->leaving = 1;
	happened(HAPPENED_LEAVE, c, 0, 0, 0);
	family_announce(c, MSG_DRAIN, 0);
	return 0;
}

/* A living blood cell takes a vessel whose owner (call->seen) is dead or was never there. */
SEC("syscall")
int gland_animate(struct gland_call *call)
{
	struct cell *c = cell_or_stranger(), *old;
	struct vessel_owner *v;
	__u32 vessel = call->vessel, owner;

	call->answer = !c ? GLAND_STRANGER : c->class != CLASS_BLOOD ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK || !c)
		return 0;
	v = bpf_map_lookup_elem(&vessels, &vessel);
	if (!v) {
		call->answer = GLAND_RANGE;
		return 0;
	}
	/* Read once: the owner that is judged is the one that is replaced, whatever the caller says it has seen. */
	owner = *(volatile __u32 *)&v->owner;
	old = owner ? cell_at(cell_slot_of_id(owner)) : NULL;
	if (old && old->state == CELL_LIVING && old->id == owner) {
		call->answer = GLAND_OWNED;
		return 0;
	}
	if (owner != call->seen || __sync_val_compare_and_swap(&v->owner, owner, c->id) != owner)
		call->answer = GLAND_STALE;
	call->slot = c->slot;
	call->id = c->id;
	return 0;
}
