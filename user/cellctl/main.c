/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl: takes the common options, finds the verb, runs it; or goes on as a cell or as the reporter. */
#include "cellctl/verb.h"
#include "cells/cell.h"
#include "reporter/reporter.h"

#include <stdio.h>
#include <string.h>

static int common_options(struct invocation *in)
{
	const char *run_dir = NULL, *bpffs = NULL;

	if (verb_option(in, "--name", &in->name) || verb_option(in, "--run-dir", &run_dir) ||
		verb_option(in, "--bpffs", &bpffs))
		return VERB_USAGE;
	in->run_dir = run_dir ? run_dir : "/run/cellws";
	in->bpffs = bpffs ? bpffs : "/sys/fs/bpf";
	in->json = verb_flag(in, "--json");
	return 0;
}

/* An option that the verb's line of usage does not name, or NULL. Where that names none, and for immune, it is the verb's to say. */
static const char *foreign_option(const struct verb *v, const struct invocation *in)
{
	bool names = strstr(v->args, "--") && !strstr(v->args, "...");

	for (int i = 1; i < in->argc && names; i++) {
		size_t n = strcspn(in->argv[i], "=");
		const char *at = v->args;

		if (strncmp(in->argv[i], "--", 2))
			continue;
		while ((at = strstr(at, "--")) && (strncmp(at, in->argv[i], n) || strcspn(at, " ]|") != n))
			at += 2;
		if (!at)
			return in->argv[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct invocation in = { .argc = argc, .argv = argv };
	const struct verb *v;

	if (argc > 1 && !strcmp(argv[1], CELL_ARGUMENT))
		cell_main(argc, argv);
	if (argc > 1 && !strcmp(argv[1], REPORTER_ARGUMENT))
		reporter_main(argc, argv);
	if (common_options(&in))
		return VERB_USAGE;
	if (verb_flag(&in, "--help") || verb_flag(&in, "-h"))
		return verb_help(stdout, VERB_DONE);
	if (in.argc < 2)
		return verb_help(stderr, VERB_USAGE);
	if (!strcmp(in.argv[1], "help"))
		return verb_help(stdout, VERB_DONE);
	v = verb_find(in.argv[1]);
	if (!v)
		return verb_say(VERB_USAGE, "there is no verb \"%s\"; `cellctl help` lists them", in.argv[1]);
	in.argc--;
	in.argv++;
	if (foreign_option(v, &in)) {
		verb_say(VERB_USAGE, "%s has no option %s", v->name, foreign_option(v, &in));
		return verb_usage(v->name);
	}
	return v->run(&in);
}
