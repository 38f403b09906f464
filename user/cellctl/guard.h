/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The guard of the organism's addresses: programs at bind(), attached to every process of the host through cgroup v2. */
#ifndef CELLWS_CELLCTL_GUARD_H
#define CELLWS_CELLCTL_GUARD_H

#include <stdbool.h>
#include <stddef.h>

struct cellws;

#define GUARD_HOOKS 2

/* Leaves the programs out of an object not loaded yet where the kernel knows no such programs. */
void guard_fit(struct cellws *skel);

/* Where cgroup v2 is mounted; false when it is nowhere. */
bool guard_find_cgroup(char *at, size_t room);

/* Whether the directory is the root of all, not of a container. */
bool guard_is_root(const char *at);

/*
 * Attaches the programs of a loaded object below a directory of cgroup v2; links: their descriptors, to be closed.
 * 0, or -errno with nothing attached: -EOPNOTSUPP when the kernel knows no such programs.
 */
int guard_attach(struct cellws *skel, const char *at, int links[GUARD_HOOKS]);

#endif
