/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl doctor: what this host offers, what is done without what it lacks, and a proof that a block blocks. */
#include "cellctl/doctor.h"
#include "cellws.skel.h"

#include <bpf/libbpf.h>
#include <jansson.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct check checks[] = {
#define X(name, title, without) { #name, title, without, doctor_##name },
	DOCTOR_CHECKS(X)
#undef X
};

static const char *const found_names[] = {
#define X(NAME, name) #name,
	DOCTOR_FOUND(X)
#undef X
};

void doctor_tell(struct doctor *d, enum found found, const char *format, ...)
{
	const struct check *c = d->check;
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	d->bad |= found == FOUND_BAD;
	if (d->in->json) {
		json_array_append_new(d->findings, json_pack("{s:s, s:s, s:s, s:s?}", "name", c->name, "state",
			found_names[found], "found", what, "without", found == FOUND_OK ? NULL : c->without));
		return;
	}
	printf("%-8s %-20s %s\n", found_names[found], c->title, what);
	if (found != FOUND_OK)
		printf("%29s -> %s\n", "", c->without);
	fflush(stdout);
}

bool doctor_number(const char *path, long *n)
{
	FILE *f = fopen(path, "re");
	bool read = f && fscanf(f, "%ld", n) == 1;

	if (f)
		fclose(f);
	return read;
}

static int read_dna(struct doctor *d, const char *file)
{
	char *text = NULL;
	size_t n;
	int error;

	if (!file)
		return dna_parse(dna_default_text, dna_default_size, "dna.conf (embedded)", &d->dna, stderr) ? VERB_USAGE : 0;
	error = dna_load(file, &text, &n);
	if (error)
		return verb_say(VERB_USAGE, "%s cannot be read: %s", file, strerror(-error));
	error = dna_parse(text, n, file, &d->dna, stderr);
	free(text);
	return error ? VERB_USAGE : 0;
}

static int arguments(struct doctor *d, struct invocation *in)
{
	const char *file;

	if (verb_option(in, "--dna", &file))
		return VERB_USAGE;
	if (in->argc > 2 || (in->argc == 2 && in->argv[1][0] == '-'))
		return verb_usage("doctor");
	if (in->argc == 2) {
		d->iface = in->argv[1];
		d->ifindex = if_nametoindex(d->iface);
		if (!d->ifindex)
			return verb_say(VERB_FAILED, "there is no interface \"%s\" here; `ip link` lists them", d->iface);
	}
	return read_dna(d, file);
}

static void print_verdict(const struct doctor *d)
{
	if (!d->in->json) {
		printf(d->bad ? "\nnot fit: what is marked bad must be mended first\n" : "\nfit: everything necessary is there\n");
		return;
	}
	json_t *all = json_pack("{s:b, s:O}", "fit", !d->bad, "findings", d->findings);

	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

int verb_doctor(const struct invocation *in)
{
	static struct doctor d;
	struct invocation mine = *in;
	int code;

	d = (struct doctor){ .in = in, .root = geteuid() == 0 };
	code = arguments(&d, &mine);
	if (code)
		return code;
	d.findings = json_array();
	libbpf_set_print(NULL);
	for (unsigned i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		d.check = &checks[i];
		d.check->look(&d);
	}
	cellws__destroy(d.skel);
	print_verdict(&d);
	json_decref(d.findings);
	return d.bad ? VERB_FAILED : VERB_DONE;
}
