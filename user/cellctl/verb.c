/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of verbs with their help, options on the command line, and messages. */
#include "cellctl/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
#define X(name, args, help) { #name, args, help, verb_##name },
	VERBS(X)
#undef X
};
#define VERB_COUNT (sizeof(verbs) / sizeof(*verbs))

int verb_say(int code, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("cellctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

const struct verb *verb_find(const char *name)
{
	for (unsigned i = 0; i < VERB_COUNT; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int verb_usage(const char *name)
{
	const struct verb *v = verb_find(name);

	fprintf(stderr, "usage: cellctl %s%s%s\n", name, v && v->args[0] ? " " : "", v ? v->args : "");
	return VERB_USAGE;
}

static void remove_argument(struct invocation *in, int at, int n)
{
	for (int i = at; i + n <= in->argc; i++)
		in->argv[i] = in->argv[i + n];
	in->argc -= n;
}

int verb_option(struct invocation *in, const char *what, const char **value)
{
	size_t n = strlen(what);

	*value = NULL;
	for (int i = 1; i < in->argc; i++) {
		if (!strncmp(in->argv[i], what, n) && in->argv[i][n] == '=') {
			*value = in->argv[i] + n + 1;
			remove_argument(in, i, 1);
			return 0;
		}
		if (strcmp(in->argv[i], what))
			continue;
		if (i + 1 >= in->argc)
			return verb_say(VERB_USAGE, "%s needs a value", what);
		*value = in->argv[i + 1];
		remove_argument(in, i, 2);
		return 0;
	}
	return 0;
}

bool verb_flag(struct invocation *in, const char *what)
{
	for (int i = 1; i < in->argc; i++)
		if (!strcmp(in->argv[i], what)) {
			remove_argument(in, i, 1);
			return true;
		}
	return false;
}

int verb_help(FILE *out, int code)
{
	fprintf(out, "cellctl: a web server of many small processes, screened in the kernel\n\n"
		     "usage: cellctl VERB [ARGUMENTS] [--name ORGANISM] [--run-dir DIR] [--bpffs DIR]\n\n");
	for (unsigned i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %s%s%s\n          %s\n", verbs[i].name, verbs[i].args[0] ? " " : "", verbs[i].args, verbs[i].help);
	fprintf(out, "\nOptions: --name when several organisms live here; --run-dir (default /run/cellws) and --bpffs (default\n"
		     "/sys/fs/bpf) when they are elsewhere; --json where a verb has it.\n"
		     "Exit codes: 0 done, 1 failed, 2 wrong usage or a DNA that cannot be used, 3 not running.\n"
		     "`cellctl check --options` lists what a DNA may say.\n");
	return code;
}
