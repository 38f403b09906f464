/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a client's Accept-Encoding fields say about gzip (RFC 9110 12.5.3). */
#ifndef CELLWS_GENES_CODING_H
#define CELLWS_GENES_CODING_H

#include <stdbool.h>
#include <stddef.h>

/* Weights in thousandths, 0 to 1000; -1: not named. */
struct coding {
	int gzip, identity, any;
};

#define CODING_NONE                                                                                                    \
	{                                                                                                              \
		-1, -1, -1                                                                                             \
	}

/*
 * Adds one field's value; several fields count as one list. x-gzip is gzip. A weight that is not a qvalue counts as 0;
 * of a coding named twice the lower weight counts.
 */
void coding_add(struct coding *c, const char *p, size_t n);

/* Whether gzip is allowed and not liked less than the plain bytes. */
bool coding_gzip(const struct coding *c);

#endif
