/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of TCP ports as a bitmap: the value of the map own_ports, one definition for kernel and user side. */
#ifndef CELLWS_SHARED_PORTS_H
#define CELLWS_SHARED_PORTS_H

#include "shared/border.h"

/* Port p, host order, is bit p % 64 of word p / 64: one load answers for every port. */
struct port_set {
	__u64 word[1024];
};
CW_LAYOUT(struct port_set, 8192);

static inline void port_set_add(struct port_set *set, __u16 port)
{
	set->word[port / 64] |= 1ULL << (port % 64);
}

static inline int port_set_has(const struct port_set *set, __u16 port)
{
	return (set->word[port / 64] >> (port % 64)) & 1;
}

#endif
