/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every header that crosses a border needs: fixed-width types under both compilers and the layout assertion. */
#ifndef CELLWS_SHARED_BORDER_H
#define CELLWS_SHARED_BORDER_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* The size both compilers must agree on; every field is written so that no hidden padding is possible. */
#define CW_LAYOUT(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " must be " #bytes " bytes on every side")

#endif
