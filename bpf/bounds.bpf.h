/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Says bounds in a way that the verifier of every kernel from Linux 6.1 on sees. */
#ifndef CELLWS_BOUNDS_BPF_H
#define CELLWS_BOUNDS_BPF_H

/*
 * A size for helpers that load: n itself, which the caller has found to be 1 to max, a power of 2. Before Linux 6.8 the verifier
 * learned nothing from "not 0", and it forgets what was found of a copy of n.
 */
static __always_inline __u32 bounded_size(__u32 n, __u32 max)
{
	n--;
	barrier_var(n);
	return (n & (max - 1)) + 1;
}

#endif
