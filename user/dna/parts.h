/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of user/dna share and nobody else sees: the table as data, problems, the text's walk, one value. */
#ifndef CELLWS_DNA_PARTS_H
#define CELLWS_DNA_PARTS_H

#include <stdbool.h>
#include <sys/types.h>
#include "dna/dna.h"
#include "dna_table.h"

#define DNA_WHERE_MAX 320 /* a name as messages show it: `route "/api/" deadline` */
#define DNA_SAY_MAX   640 /* what is allowed, or what went wrong */

enum dna_section_id {
#define X(id, ...) DNA_SECTION_##id,
	DNA_SECTIONS(X)
#undef X
		DNA_SECTION_COUNT,
	DNA_SECTION_UNKNOWN = -1,
};

enum dna_type_id {
#define X(id, ...) DNA_TYPE_##id,
	DNA_TYPES(X)
#undef X
		DNA_TYPE_COUNT_OF,
};

enum dna_option_id {
#define X(section, name, ...) DNA_##section##_##name,
	DNA_OPTIONS(X)
#undef X
		DNA_OPTION_COUNT,
};

_Static_assert((int)DNA_OPTION_COUNT <= DNA_LINES_MAX, "every option has its line");

struct dna_section {
	const char *name;
	int parent;
	bool titled;
};

struct dna_type {
	const char *name;
	bool list;
	const char *before, *after;
};

struct dna_option {
	int section;
	const char *name;
	int type;
	uint64_t min, max;
	const char *fallback; /* the default as written, NULL: must be given */
	const char *unit;
	size_t offset, room; /* in struct dna, or in struct dna_route */
	const char *help;
};

/* table.c */
extern const struct dna_section dna_sections[DNA_SECTION_COUNT];
extern const struct dna_type dna_types[DNA_TYPE_COUNT_OF];
extern const struct dna_option dna_options[DNA_OPTION_COUNT];

/* Index into the tables by name inside a section, or -1. */
int dna_option_find(int section, const char *name);
int dna_section_find(int parent, const char *name);

/* Writes what the option allows, in words. */
void dna_option_allowed(const struct dna_option *o, char *to, size_t room);

/* Writes a number as the operator would: 10ms, 1h, 32K, 16. */
void dna_number_write(int type, uint64_t value, char *to, size_t room);

/* Writes the name as messages show it: "cells.stem.min"; inside a route: `route "/api/" deadline`. */
void dna_name_write(int section, const char *route, const char *name, char *to, size_t room);

/* near.c: writes `did you mean "X"? ` (or nothing) and all names that are allowed in the section. */
void dna_near_write(int section, const char *name, char *to, size_t room);

/* problem.c */
#define DNA_PROBLEMS_MAX 100 /* more are counted, not shown */

struct dna_problems {
	const char *file;
	uint32_t count, kept;
	struct dna_problem {
		uint32_t line; /* 0: of no line */
		char *text;
	} item[DNA_PROBLEMS_MAX];
};

void dna_problem_add(struct dna_problems *p, uint32_t line, const char *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Prints all in the order of their lines and frees them; how many there were. */
int dna_problem_print(struct dna_problems *p, FILE *out);

/* Writes text between quotes, unprintable bytes as \xHH, shortened to fit into room (at least 16). */
const char *dna_problem_quote(const char *text, char *to, size_t room);

/* One DNA being read. */
struct dna_reading {
	struct dna *dna;
	struct dna_problems *problems;
	char directory[DNA_PATH_MAX]; /* absolute; relative paths begin here */
	uint32_t
		given[DNA_OPTION_COUNT]; /* line of the option in the text, 0: not given; of a route: of the last one */
	bool refused[DNA_OPTION_COUNT];
	uint32_t line_count;
	uint32_t routes_read; /* the route whose options libconfuse reads is dna->route[routes_read] */
	uint32_t signatures_read; /* the same of signatures */
	bool broken;	      /* a syntax error: what follows it is unknown */
};

/* lex.c: the tokens of the DNA's text. */
enum dna_token {
	DNA_TOKEN_END,
	DNA_TOKEN_WORD, /* bare or quoted, in lex.word */
	DNA_TOKEN_OPEN,
	DNA_TOKEN_CLOSE,
	DNA_TOKEN_EQUAL,
	DNA_TOKEN_APPEND,
	DNA_TOKEN_COMMA,
	DNA_TOKEN_BROKEN, /* said already */
};

struct dna_lex {
	struct dna_reading *reading;
	const char *at, *end;
	char *word; /* of the last WORD, escapes undone; as much room as the text */
	size_t word_n;
	uint32_t line; /* of the last token */
	FILE *clean;   /* gets every line feed */
};

enum dna_token dna_lex_next(struct dna_lex *lex);
const char *dna_lex_name(const struct dna_lex *lex, enum dna_token token, char *to, size_t room);

/*
 * walk.c: checks the shape and the names of the text and writes what is known and well-formed to clean, in a form that
 * libconfuse reads without surprises and with the same line numbers. Starts the records of the routes. 0 or -errno.
 */
int dna_walk(struct dna_reading *r, const char *text, size_t n, FILE *clean);

/* value.c: reads one value of an option into its place; says what is wrong. */
void dna_value_read(struct dna_reading *r, int option, const char *text, uint32_t line);
void dna_value_defaults(struct dna_reading *r, bool of_route);
void dna_value_default_lists(struct dna_reading *r);

/* One value on its way into the record. */
struct dna_value {
	struct dna_reading *reading;
	const struct dna_option *option;
	const char *text;
	uint32_t line;
	char *field;
	char allowed[DNA_SAY_MAX]; /* written by a reader that knows better than the table */
};

/* address.c: the readers of list elements. */
bool dna_address_read(struct dna_value *v);
bool dna_prefix_read(struct dna_value *v);

/* rule.c: what only the whole can tell. */
void dna_rule_check(struct dna_reading *r);

/* route.c: starts the next route; false when there are too many. */
bool dna_route_begin(struct dna_reading *r, const char *prefix, uint32_t line);
void dna_route_check(struct dna_reading *r);

/* signature.c: starts the next signature; false when there are too many. */
bool dna_signature_begin(struct dna_reading *r, const char *name, uint32_t line);
void dna_signature_check(struct dna_reading *r);
/* Reads one trap of the list. */
bool dna_trap_read(struct dna_value *v);

/* report.c: what the host can tell of where incidents are to go. */
void dna_report_check(const struct dna *dna, struct dna_problems *problems);

/* digest.c: SHA-256 in hex. */
void dna_digest(const char *text, size_t n, char hex[65]);

/* trial.c: something that is tried in a child without privileges. */
struct dna_trial {
	uid_t uid;
	gid_t gid;
	int keep; /* a descriptor the child keeps, or -1 */
	/* Runs in the child. Returns 0, or writes what is wrong to say and returns -1. */
	int (*work)(const struct dna_trial *self, char *say, size_t room);
	const void *what;
};

/* 0, or -1 with what went wrong in say. */
int dna_trial_run(const struct dna_trial *trial, char *say, size_t room);

#endif
