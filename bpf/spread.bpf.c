// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What hosts make of a DNA that they were told of: the gamete writes it down, for `cellctl hosts` and for its successor.
#include "lymph.bpf.h"
#include "shared/spread.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The last word of each host. Writer: gland_uptake. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, UPTAKES_MAX);
	__type(key, __u32);
	__type(value, struct uptake);
} uptakes SEC(".maps");

SEC("syscall")
int gland_uptake(struct uptake_call *call)
{
	struct cell *c = cell_or_stranger();
	__u32 index = call->index;
	struct uptake *v = bpf_map_lookup_elem(&uptakes, &index);

	call->answer = !c ? GLAND_STRANGER : c->class != CLASS_GAMETE ? GLAND_CLASS : !v ? GLAND_RANGE : GLAND_OK;
	if (call->answer != GLAND_OK || !v)
		return 0;
	__builtin_memcpy(v, &call->what, sizeof(*v));
	v->why[UPTAKE_WHY - 1] = 0;
	return 0;
}
