/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incidents on their way to the authorities: a ring of struct incident, written by the kernel's programs. */
#ifndef CELLWS_SHARED_REPORT_H
#define CELLWS_SHARED_REPORT_H

#include "shared/antigen.h"

#define REPORT_RING (1u << 17) /* bytes: about 960 incidents; what finds no room is missed by its number */

#endif
