/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a signal comes to the relatives of the cell that gives it, and how a cell takes one in. */
#ifndef CELLWS_DELIVER_BPF_H
#define CELLWS_DELIVER_BPF_H

#include "bus.bpf.h"

struct delivery {
	struct molecule m;
	struct message message;
	__u32 giver;  /* slot */
	__u32 mother; /* slot of the giver's mother */
	__u32 except; /* slot it came from */
	__u32 accused; /* slots of the accused and its mother, CELL_NOBODY for none */
	__u32 accused_mother;
	__u32 heard;
};

static __always_inline bool has_received(const struct molecules *all, __u64 id)
{
	for (__u32 i = 0; i < MOLECULES; i++)
		if (all->m[i].id == id)
			return true;
	return false;
}

/* Into the memory of a cell and its inbox; once only, whichever way it comes. */
static __always_inline bool deliver_to(__u32 slot, struct delivery *d)
{
	struct molecules *all = bpf_map_lookup_elem(&molecules, &slot);
	struct molecule *m;
	void *ring;

	if (!all || has_received(all, d->m.id))
		return false;
	m = &all->m[__sync_fetch_and_add(&all->next, 1) & (MOLECULES - 1)];
	m->id = 0;
	barrier();
	m->kind = d->m.kind;
	m->class = d->m.class;
	m->strength_q16 = d->m.strength_q16;
	m->hops = d->m.hops;
	m->from = d->giver;
	m->relayed = 0;
	m->target = d->m.target;
	m->reason = d->m.reason;
	m->origin = d->m.origin;
	barrier();
	m->id = d->m.id;
	ring = inbox_of(slot);
	if (ring)
		bpf_ringbuf_output(ring, &d->message, sizeof(d->message), BPF_RB_FORCE_WAKEUP);
	return true;
}

/* A hung cell passes nothing on, least of all what is said of it: its relatives hear an accusation at once. */
static __always_inline bool is_accused_kin(const struct delivery *d, const struct cell *c)
{
	return d->accused != CELL_NOBODY && (c->mother == d->accused || c->slot == d->accused_mother);
}

static long deliver_if_relative(__u32 slot, void *ctx)
{
	struct delivery *d = ctx;
	struct cell *c = cell_at(slot);

	if (!c || c->state != CELL_LIVING || slot == d->giver || slot == d->except)
		return 0;
	if (c->mother != d->giver && slot != d->mother && !is_accused_kin(d, c))
		return 0;
	d->heard += deliver_to(slot, d);
	return 0;
}

static __always_inline void delivery_message(struct delivery *d)
{
	d->message = (struct message){
		.kind = MSG_HORMONE,
		.slot = cell_slot_of_id(d->m.origin),
		.id = d->m.origin,
		.class = d->m.class,
		.code = d->m.kind,
		.strength_q16 = d->m.strength_q16,
		.time_ns = bpf_ktime_get_boot_ns(),
		.molecule = d->m.id,
		.hops = d->m.hops,
		.target = d->m.target,
		.reason = d->m.reason,
		.from = d->giver,
	};
}

/* To the mother and the daughters of a cell, an accusation also to those of the accused. Returns how many got it. */
static __always_inline __u32 deliver(struct delivery *d, const struct cell *giver)
{
	struct cell *accused = d->m.kind == HORMONE_DANGER && d->m.hops == 1 ? cell_of_id(d->m.target) : NULL;

	d->accused = accused ? accused->slot : CELL_NOBODY;
	d->accused_mother = accused ? accused->mother : CELL_NOBODY;
	d->giver = giver->slot;
	d->mother = giver->mother;
	d->heard = 0;
	delivery_message(d);
	bpf_loop(CELL_SLOTS_MAX, deliver_if_relative, d, 0);
	return d->heard;
}

static __always_inline bool is_by_class(__u32 kind)
{
	return kind == HORMONE_GROWTH || kind == HORMONE_ANTIGROWTH;
}

static __always_inline void receptor_hear(struct receptor *r, __u32 strength_q16, __u32 half_life_ms, __u64 now)
{
	r->level_q16 = receptor_take(receptor_now(r->level_q16, r->at_ns, now, half_life_ms), strength_q16);
	r->at_ns = now;
	r->heard++;
}

/* A cell takes a signal in: the level of the receptor it belongs to rises. */
static __always_inline void take_in(__u32 slot, const struct molecule *m, const struct constitution *k)
{
	struct receptors *all = bpf_map_lookup_elem(&receptors, &slot);
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 class = m->class & 7, strength = m->strength_q16, half = k->half_life_ms;

	if (!all)
		return;
	barrier_var(class);
	switch (m->kind) {
	case HORMONE_GROWTH:
		receptor_hear((struct receptor *)&all->growth + (class & 7), strength, half, now);
		break;
	case HORMONE_ANTIGROWTH:
		receptor_hear((struct receptor *)&all->antigrowth + (class & 7), strength, half, now);
		break;
	case HORMONE_ALARM:
		receptor_hear(&all->alarm, strength, half, now);
		break;
	case HORMONE_CALM:
		receptor_hear(&all->calm, strength, half, now);
		break;
	case HORMONE_DANGER:
		receptor_hear(&all->danger, strength, half, now);
		break;
	default:
		break;
	}
}

#endif
