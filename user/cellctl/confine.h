/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Giving up privileges for good: for the egg that `up` lays, and for processes of cellctl that talk to other hosts. */
#ifndef CELLWS_CELLCTL_CONFINE_H
#define CELLWS_CELLCTL_CONFINE_H

#include <stdint.h>
#include <sys/types.h>

/* Capabilities, groups, user, no new privileges; in this order, none comes back. 0 or -errno. */
int confine_user(uid_t uid, gid_t gid);

/*
 * For a process that speaks the network's language: as above, and then it may create and write memory files of at most
 * file_bytes, and use the descriptors that it has, but open, start and connect nothing; it ends with its parent. Anything
 * else kills it. 0 or -errno.
 */
int confine_network(uid_t uid, gid_t gid, uint64_t file_bytes);

#endif
