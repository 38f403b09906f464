/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers as they cross from host to host: little endian, at any address. The caller has judged the length before. */
#ifndef CELLWS_LINK_WIRE_H
#define CELLWS_LINK_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define WIRE(bits)                                                            \
	static inline uint8_t *wire_put##bits(uint8_t *to, uint##bits##_t n)  \
	{                                                                     \
		n = htole##bits(n);                                           \
		memcpy(to, &n, sizeof(n));                                    \
		return to + sizeof(n);                                        \
	}                                                                     \
	static inline uint##bits##_t wire_get##bits(const uint8_t *from)      \
	{                                                                     \
		uint##bits##_t n;                                             \
                                                                              \
		memcpy(&n, from, sizeof(n));                                  \
		return le##bits##toh(n);                                      \
	}

WIRE(16)
WIRE(32)
WIRE(64)
#undef WIRE

/* Copies and returns what lies behind. */
static inline uint8_t *wire_put(uint8_t *to, const void *bytes, size_t n)
{
	memcpy(to, bytes, n);
	return to + n;
}

#endif
