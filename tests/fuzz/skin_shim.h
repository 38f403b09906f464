/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the skin's parser needs when compiled outside the kernel: types, byte order, a context with wide pointers. */
#ifndef CELLWS_FUZZ_SKIN_SHIM_H
#define CELLWS_FUZZ_SKIN_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>

#undef __always_inline
#define __always_inline inline __attribute__((always_inline, unused))
#undef __noinline
#define __noinline static __attribute__((noinline))

struct xdp_md {
	unsigned long data;
	unsigned long data_end;
};

#endif
