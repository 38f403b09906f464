/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the organism only observes: one flag among the rules, which `cellctl immune observe` and `enforce` switch. */
#ifndef CELLWS_OBSERVE_BPF_H
#define CELLWS_OBSERVE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "shared/hormone.h"

/* As in bus.bpf.h, whose programs define it. Writer: `up` and `cellctl immune`. */
extern struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, 1U << 10); /* BPF_F_MMAPABLE */
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct constitution);
} constitution SEC(".maps");

/* Asked only where something is about to be refused: what passes pays nothing for it. */
static __always_inline bool observes(void)
{
	__u32 zero = 0;
	const struct constitution *rules = bpf_map_lookup_elem(&constitution, &zero);

	return rules && *(volatile const __u32 *)&rules->observe;
}

#endif
