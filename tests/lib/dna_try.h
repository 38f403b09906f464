/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For tests: parses a DNA that is given as a string and keeps what was said. */
#ifndef CELLWS_TEST_DNA_TRY_H
#define CELLWS_TEST_DNA_TRY_H

#include <stdbool.h>
#include "dna/dna.h"

struct dna_try {
	struct dna dna;
	int problems;
	char said[65536];
};

/* A route that every DNA needs, on one line. */
#define DNA_ROUTE "route \"/\" { gene = static root = \"/srv/www\" }\n"

/* Parses text as the file "t.conf" (or name). The result lives until the next call. */
const struct dna_try *dna_try(const char *text);
const struct dna_try *dna_try_named(const char *text, size_t n, const char *name);

/* dna_check_host of what is parsed; asserts that the parser found nothing. */
const struct dna_try *dna_try_host(const char *text);

/* Whether a whole line of what was said begins with this. */
bool dna_said(const struct dna_try *t, const char *begin);

#endif
