/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks through the DNA's text before libconfuse does: checks shape and names, writes what is sound to clean text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dna/parts.h"

/*
 * Why libconfuse 3.3 does not get the text itself: it stops at the first unknown name; counts a comment as three lines;
 * replaces ${NAME} by the environment, in quotes too, up to the next "}" wherever that is; passes over an unclosed
 * quote or comment, and over bytes it does not know, in silence; reads "cells|stem" as a way into a section.
 * In the clean text each word is quoted and escaped, and stands in the line where it stood.
 */

#define DEPTH_MOST 16
#define SHOW_MOST  80 /* of a word in a message */

struct walk {
	struct dna_lex lex;
	struct dna_reading *reading;
	uint32_t mute; /* > 0: inside something unknown, which is not written */
};

static void emit(struct walk *w, const char *what)
{
	if (!w->mute)
		fputs(what, w->lex.clean);
}

static void emit_word(struct walk *w, const char *word)
{
	if (w->mute)
		return;
	fputc('"', w->lex.clean);
	for (const char *at = word; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c < ' ' || c > '~' || strchr("\"\\$", c))
			fprintf(w->lex.clean, "\\x%02x", c);
		else
			fputc(c, w->lex.clean);
	}
	fputs("\" ", w->lex.clean);
}

static bool syntax(struct walk *w, enum dna_token token, const char *allowed)
{
	char shown[SHOW_MOST];

	if (token != DNA_TOKEN_BROKEN)
		dna_problem_add(w->reading->problems, w->lex.line, "syntax", "found %s; allowed: %s",
			dna_lex_name(&w->lex, token, shown, sizeof(shown)), allowed);
	w->reading->broken = true;
	return false;
}

/* A problem with the name of a statement: where, then what is said. */
static void refuse(struct walk *w, int section, const char *name, uint32_t line, const char *found, const char *allowed)
{
	char where[DNA_WHERE_MAX], shown[SHOW_MOST];
	const char *route = NULL;

	if (section == DNA_SECTION_ROUTE && w->reading->dna->route_count)
		route = w->reading->dna->route[w->reading->dna->route_count - 1].prefix;
	dna_problem_quote(name, shown, sizeof(shown));
	shown[strlen(shown) - 1] = '\0';
	dna_name_write(section, route, shown + 1, where, sizeof(where));
	dna_problem_add(w->reading->problems, line, where, "found %s; %s", found, allowed);
}

static void refuse_unknown(struct walk *w, int section, const char *name, uint32_t line, const char *what)
{
	char near[DNA_SAY_MAX];

	if (section == DNA_SECTION_UNKNOWN)
		return;
	dna_near_write(section, name, near, sizeof(near));
	refuse(w, section, name, line, what, near);
}

/* Whether the option stands here for the first time. Notes its line. */
static bool give(struct walk *w, int option, uint32_t line)
{
	struct dna_reading *r = w->reading;
	char allowed[64];

	if (r->given[option]) {
		snprintf(allowed, sizeof(allowed), "allowed: once; the first is on line %u", r->given[option]);
		refuse(w, dna_options[option].section, dna_options[option].name, line, "the option a second time",
			allowed);
		return false;
	}
	r->given[option] = line;
	if (option == DNA_ROUTE_gene)
		r->dna->route[r->dna->route_count - 1].gene_line = line;
	if (option == DNA_ROUTE_root)
		r->dna->route[r->dna->route_count - 1].root_line = line;
	return true;
}

/* Judges "NAME =". Its option, or -1 when the value has to be passed over. */
static int judge_option(struct walk *w, int section, const char *name, uint32_t line, enum dna_token sign)
{
	int option = dna_option_find(section, name);
	char allowed[128];

	if (option < 0 && section != DNA_SECTION_UNKNOWN && dna_section_find(section, name) >= 0) {
		snprintf(allowed, sizeof(allowed), "allowed: %s { ... }, it is a section", name);
		refuse(w, section, name, line, "\"=\"", allowed);
		return -1;
	}
	if (option < 0) {
		refuse_unknown(w, section, name, line, "an unknown option");
		return -1;
	}
	if (!give(w, option, line))
		return -1;
	if (sign == DNA_TOKEN_APPEND)
		refuse(w, section, name, line, "\"+=\"", "allowed: \"=\"");
	return option;
}

/* The elements of a list, behind its "{". */
static bool walk_list(struct walk *w)
{
	emit(w, "{");
	for (;;) {
		enum dna_token token = dna_lex_next(&w->lex);

		if (token == DNA_TOKEN_CLOSE)
			break;
		if (token != DNA_TOKEN_WORD)
			return syntax(w, token, "an element of the list, or \"}\"");
		emit_word(w, w->lex.word);
		token = dna_lex_next(&w->lex);
		if (token == DNA_TOKEN_CLOSE)
			break;
		if (token != DNA_TOKEN_COMMA)
			return syntax(w, token, "\",\" or \"}\" after an element of a list");
		emit(w, ",");
	}
	emit(w, "}");
	return true;
}

