/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signatures and traps: how a signature begins, that it says something, and which paths can be a trap. */
#include <string.h>
#include "dna/parts.h"

static void refuse(struct dna_reading *r, const char *name, uint32_t line, const char *what)
{
	char where[DNA_WHERE_MAX], shown[96];

	snprintf(where, sizeof(where), "signature %s", dna_problem_quote(name, shown, sizeof(shown)));
	dna_problem_add(r->problems, line, where, "%s", what);
}

bool dna_signature_begin(struct dna_reading *r, const char *name, uint32_t line)
{
	struct dna *dna = r->dna;
	struct dna_signature *s = &dna->signature[dna->signature_count % DNA_SIGNS_MAX];

	r->given[DNA_SIGNATURE_match] = 0;
	if (dna->signature_count == DNA_SIGNS_MAX) {
		refuse(r, name, line, "found one more signature; allowed: 64");
		return false;
	}
	if (!name[0] || strlen(name) >= sizeof(s->name))
		refuse(r, name, line, "found a name that is empty or too long; allowed: 1 to 63 bytes");
	for (uint32_t i = 0; i < dna->signature_count; i++)
		if (!strcmp(dna->signature[i].name, name))
			refuse(r, name, line, "found a second time; allowed: each name once");
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->line = line;
	dna->signature_count++;
	return true;
}

void dna_signature_check(struct dna_reading *r)
{
	for (uint32_t i = 0; i < r->dna->signature_count; i++)
		if (!r->dna->signature[i].match[0] && !r->refused[DNA_SIGNATURE_match])
			refuse(r, r->dna->signature[i].name, r->dna->signature[i].line,
				"found no match; allowed: the text that is looked for");
}

bool dna_trap_read(struct dna_value *v)
{
	struct dna *dna = v->reading->dna;
	size_t n = strlen(v->text);

	if (dna->trap_count == DNA_TRAPS_MAX || n < 2 || n >= DNA_MATCH_MAX || v->text[0] != '/')
		return false;
	memcpy(dna->trap[dna->trap_count++], v->text, n + 1);
	return true;
}
