/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The arithmetic of fading signals, one definition for kernel and user side. Pure functions of numbers and times. */
#ifndef CELLWS_SHARED_RECEPTOR_H
#define CELLWS_SHARED_RECEPTOR_H

#include "shared/hormone.h"

/* 2^-x, x in q16 from 0 to 1 (65536), in q16, right to 0.0002: the Taylor series with its last term fitted to x = 1. */
static inline __u64 receptor_exp2_q16(__u64 x)
{
	__u64 x2 = x * x >> 16, x3 = x2 * x >> 16, x4 = x3 * x >> 16;

	return Q16_ONE + (15743 * x2 >> 16) + (488 * x4 >> 16) - (45426 * x >> 16) - (3573 * x3 >> 16);
}

/* What is left of a level after elapsed_ns: half of it after each half_life_ms. half_life_ms at least 1. */
static inline __u32 receptor_fade(__u32 level_q16, __u64 elapsed_ns, __u32 half_life_ms)
{
	__u64 half_ns = (__u64)half_life_ms * 1000000u, whole, part;

	if (!half_ns)
		return 0;
	whole = elapsed_ns / half_ns;
	if (whole >= 32)
		return 0;
	/* Parts of a half-life in q16; the remainder is below 2^42 ns (an hour). */
	part = ((elapsed_ns - whole * half_ns) << 16) / half_ns;
	return (__u32)(((__u64)level_q16 * receptor_exp2_q16(part) >> 16) >> whole);
}

static inline __u32 receptor_now(__u32 level_q16, __u64 at_ns, __u64 now_ns, __u32 half_life_ms)
{
	return now_ns > at_ns ? receptor_fade(level_q16, now_ns - at_ns, half_life_ms) : level_q16;
}

/* A level after a signal: what was left of it and the signal, at most 1. */
static inline __u32 receptor_take(__u32 level_q16, __u32 strength_q16)
{
	__u64 sum = (__u64)level_q16 + strength_q16;

	return sum > Q16_ONE ? Q16_ONE : (__u32)sum;
}

/* Strength after one more hop, rounded to the nearest unit. */
static inline __u32 signal_attenuate(__u32 strength_q16, __u32 attenuation_q16)
{
	return (__u32)(((__u64)strength_q16 * attenuation_q16 + Q16_ONE / 2) >> 16);
}

#endif
