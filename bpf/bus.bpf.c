// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The bus: cells secrete signals, pass on what they have received, show their pulse and prove their key. Run by cells
// without privileges; the kernel sees who calls, how loud, how often and to whom.
#include "bus.bpf.h"
#include "alarm.bpf.h"
#include "deliver.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What can be said of a signal without knowing who sends it. */
static __always_inline __u32 signal_check(const struct bus_call *call)
{
	if (call->kind == HORMONE_NONE || call->kind >= HORMONE_COUNT || !call->strength_q16)
		return GLAND_RANGE;
	if (is_by_class(call->kind) ? call->class <= CLASS_EGG || call->class >= CLASS_COUNT : call->class != CLASS_NONE)
		return GLAND_RANGE;
	if (call->kind == HORMONE_DANGER && (call->reason == REASON_NONE || call->reason >= REASON_COUNT))
		return GLAND_RANGE;
	if (call->kind == HORMONE_DANGER && !cell_of_id(call->target))
		return GLAND_DEAD;
	return GLAND_OK;
}

static __always_inline __u32 secrete_check(const struct constitution *k, const struct cell *c, const struct bus_call *call)
{
	__u32 answer = signal_check(call);

	if (answer != GLAND_OK)
		return answer;
	if (c->class == CLASS_EGG)
		return GLAND_CLASS;
	if (call->strength_q16 > Q16_ONE || call->strength_q16 > k->cap_q16[c->class & 7])
		return GLAND_LOUD;
	return allowed(c->slot, ACT_SECRETE, k->secretions_per_s, bpf_ktime_get_boot_ns()) ? GLAND_OK : GLAND_RATE;
}

/* Fills a new molecule from a call; false when there are no serials. */
static __always_inline bool molecule_make(struct delivery *d, struct bus_call *call, __u32 origin)
{
	struct serials *s = serials_get();
	bool danger = call->kind == HORMONE_DANGER;

	if (!s)
		return false;
	call->molecule = __sync_fetch_and_add(&s->molecule, 1) + 1;
	d->m.id = call->molecule;
	d->m.kind = call->kind;
	d->m.class = call->class;
	d->m.strength_q16 = call->strength_q16;
	d->m.hops = 1;
	d->m.target = danger ? call->target : 0;
	d->m.reason = danger ? call->reason : 0;
	d->m.origin = origin;
	return true;
}

SEC("syscall")
int gland_secrete(struct bus_call *call)
{
	const struct constitution *k = constitution_get();
	struct delivery d = { .except = CELL_NOBODY };
	struct cell *c = cell_or_stranger();

	call->heard = 0;
	call->answer = GLAND_STRANGER;
	if (!c || !k)
		return 0;
	call->answer = secrete_check(k, c, call);
	if (call->answer != GLAND_OK) {
		refuse(c, call->answer, call->kind);
		return 0;
	}
	if (!molecule_make(&d, call, c->id))
		return 0;
	if (call->kind == HORMONE_DANGER)
		happened(HAPPENED_ACCUSE, c, call->target, call->reason, 0);
	else
		happened(HAPPENED_SECRETE, c, call->kind, call->class, call->strength_q16);
	/* It hears itself: a mother's daughters then know what their sisters know. */
	take_in(c->slot, &d.m, k);
	/* The skin hears those alone who touch nothing of a client's: who runs genes might call the alarm for ever, or off. */
	if (c->class == CLASS_TCELL || c->class == CLASS_NEURON)
		alarm_hear(call->kind, call->strength_q16, k->half_life_ms);
	call->heard = deliver(&d, c);
	return 0;
}

struct root_search {
	__u32 slot;
	__u32 class;
};

/* The neuron; before there is one, the egg. */
static long find_root(__u32 slot, void *ctx)
{
	struct root_search *s = ctx;
	struct cell *c = cell_at(slot);

	if (!c || c->state != CELL_LIVING || (c->class != CLASS_NEURON && c->class != CLASS_EGG))
		return 0;
	s->slot = slot;
	s->class = c->class;
	return c->class == CLASS_NEURON;
}

/* Root's own signal, for `cellctl secrete`: heard by the neuron as if by a relative. Never handed to a cell. */
SEC("syscall")
int gland_inject(struct bus_call *call)
{
	struct delivery d = { .except = CELL_NOBODY, .giver = CELL_NOBODY, .mother = CELL_NOBODY };
	struct root_search root = { .slot = CELL_NOBODY };
	const struct constitution *k = constitution_get();

	call->heard = 0;
	call->answer = call->strength_q16 > Q16_ONE ? GLAND_LOUD : signal_check(call);
	if (call->answer != GLAND_OK)
		return 0;
	bpf_loop(CELL_SLOTS_MAX, find_root, &root, 0);
	if (root.slot == CELL_NOBODY) {
		call->answer = GLAND_DEAD;
		return 0;
	}
	if (!molecule_make(&d, call, 0))
		return 0;
	delivery_message(&d);
	happened(HAPPENED_SECRETE, NULL, call->kind, call->class, call->strength_q16);
	if (k)
		alarm_hear(call->kind, call->strength_q16, k->half_life_ms);
	call->heard = deliver_to(root.slot, &d);
	return 0;
}

static __always_inline struct molecule *molecule_find(struct molecules *all, __u64 id)
{
	for (__u32 i = 0; i < MOLECULES; i++)
		if (all->m[i].id == id)
			return &all->m[i];
	return NULL;
}

