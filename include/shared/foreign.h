/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What belongs to the organism against processes outside it: the addresses it listens on, and what strangers have tried. */
#ifndef CELLWS_SHARED_FOREIGN_H
#define CELLWS_SHARED_FOREIGN_H

#include "shared/border.h"

#define OWN_BINDS_MAX 16u /* listen addresses of one organism */

/* One listen address. IPv6 sockets of the organism are IPv6 only: "::" does not stand for IPv4. */
struct own_bind {
	__u16 family; /* 2 or 10: AF_INET, AF_INET6 */
	__u16 port;   /* host order */
	__u32 addr[4]; /* network order; IPv4 in the first; all 0: every address of the family */
};
CW_LAYOUT(struct own_bind, 20);

/* Value of the map own_binds. */
struct own_binds {
	__u64 netns; /* cookie of the network namespace they are bound in; 0: none, nothing is guarded */
	__u32 count;
	__u32 pad;
	struct own_bind bind[OWN_BINDS_MAX];
};
CW_LAYOUT(struct own_binds, 16 + 20 * OWN_BINDS_MAX);

/* What processes outside the family have tried in vain. Value of the map foreign. */
struct foreign {
	__u64 refused_binds;       /* to an address of the organism */
	__u64 foreign_gland_calls; /* answered GLAND_STRANGER */
};
CW_LAYOUT(struct foreign, 16);

#endif
