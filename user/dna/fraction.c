/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fractions as people write them, "0.5", and as the kernel reckons with them, in parts of 65536. Pure. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "dna/parts.h"

#define DECIMALS 4
#define SCALE	 10000u /* 10 to the power of DECIMALS; finer than that one part of 65536 could not be told apart for sure */

int dna_fraction_read(const char *text, uint32_t *q16)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	const char *point = text + whole;
	uint32_t n = 0;

	if (*point == '.')
		decimals = strspn(point + 1, "0123456789");
	if (whole < 1 || whole > 4 || decimals > DECIMALS || (*point == '.' && !decimals) ||
		point[decimals ? decimals + 1 : 0])
		return -EINVAL;
	for (size_t i = 0; i < whole; i++)
		n = n * 10 + (uint32_t)(text[i] - '0');
	for (size_t i = 0; i < DECIMALS; i++)
		n = n * 10 + (i < decimals ? (uint32_t)(point[1 + i] - '0') : 0);
	*q16 = (uint32_t)(((uint64_t)n * DNA_ONE + SCALE / 2) / SCALE);
	return 0;
}

void dna_fraction_write(uint32_t q16, char *to, size_t room)
{
	uint64_t n = ((uint64_t)q16 * SCALE + DNA_ONE / 2) / DNA_ONE;
	int used = snprintf(to, room, "%" PRIu64 ".%04" PRIu64, n / SCALE, n % SCALE);

	if (used < 0 || (size_t)used >= room)
		return;
	while (to[used - 1] == '0')
		to[--used] = '\0';
	if (to[used - 1] == '.')
		to[used - 1] = '\0';
}
