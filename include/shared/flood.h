/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The records by which the skin meets floods: one definition for kernel and user side. */
#ifndef CELLWS_SHARED_FLOOD_H
#define CELLWS_SHARED_FLOOD_H

#include "shared/border.h"

#define FLOOD_SOURCES 65536		/* sources whose packets are counted; the least recently seen is forgotten first */
#define FLOOD_PORTS   64		/* ports that may be guarded */
#define FLOOD_SECOND  1000000000ULL	/* what a source may spend at once: a second's worth */
#define FLOOD_WINDOW  (FLOOD_SECOND / 10) /* over which the SYNs of a port are counted */
#define FLOOD_HOLD    (3 * FLOOD_SECOND)  /* a flood is over when so long no window was half full */
#define FLOOD_LINGER  (4 * FLOOD_SECOND)  /* and answers to cookies still come in */

#define STRAY_SAMPLE 64		     /* while there is no flood, one packet in so many is looked at */
#define STRAY_LEAST  (8 * STRAY_SAMPLE) /* strays in a window that are never a flood: a few samples may be chance */

#define COOKIE_NO_STAMPS 255 /* in place of a window scale: the SYN-ACK carries nothing but the segment size */

/* rate_sources, key: address_key of the source: when each bucket is full again. Writer: the skin. Monotonic clock. */
struct source_rate {
	__u64 syn_ns;
	__u64 packet_ns;
};
CW_LAYOUT(struct source_rate, 16);

/* flood_ports, key: port, host order; one for each port that is guarded. Made by `up`; then writer: the skin. */
struct port_flood {
	__u64 window_ns; /* when the window began; monotonic clock, as below */
	__u64 syns;	 /* in it */
	__u64 strays;	 /* in it: packets that belong to no connection */
	__u64 answer_until_ns;
	__u32 answers; /* 1: the skin answers SYNs in a flood; else they are left to the stack. Writer: `up` */
	__u32 pad;
};
CW_LAYOUT(struct port_flood, 40);

/* flood_state, one: until when packets that belong to no connection are asked for a cookie. Writer: the skin. */
struct flood_state {
	__u64 judge_until_ns; /* 0: there has been no flood */
};
CW_LAYOUT(struct flood_state, 8);

/* flood_alarm, one: how alarmed the organism was when it last heard of it. Writers: gland_secrete, gland_inject. */
struct flood_alarm {
	__u64 at_ns;
	__u32 level_q16;
	__u32 half_life_ms;
};
CW_LAYOUT(struct flood_alarm, 16);

#endif