/* What follows "NAME =". */
static bool walk_value(struct walk *w, int section, const char *name, uint32_t line, enum dna_token sign)
{
	int option = judge_option(w, section, name, line, sign);
	enum dna_token token = dna_lex_next(&w->lex);
	char allowed[DNA_SAY_MAX];
	bool sound = true;

	if (option >= 0 && token == DNA_TOKEN_OPEN && !dna_types[dna_options[option].type].list) {
		size_t used = (size_t)snprintf(allowed, sizeof(allowed), "allowed: ");
		dna_option_allowed(&dna_options[option], allowed + used, sizeof(allowed) - used);
		refuse(w, section, name, line, "a list", allowed);
		option = -1;
	}
	w->mute += option < 0;
	if (token == DNA_TOKEN_WORD || token == DNA_TOKEN_OPEN) {
		emit_word(w, name);
		emit(w, "=");
	}
	if (token == DNA_TOKEN_WORD)
		emit_word(w, w->lex.word);
	else if (token == DNA_TOKEN_OPEN)
		sound = walk_list(w);
	else
		sound = syntax(w, token, "a value after \"=\"; text with special signs in quotes");
	w->mute -= option < 0;
	return sound;
}

static bool begin_titled(struct walk *w, int section, const char *title, uint32_t line)
{
	return section == DNA_SECTION_ROUTE ? dna_route_begin(w->reading, title, line) :
					      dna_signature_begin(w->reading, title, line);
}

/* Judges `NAME {` or `NAME "TITLE" {`. Its section, or DNA_SECTION_UNKNOWN when it has to be passed over. */
static int judge_section(struct walk *w, int parent, const char *name, const char *title, uint32_t line)
{
	int section = parent == DNA_SECTION_UNKNOWN ? parent : dna_section_find(parent, name);
	char allowed[128];

	if (parent == DNA_SECTION_UNKNOWN)
		return parent;
	if (section < 0 && dna_option_find(parent, name) >= 0) {
		snprintf(allowed, sizeof(allowed), "allowed: %s = VALUE", name);
		refuse(w, parent, name, line, "a section", allowed);
		return DNA_SECTION_UNKNOWN;
	}
	if (section < 0) {
		refuse_unknown(w, parent, name, line, "an unknown section");
		return DNA_SECTION_UNKNOWN;
	}
	if (dna_sections[section].titled && !title)
		refuse(w, parent, name, line, section == DNA_SECTION_ROUTE ? "no path prefix" : "no name",
			section == DNA_SECTION_ROUTE ? "allowed: route \"/PREFIX\" { ... }" : "allowed: signature \"NAME\" { ... }");
	else if (!dna_sections[section].titled && title)
		refuse(w, parent, name, line, "a name before \"{\"", "allowed: the section without a name");
	else if (!title || begin_titled(w, section, title, line))
		return section;
	return DNA_SECTION_UNKNOWN;
}

static bool walk_statements(struct walk *w, int section, int depth, uint32_t begun);

/* What follows `NAME {` or `NAME "TITLE" {`. */
static bool walk_section(struct walk *w, int parent, const char *name, const char *title, uint32_t line, int depth)
{
	int section = judge_section(w, parent, name, title, line);
	bool sound;

	if (depth == DEPTH_MOST)
		return syntax(w, DNA_TOKEN_OPEN, "fewer sections inside each other");
	w->mute += section == DNA_SECTION_UNKNOWN;
	emit_word(w, name);
	if (title)
		emit_word(w, title);
	emit(w, "{");
	sound = walk_statements(w, section, depth + 1, line);
	w->mute -= section == DNA_SECTION_UNKNOWN;
	return sound;
}

/* One statement, whose name is the lexer's word. */
static bool walk_statement(struct walk *w, int section, int depth)
{
	uint32_t line = w->lex.line;
	char *name = strdup(w->lex.word), *title = NULL;
	enum dna_token token = dna_lex_next(&w->lex);
	bool sound = name != NULL;

	if (token == DNA_TOKEN_WORD) {
		title = strdup(w->lex.word);
		token = dna_lex_next(&w->lex);
		sound = sound && title && token == DNA_TOKEN_OPEN;
	}
	if (!sound)
		syntax(w, token, "\"{\" after two words, or \"=\" between them");
	else if (token == DNA_TOKEN_EQUAL || token == DNA_TOKEN_APPEND)
		sound = walk_value(w, section, name, line, token);
	else if (token == DNA_TOKEN_OPEN)
		sound = walk_section(w, section, name, title, line, depth);
	else
		sound = syntax(w, token, "\"=\" after the name of an option, \"{\" after that of a section");
	free(name);
	free(title);
	return sound;
}

/* Statements up to the end of the section. False after a syntax error. */
static bool walk_statements(struct walk *w, int section, int depth, uint32_t begun)
{
	char allowed[96];

	for (;;) {
		enum dna_token token = dna_lex_next(&w->lex);

		if (token == DNA_TOKEN_END && depth == 0)
			return true;
		if (token == DNA_TOKEN_CLOSE && depth > 0) {
			emit(w, "}");
			return true;
		}
		if (token != DNA_TOKEN_WORD && depth == 0)
			return syntax(w, token, "an option or a section; text with special signs in quotes");
		if (token != DNA_TOKEN_WORD) {
			snprintf(allowed, sizeof(allowed), "an option, or \"}\" for the section of line %u", begun);
			return syntax(w, token, allowed);
		}
		if (!walk_statement(w, section, depth))
			return false;
	}
}

int dna_walk(struct dna_reading *r, const char *text, size_t n, FILE *clean)
{
	struct walk w = {.reading = r};

	w.lex = (struct dna_lex){.reading = r, .at = text, .end = text + n, .line = 1, .clean = clean};
	w.lex.word = malloc(n + 1);
	if (!w.lex.word)
		return -ENOMEM;
	walk_statements(&w, DNA_SECTION_TOP, 0, 1);
	r->line_count = w.lex.line - (w.lex.line > 1 && text[n - 1] == '\n');
	free(w.lex.word);
	return 0;
}
