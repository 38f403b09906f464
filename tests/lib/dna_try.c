/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For tests: parses a DNA that is given as a string and keeps what was said. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "dna_try.h"

static struct dna_try try;

static FILE *listen_in(void)
{
	FILE *out;

	memset(try.said, 0, sizeof(try.said));
	out = fmemopen(try.said, sizeof(try.said) - 1, "w");
	assert(out);
	return out;
}

const struct dna_try *dna_try_named(const char *text, size_t n, const char *name)
{
	FILE *out = listen_in();

	try.problems = dna_parse(text, n, name, &try.dna, out);
	fclose(out);
	return &try;
}

const struct dna_try *dna_try(const char *text)
{
	return dna_try_named(text, strlen(text), "t.conf");
}

const struct dna_try *dna_try_host(const char *text)
{
	FILE *out;

	dna_try(text);
	if (try.problems)
		fputs(try.said, stderr);
	assert(!try.problems);
	out = listen_in();
	try.problems = dna_check_host(&try.dna, out);
	fclose(out);
	return &try;
}

bool dna_said(const struct dna_try *t, const char *begin)
{
	const char *at = t->said;

	while (at && *at) {
		if (!strncmp(at, begin, strlen(begin)))
			return true;
		at = strchr(at, '\n');
		at += at != NULL;
	}
	return false;
}
