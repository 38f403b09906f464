/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl check: reads a DNA, says everything that is wrong with it, changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cellctl/verb.h"
#include "dna/dna.h"

static void print_route(const struct dna_route *route)
{
	if (!strcmp(route->gene, "static"))
		printf("route     %s  files of %s\n", route->prefix, route->root);
	else
		printf("route     %s  %s%s%s\n", route->prefix, route->gene, route->args[0] ? " " : "", route->args);
}

static void print_summary(const struct dna *dna)
{
	printf("organism  %s, as user %s\nlisten    ", dna->organism, dna->user);
	for (uint32_t i = 0; i < dna->listen_count; i++)
		printf("%s%s", i ? ", " : "", dna->listen[i].text);
	printf("\n");
	for (uint32_t i = 0; i < dna->route_count; i++)
		print_route(&dna->route[i]);
	printf("cells     stem %u, blood %u to %u, drone %u to %u\n", dna->stem_min, dna->blood_min, dna->blood_max,
		dna->drone_min, dna->drone_max);
	printf("sha256    %s\n", dna->sha256);
}

static int judge(const char *text, size_t n, const char *name)
{
	struct dna *dna = malloc(sizeof(*dna));
	int problems, result = VERB_DONE;

	if (!dna)
		return verb_say(VERB_FAILED, "out of memory");
	problems = dna_parse(text, n, name, dna, stderr);
	if (!problems)
		problems = dna_check_host(dna, stderr);
	if (problems)
		result = verb_say(
			VERB_USAGE, "%s cannot be used: %d problem%s", name, problems, problems == 1 ? "" : "s");
	else
		print_summary(dna);
	free(dna);
	return result;
}

int verb_check(const struct invocation *in)
{
	const char *file = in->argc > 1 ? in->argv[1] : NULL;
	char *text = NULL;
	size_t n = 0;
	int result;

	if (in->argc > 2 || (file && file[0] == '-' && file[1] && strcmp(file, "--options") != 0))
		return verb_usage("check");
	if (!file)
		return judge(dna_default_text, dna_default_size, "dna.conf (built in)");
	if (!strcmp(file, "--options")) {
		dna_print_options(stdout);
		return VERB_DONE;
	}
	result = dna_load(file, &text, &n);
	if (result < 0)
		return verb_say(VERB_USAGE, "cannot read %s: %s", file, strerror(-result));
	result = judge(text, n, strcmp(file, "-") ? file : "standard input");
	free(text);
	return result;
}
