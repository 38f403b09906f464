/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A mount namespace of the cells' own, with an empty directory in which only root can mount: roots of later DNAs appear there. */
#ifndef CELLWS_CELLCTL_GARDEN_H
#define CELLWS_CELLCTL_GARDEN_H

#include "cellctl/up.h"

/*
 * In the process that becomes the egg, while it is root: leaves the host's mount namespace, which it goes on to follow, and
 * plans FD_GARDEN. A host that does not allow it is no reason not to live: then no later DNA can have a new root.
 */
void garden_plant(struct up *u);

#endif
