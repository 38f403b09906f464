/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The problems found in one DNA: gathered, put in the order of their lines, printed once. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "dna/parts.h"

void dna_problem_add(struct dna_problems *p, uint32_t line, const char *where, const char *format, ...)
{
	struct dna_problem *item = &p->item[p->kept];
	char *said = NULL;
	va_list ap;

	p->count++;
	if (p->kept == DNA_PROBLEMS_MAX)
		return;
	va_start(ap, format);
	if (vasprintf(&said, format, ap) < 0)
		said = NULL;
	va_end(ap);
	if (asprintf(&item->text, "%s: %s", where, said ? said : "out of memory") < 0)
		item->text = NULL;
	for (char *at = item->text; at && *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = ' ';
	item->line = line;
	p->kept++;
	free(said);
}

/* Insertion keeps problems of one line in the order in which they were found. */
static void sort(struct dna_problems *p)
{
	for (uint32_t i = 1; i < p->kept; i++) {
		struct dna_problem moving = p->item[i];
		uint32_t to = i;

		for (; to > 0 && p->item[to - 1].line > moving.line; to--)
			p->item[to] = p->item[to - 1];
		p->item[to] = moving;
	}
}

int dna_problem_print(struct dna_problems *p, FILE *out)
{
	sort(p);
	for (uint32_t i = 0; i < p->kept; i++) {
		const char *text = p->item[i].text ? p->item[i].text : "out of memory";

		if (p->item[i].line)
			fprintf(out, "%s:%" PRIu32 ": %s\n", p->file, p->item[i].line, text);
		else
			fprintf(out, "%s: %s\n", p->file, text);
		free(p->item[i].text);
	}
	if (p->count > p->kept)
		fprintf(out, "%s: and %" PRIu32 " more problems\n", p->file, p->count - p->kept);
	return (int)p->count;
}

const char *dna_problem_quote(const char *text, char *to, size_t room)
{
	size_t used = 0;

	to[used++] = '"';
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (room - used < sizeof("\\xHH...\"")) {
			used += (size_t)snprintf(to + used, room - used, "...");
			break;
		}
		if (iscntrl(c))
			used += (size_t)snprintf(to + used, room - used, "\\x%02x", c);
		else
			to[used++] = (char)c;
	}
	to[used++] = '"';
	to[used] = '\0';
	return to;
}
