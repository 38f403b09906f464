/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYN cookies: a proof that they work here before they are armed, and the one setting of the host that they need. */
#ifndef CELLWS_CELLCTL_COOKIES_H
#define CELLWS_CELLCTL_COOKIES_H

#include "cellctl/doctor_proof.h"
#include "cellctl/verb.h"

#include <stdbool.h>

struct cellws;

/* Makes and completes a handshake by cookie over a private wire, v4 and v6, as root; leaves nothing behind. */
void cookies_prove(struct proof_result *result);

/* Before load: segment sizes by the interface, window scale by the host's settings, the way that answers leave. */
void cookies_fit(struct cellws *skel, const char *iface);

/* Before load, to see whether the kernel takes the skin whatever a DNA asks of it: every limit and option is on. */
void cookies_demand_all(struct cellws *skel);

bool cookies_on_veth(const char *iface);

/* Whether the other end of a native veth pair takes what an XDP program sends back. Sends it a frame that nobody reads. */
bool cookies_cross_veth(const char *iface);

/*
 * net.ipv4.tcp_syncookies becomes 1 if it is 0, and what it was is kept in the organism's run directory; back to that,
 * unless another organism still needs it. 0 or -errno.
 */
int cookies_setting(const struct invocation *in, const char *name);
int cookies_setting_back(const struct invocation *in, const char *name);

#endif
