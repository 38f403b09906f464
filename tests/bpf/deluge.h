/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Floods for the skin's rig: listeners in a network namespace of the test's own, SYNs that make a flood, verdicts by name. */
#ifndef CELLWS_TEST_DELUGE_H
#define CELLWS_TEST_DELUGE_H

#include <stdbool.h>
#include "packet.h"
#include "skin_rig.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

#define DELUGE_KINDS 4

/* A SYN to RIG_PORT: v4 and v6, without tags and with. */
extern const struct packet_recipe deluge_plain[DELUGE_KINDS];

/* Fails the test unless the packet gets this action and is counted under this verdict. */
void deluge_expect(const struct skin_rig *rig, const struct packet_recipe *r, uint32_t action, enum verdict verdict, const char *what);
uint64_t deluge_counted(const struct skin_rig *rig, enum verdict v);

/* Sends the three SYNs that are a flood with a cookie_rate of 10, one in a window. */
void deluge_start(struct skin_rig *rig, const struct packet_recipe *syn);

/*
 * Listens on RIG_PORT, on every address of a family, in a network namespace that the test gets with the first call.
 * takes_cookies: as after an overflow of half-open connections.
 */
int deluge_listen(int family, bool takes_cookies);

/* A connection to it over loopback: both ends, and the client's port. */
uint16_t deluge_connect(int listening, int *fd, int *served);

#endif