/* Takes a received signal in and passes it on, weaker, to the other relatives. Nothing of it is the caller's to say. */
SEC("syscall")
int gland_relay(struct bus_call *call)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger();
	struct delivery d = { 0 };
	struct molecules *all;
	struct molecule *m;
	__u32 slot;

	call->heard = 0;
	call->answer = GLAND_STRANGER;
	if (!c || !k)
		return 0;
	slot = c->slot;
	all = bpf_map_lookup_elem(&molecules, &slot);
	m = all && call->molecule ? molecule_find(all, call->molecule) : NULL;
	if (!m || __sync_val_compare_and_swap(&m->relayed, 0, 1)) {
		call->answer = refuse(c, GLAND_UNHEARD, 0);
		return 0;
	}
	call->answer = GLAND_OK;
	take_in(slot, m, k);
	d.m = *m;
	d.except = m->from;
	d.m.strength_q16 = signal_attenuate(m->strength_q16, k->attenuation_q16);
	d.m.hops = m->hops + 1;
	if (m->hops < k->hops_max && d.m.strength_q16 >= k->floor_q16 && d.m.strength_q16)
		call->heard = deliver(&d, c);
	return 0;
}

/* The memory of the process that calls, as kernels before and after 6.2 count it. */
struct mm_rss_stat___before {
	atomic_long_t count[4];
} __attribute__((preserve_access_index));

struct mm_struct___before {
	struct mm_rss_stat___before rss_stat;
} __attribute__((preserve_access_index));

#define RSS_FILE 0
#define RSS_ANON 1

static __always_inline __u32 rss_pages(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	long pages = 0;

	if (!mm)
		return 0;
	if (bpf_core_type_exists(struct mm_rss_stat___before)) {
		struct mm_struct___before *old = (void *)mm;

		pages = BPF_CORE_READ(old, rss_stat.count[RSS_FILE].counter) + BPF_CORE_READ(old, rss_stat.count[RSS_ANON].counter);
	} else {
		pages = BPF_CORE_READ(mm, rss_stat[RSS_FILE].count) + BPF_CORE_READ(mm, rss_stat[RSS_ANON].count);
	}
	return pages > 0 ? (__u32)pages : 0;
}

SEC("syscall")
int gland_pulse(struct bus_call *call)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger();
	struct pulse *p;
	__u32 slot;

	call->answer = GLAND_STRANGER;
	if (!c || !k)
		return 0;
	slot = c->slot;
	p = bpf_map_lookup_elem(&pulses, &slot);
	call->answer = !p || call->busy_permille > 1000 ? GLAND_RANGE : GLAND_OK;
	if (!p || call->answer != GLAND_OK)
		return 0;
	if (!allowed(slot, ACT_PULSE, k->secretions_per_s, bpf_ktime_get_boot_ns())) {
		call->answer = refuse(c, GLAND_RATE, 0);
		return 0;
	}
	p->id = c->id;
	p->busy_permille = call->busy_permille;
	p->wait_us = call->wait_us;
	p->rss_pages = rss_pages();
	p->beat_ns = bpf_ktime_get_boot_ns();
	return 0;
}

/* Asks a cell to prove that it knows the organism's key. One question at a time for each cell. */
SEC("syscall")
int gland_prompt(struct bus_call *call)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger(), *target = cell_of_id(call->target);
	__u64 now = bpf_ktime_get_boot_ns(), was;
	struct message m = { .kind = MSG_PROMPT };
	struct proof *p;
	void *ring;
	__u32 slot;

	call->answer = GLAND_STRANGER;
	if (!c || !k)
		return 0;
	call->answer = !is_adult(c) ? GLAND_CLASS : !target ? GLAND_DEAD : GLAND_OK;
	if (call->answer != GLAND_OK || !target)
		return 0;
	slot = target->slot;
	p = bpf_map_lookup_elem(&proofs, &slot);
	if (!p)
		return 0;
	was = p->asked_ns;
	if (p->target == target->id && was && !p->answered_ns) {
		call->answer = GLAND_PENDING;
		return 0;
	}
	if (!allowed(c->slot, ACT_PROMPT, k->secretions_per_s, now)) {
		call->answer = refuse(c, GLAND_RATE, 0);
		return 0;
	}
	/* Who wins asks; the answer before is gone first, so that it is never held against the new question. */
	if (__sync_val_compare_and_swap(&p->asked_ns, was, now) != was) {
		call->answer = GLAND_PENDING;
		return 0;
	}
	p->answered_ns = 0;
	barrier();
	p->target = target->id;
	p->asker = c->id;
	p->nonce[0] = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
	p->nonce[1] = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
	barrier();
	m.slot = c->slot;
	m.id = c->id;
	m.class = c->class;
	m.time_ns = now;
	ring = inbox_of(slot);
	/* A question that does not reach the cell, because its inbox is full, was not put. */
	if (ring && bpf_ringbuf_output(ring, &m, sizeof(m), BPF_RB_FORCE_WAKEUP))
		p->asked_ns = 0;
	return 0;
}

SEC("syscall")
int gland_prove(struct bus_call *call)
{
	struct cell *c = cell_or_stranger();
	struct proof *p;
	__u32 slot;

	call->answer = GLAND_STRANGER;
	if (!c)
		return 0;
	slot = c->slot;
	p = bpf_map_lookup_elem(&proofs, &slot);
	if (!p || p->target != c->id || !p->asked_ns || p->answered_ns) {
		call->answer = refuse(c, GLAND_TWICE, 0);
		return 0;
	}
	__builtin_memcpy(p->mac, call->mac, PROOF_BYTES);
	barrier();
	p->answered_ns = bpf_ktime_get_boot_ns();
	call->answer = GLAND_OK;
	return 0;
}
