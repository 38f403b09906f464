/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How alarmed the whole organism is: raised by the signals `alarm`, lowered by `calm`, read by the skin. */
#ifndef CELLWS_ALARM_BPF_H
#define CELLWS_ALARM_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "shared/flood.h"
#include "shared/receptor.h"

#ifdef IMMUNE_DEFINES
#define ALARM_MAP
#else
#define ALARM_MAP extern
#endif

/* One. It fades by itself, so that an alarm ends though nobody lives to call it off. Writers: gland_secrete for T cells and the neuron, gland_inject. */
ALARM_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood_alarm);
} flood_alarm SEC(".maps");

/* now: of the monotonic clock, coarse or not. 0 to Q16_ONE. */
static __always_inline __u32 alarm_level(__u64 now)
{
	__u32 zero = 0;
	const struct flood_alarm *a = bpf_map_lookup_elem(&flood_alarm, &zero);

	if (!a || !a->level_q16)
		return 0;
	return receptor_now(a->level_q16, a->at_ns, now, a->half_life_ms) & (2 * Q16_ONE - 1);
}

/* A new signal, each once, however many hear it. kind: enum hormone; others than these two are not meant. */
static __always_inline void alarm_hear(__u32 kind, __u32 strength_q16, __u32 half_life_ms)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 zero = 0, level = alarm_level(now);
	struct flood_alarm *a = bpf_map_lookup_elem(&flood_alarm, &zero);

	if (!a || (kind != HORMONE_ALARM && kind != HORMONE_CALM))
		return;
	if (kind == HORMONE_ALARM)
		a->level_q16 = receptor_take(level, strength_q16);
	else
		a->level_q16 = level > strength_q16 ? level - strength_q16 : 0;
	a->at_ns = now;
	a->half_life_ms = half_life_ms;
}

#endif
