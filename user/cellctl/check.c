/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl check: reads a DNA, says everything that is wrong with it, changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cellctl/verb.h"
#include "dna/dna.h"
#include "secret/secret.h"
#include "tissue/key.h"

static void print_route(const struct dna_route *route)
{
	if (!strcmp(route->gene, "static"))
		printf("route     %s  files of %s\n", route->prefix, route->root);
	else
		printf("route     %s  %s%s%s\n", route->prefix, route->gene, route->args[0] ? " " : "", route->args);
}

static const char *number(uint64_t n, const char *none, char to[32])
{
	if (n)
		snprintf(to, 32, "%llu KiB", (unsigned long long)(n / 1024));
	return n ? to : none;
}

static void print_signals(const struct dna *d)
{
	char attenuation[16], floor[16], divide[16], die[16], all[32], one[32];

	dna_fraction_write(d->hormone_attenuation_q16, attenuation, sizeof(attenuation));
	dna_fraction_write(d->hormone_floor_q16, floor, sizeof(floor));
	dna_fraction_write(d->hormone_divide_q16, divide, sizeof(divide));
	dna_fraction_write(d->hormone_die_q16, die, sizeof(die));
	printf("          at most %u in all, %s together\n", d->cells_max, number(d->cells_memory_bytes, "any memory", all));
	printf("hormones  passed on at %s, down to %s, %u hops; half-life %u ms; %u a second\n", attenuation, floor,
		d->hormone_hops, d->hormone_half_life_ms, d->hormone_rate);
	printf("          divide above %s, leave below %s, rest %u ms; queue %u ms\n", divide, die, d->hormone_refractory_ms,
		d->hormone_queue_ms);
	printf("health    a proof each %u ms or so, answered in %u ms; a vote holds %u ms; %s for a cell\n",
		d->health_prompt_ms, d->health_answer_ms, d->health_ballot_ms, number(d->health_memory_bytes, "any memory", one));
	printf("key       %s\n", d->key[0] ? d->key : "none: one is made for each life");
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
	print_signals(dna);
	printf("sha256    %s\n", dna->sha256);
}

/* How many problems: 0 or 1. Not everybody who may check a DNA may read its key. */
static int check_key(const struct dna *dna)
{
	uint8_t key[KEY_BYTES];
	const char *why = "";
	int error = dna->key[0] ? key_load(dna->key, key, &why) : 0;

	secret_wipe(key, sizeof(key));
	if (!error || (error == -EACCES && geteuid()))
		return 0;
	fprintf(stderr, "%s:%u: key: %s %s\n", dna->file, dna->key_line, dna->key, why);
	return 1;
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
	if (!problems)
		problems = check_key(dna);
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
