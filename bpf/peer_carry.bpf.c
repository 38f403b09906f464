// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Signals from other hosts, which the gamete brings into the family: each once, weaker than it was, and all of them together
// no louder than the DNA lets other hosts be.
#include "alarm.bpf.h"
#include "deliver.bpf.h"
#include "lymph.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline __u32 carry_check(const struct cell *c, const struct link_state *l, const struct carry_call *call)
{
	if (c->class != CLASS_GAMETE)
		return GLAND_CLASS;
	if (!signal_crosses(call->kind) || !call->strength_q16 || !call->hops)
		return GLAND_RANGE;
	if (is_by_class(call->kind) ? call->class <= CLASS_EGG || call->class >= CLASS_COUNT : call->class != CLASS_NONE)
		return GLAND_RANGE;
	if (!call->what.host || call->what.host == l->self || !call->what.molecule || call->what.molecule & MOLECULE_CARRIED)
		return GLAND_RANGE;
	return call->strength_q16 > Q16_ONE ? GLAND_LOUD : GLAND_OK;
}

/* The first to bring it: two links may bring one signal while a host changes its mother. */
static __always_inline bool carry_is_new(const struct carried *what, __u64 now)
{
	struct carried key = *what;

	return !bpf_map_update_elem(&carried, &key, &now, BPF_NOEXIST);
}

static __always_inline struct receptor *carry_receptor(struct receptors *all, __u32 kind, __u32 class)
{
	class &= 7;
	barrier_var(class);
	switch (kind) {
	case HORMONE_GROWTH:
		return (struct receptor *)&all->growth + (class & 7);
	case HORMONE_ANTIGROWTH:
		return (struct receptor *)&all->antigrowth + (class & 7);
	case HORMONE_ALARM:
		return &all->alarm;
	default:
		return &all->calm;
	}
}

/* As much of it as keeps all that is heard from abroad below what one host could say at its loudest. */
static __always_inline __u32 carry_dose(const struct constitution *k, const struct carry_call *call, __u32 strength, __u64 now)
{
	__u32 zero = 0, level;
	struct receptors *all = bpf_map_lookup_elem(&abroad, &zero);
	struct receptor *r;

	if (!all)
		return 0;
	r = carry_receptor(all, call->kind, call->class);
	level = receptor_now(r->level_q16, r->at_ns, now, k->half_life_ms);
	if (level >= k->host_attenuation_q16)
		return 0;
	if (strength > k->host_attenuation_q16 - level)
		strength = k->host_attenuation_q16 - level;
	receptor_hear(r, strength, k->half_life_ms, now);
	return strength;
}

static __always_inline void carry_in(const struct constitution *k, struct cell *c, struct carry_call *call, __u32 dose)
{
	struct delivery d = { .except = CELL_NOBODY };
	struct source host = { .key = call->what.host };
	struct serials *s = serials_get();

	if (!s)
		return;
	d.m.id = (__sync_fetch_and_add(&s->molecule, 1) + 1) | MOLECULE_CARRIED;
	d.m.kind = call->kind;
	d.m.class = call->class;
	d.m.strength_q16 = dose;
	d.m.hops = call->hops;
	d.m.origin = c->id;
	happened_to(&host, HAPPENED_CARRY, c, call->kind, call->class, dose);
	take_in(c->slot, &d.m, k);
	/* An attack elsewhere makes the skin watchful; that it is over there says nothing of here. */
	if (call->kind == HORMONE_ALARM)
		alarm_hear(HORMONE_ALARM, dose, k->half_life_ms);
	call->heard = deliver(&d, c);
}

/*
 * Brings a signal of another host into the family, as the gamete's own relatives hear it. Whether it is to be told on to
 * further hosts says the answer: GLAND_OK.
 */
SEC("syscall")
int gland_carry(struct carry_call *call)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger();
	__u64 now = bpf_ktime_get_boot_ns();
	const struct link_state *l = link_get();
	__u32 dose;

	call->heard = 0;
	call->answer = GLAND_STRANGER;
	if (!c || !k || !l)
		return 0;
	call->answer = carry_check(c, l, call);
	if (call->answer == GLAND_OK && !allowed(c->slot, ACT_CARRY, k->secretions_per_s, now))
		call->answer = GLAND_RATE;
	if (call->answer != GLAND_OK) {
		refuse(c, call->answer, call->kind);
		return 0;
	}
	call->strength_q16 = signal_attenuate(call->strength_q16, k->host_attenuation_q16);
	if (call->strength_q16 < k->floor_q16 || !call->strength_q16 || call->hops >= k->hops_max) {
		call->answer = GLAND_FAINT;
		return 0;
	}
	if (!carry_is_new(&call->what, now)) {
		call->answer = GLAND_TWICE;
		return 0;
	}
	call->hops++;
	dose = carry_dose(k, call, call->strength_q16, now);
	if (dose)
		carry_in(k, c, call, dose);
	return 0;
}
