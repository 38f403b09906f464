/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The immune maps, each with what it holds and its writers. Defined in the skin, only declared elsewhere. */
#ifndef CELLWS_ANTIBODY_BPF_H
#define CELLWS_ANTIBODY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "shared/ports.h"
#include "shared/verdict.h"

#ifdef IMMUNE_DEFINES
#define IMMUNE_MAP
#else
#define IMMUNE_MAP extern
#endif

/* The TCP ports of the organism; all others are none of the skin's business. Writer: `up`. */
IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct port_set);
} own_ports SEC(".maps");

/* The never-ban list. Writer: `up` and cellctl; hits: the skin. */
IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix_v4);
	__type(value, struct allowance);
} allow_v4 SEC(".maps");

IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix_v6);
	__type(value, struct allowance);
} allow_v6 SEC(".maps");

/* Banned addresses, network order; `up` sets the size. Writers: cellctl, gland_ban; hits: the skin. */
IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct antibody);
} antibody_v4 SEC(".maps");

/* Banned /64s: the upper half of the address as in memory; `up` sets the size. Writers: cellctl, gland_ban; hits: the skin. */
IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct antibody);
} antibody_v6 SEC(".maps");

/* Banned prefixes wider than those; `up` sets the size. Writer: cellctl; hits: the skin. */
IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct prefix_v4);
	__type(value, struct antibody);
} prefix_v4 SEC(".maps");

IMMUNE_MAP struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct prefix_v6);
	__type(value, struct antibody);
} prefix_v6 SEC(".maps");

#endif
