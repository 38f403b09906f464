/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads a DNA: checks its bytes, walks the text, lets libconfuse read the clean text, then judges the whole. */
#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dna/parts.h"

/* libconfuse hands no argument through to its callbacks, and has a parser state of its own that is global too. */
static _Thread_local struct dna_reading *reading;

/* libconfuse calls the outermost section "root". */
static int section_of(const cfg_t *cfg)
{
	for (int i = DNA_SECTION_TOP + 1; i < DNA_SECTION_COUNT; i++)
		if (!strcmp(dna_sections[i].name, cfg->name))
			return i;
	return DNA_SECTION_TOP;
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	int option = dna_option_find(section_of(cfg), opt->name);

	if (option >= 0)
		dna_value_read(reading, option, value, (uint32_t)cfg->line);
	*(const char **)result = value;
	return 0;
}

static int on_route_end(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	(void)opt;
	reading->routes_read++;
	return 0;
}

static int on_signature_end(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	(void)opt;
	reading->signatures_read++;
	return 0;
}

/* The walk has found what is wrong with the shape; what libconfuse says then comes of the text being cut short. */
static void on_error(cfg_t *cfg, const char *format, va_list ap)
{
	char found[256];

	if (reading->broken)
		return;
	vsnprintf(found, sizeof(found), format, ap);
	dna_problem_add(reading->problems, (uint32_t)cfg->line, "syntax",
		"found: %s; allowed: see cellctl check --options", found);
	reading->broken = true;
}

/* Writes the table as libconfuse wants it: an array per section, each closed by an empty element. */
static void build(cfg_opt_t to[DNA_SECTION_COUNT][DNA_OPTION_COUNT + DNA_SECTION_COUNT + 1])
{
	int used[DNA_SECTION_COUNT] = {0};

	for (int i = 0; i < DNA_OPTION_COUNT; i++) {
		const struct dna_option *o = &dna_options[i];
		cfg_flag_t list = dna_types[o->type].list ? CFGF_LIST : CFGF_NONE;
		cfg_opt_t opt = CFG_STR_CB(o->name, NULL, CFGF_NODEFAULT | list, on_value);

		to[o->section][used[o->section]++] = opt;
	}
	for (int i = DNA_SECTION_TOP + 1; i < DNA_SECTION_COUNT; i++) {
		const struct dna_section *s = &dna_sections[i];
		cfg_opt_t opt = CFG_SEC(s->name, to[i], s->titled ? CFGF_TITLE | CFGF_MULTI : CFGF_NONE);

		if (i == DNA_SECTION_ROUTE)
			opt.validcb = on_route_end;
		if (i == DNA_SECTION_SIGNATURE)
			opt.validcb = on_signature_end;
		to[s->parent][used[s->parent]++] = opt;
	}
}

/* Lets libconfuse read the clean text; every value comes back through on_value(). */
static void feed(struct dna_reading *r, const char *clean)
{
	cfg_opt_t opts[DNA_SECTION_COUNT][DNA_OPTION_COUNT + DNA_SECTION_COUNT + 1];
	cfg_t *cfg;

	memset(opts, 0, sizeof(opts));
	build(opts);
	cfg = cfg_init(opts[DNA_SECTION_TOP], CFGF_NONE);
	if (!cfg) {
		dna_problem_add(r->problems, 0, "memory", "found too little; allowed: enough to read the DNA");
		r->broken = true;
		return;
	}
	cfg_set_error_function(cfg, on_error);
	reading = r;
	if (cfg_parse_buf(cfg, clean) != CFG_SUCCESS && !r->broken) {
		dna_problem_add(
			r->problems, (uint32_t)cfg->line, "syntax", "found what cannot be read; allowed: a DNA");
		r->broken = true;
	}
	reading = NULL;
	cfg_free(cfg);
}

/* Says which control characters stand in the text, once per line. */
static void check_bytes(struct dna_reading *r, const char *text, size_t n)
{
	uint32_t line = 1, said = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		bool line_end = c == '\n' || (c == '\r' && i + 1 < n && text[i + 1] == '\n');

		if ((c < ' ' || c == 0x7f) && c != '\t' && !line_end && said != line) {
			dna_problem_add(r->problems, line, "text",
				"found the byte 0x%02x; allowed: text without control characters", c);
			said = line;
		}
		line += c == '\n';
	}
}

/* Where relative paths begin. */
static void find_directory(struct dna_reading *r, const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t n = slash ? (size_t)(slash - name) : 0, used = 0;
	char *to = r->directory;

	if (!slash || name[0] != '/') {
		if (!getcwd(to, sizeof(r->directory)))
			to[0] = '\0';
		used = strlen(to);
	}
	if (used + 1 + n >= sizeof(r->directory)) {
		dna_problem_add(r->problems, 0, "file", "found a directory name that is too long; allowed: %d bytes",
			DNA_PATH_MAX - 1);
		return;
	}
	if (n && used)
		to[used++] = '/';
	memcpy(to + used, name, n);
	to[used + n] = '\0';
	if (!to[0])
		strcpy(to, "/");
}

static void read_text(struct dna_reading *r, const char *text, size_t n)
{
	char *clean = NULL;
	size_t clean_n = 0;
	FILE *to = open_memstream(&clean, &clean_n);
	int failed = to ? dna_walk(r, text, n, to) : -ENOMEM;

	if (to && fclose(to))
		failed = -ENOMEM;
	if (failed)
		dna_problem_add(r->problems, 0, "memory", "found too little; allowed: enough to read the DNA");
	else
		feed(r, clean);
	free(clean);
	if (r->broken || failed)
		return;
	dna_value_default_lists(r);
	dna_rule_check(r);
}

int dna_parse(const char *text, size_t n, const char *name, struct dna *dna, FILE *out)
{
	struct dna_problems problems = {.file = name};
	struct dna_reading r = {.dna = dna, .problems = &problems};

	memset(dna, 0, sizeof(*dna));
	snprintf(dna->file, sizeof(dna->file), "%s", name);
	dna_digest(text, n, dna->sha256);
	find_directory(&r, name);
	dna_value_defaults(&r, false);
	check_bytes(&r, text, n);
	read_text(&r, text, n);
	memcpy(dna->option_line, r.given, sizeof(r.given));
	dna->user_line = r.given[DNA_TOP_user];
	dna->key_line = r.given[DNA_TOP_key];
	dna->report_program_line = r.given[DNA_IMMUNE_report_program];
	dna->report_user_line = r.given[DNA_IMMUNE_report_user];
	return dna_problem_print(&problems, out);
}
