/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl mutate: checks a new DNA as `up` does, compares it with the living one, and has the cells take it on. */
#include "cellctl/mutate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int read_dna(struct mutate *m)
{
	char here[DNA_PATH_MAX] = "";
	int error = dna_load(m->file, &m->text, &m->text_n);

	if (error)
		return verb_say(VERB_USAGE, "%s cannot be read: %s", m->file, strerror(-error));
	if (m->file[0] != '/')
		(void)!getcwd(here, sizeof(here));
	if (snprintf(m->germ.origin, sizeof(m->germ.origin), "%s%s%s", here, here[0] ? "/" : "", m->file) >= DNA_PATH_MAX)
		return verb_say(VERB_USAGE, "%s: the name is too long", m->file);
	return dna_parse(m->text, m->text_n, m->file, &m->germ.dna, stderr) ? VERB_USAGE : 0;
}

/* --name; else the DNA's own, if that lives; else the only one there is, which will say that its name cannot change. */
static int find_organism(struct mutate *m)
{
	const char *own = m->germ.dna.organism;
	char path[PIN_PATH];

	if (m->in->name || pin_path(m->in, own, "cells", path, sizeof(path)) || access(path, F_OK))
		return verb_organism(m->in, m->name);
	snprintf(m->name, sizeof(m->name), "%s", own);
	return 0;
}

/* Held to the end of the process. `up` and `down` take the same. */
static int lock(struct mutate *m)
{
	char path[PIN_PATH];
	int n = snprintf(path, sizeof(path), "%s/%s/lock", m->in->run_dir, m->name);

	if (n < 0 || n >= (int)sizeof(path))
		return verb_say(VERB_USAGE, "--run-dir is too long");
	m->lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (m->lock < 0)
		return verb_say(VERB_FAILED, "%s cannot be opened: %s", path, strerror(errno));
	if (flock(m->lock, LOCK_EX | LOCK_NB))
		return verb_say(VERB_FAILED, "another cellctl is changing %s, or bringing it up or down, this moment", m->name);
	return 0;
}

static int check(struct mutate *m)
{
	int error = germ_keep_roots(m->living.germ, &m->germ.dna), problems;

	if (error)
		return verb_say(VERB_FAILED, "%s cannot be compared: %s", m->file, strerror(-error));
	problems = dna_check_host(&m->germ.dna, stderr);
	problems += dna_check_change(&m->living.germ->dna, &m->germ.dna, stderr);
	return problems ? verb_say(VERB_USAGE, "%s stays as it is: %d problem%s in %s", m->name, problems, problems == 1 ? "" : "s",
				  m->file) :
			  0;
}

/* The identity, numbers, filters and secrets of the living one; DNA and generation of its own. */
static void prepare(struct mutate *m)
{
	const struct germ *living = m->living.germ;
	struct germ *g = &m->germ;

	g->plan = living->plan;
	g->uid = living->uid;
	g->gid = living->gid;
	memcpy(g->memory, living->memory, sizeof(g->memory));
	g->boot = living->boot;
	memcpy(g->fingerprint_key, living->fingerprint_key, sizeof(g->fingerprint_key));
	germ_number(g, m->living.generation + 1);
}

static bool is_new(const struct mutate *m)
{
	const struct dna *now = &m->living.germ->dna, *next = &m->germ.dna;

	return strcmp(now->sha256, next->sha256) != 0 || !dna_is_same(now, next) || mutate_genes_differ(m);
}

/* The lists in the kernel; the DNA is in force all the same, and the next call tries again. */
static int allow(const struct mutate *m)
{
	int error = mutate_allow(m, &m->germ.dna);

	return error ? verb_say(VERB_FAILED, "the never-ban list is not as the DNA has it: %s; call this again", strerror(-error)) : 0;
}

static int go(struct mutate *m)
{
	int code;

	if (!is_new(m)) {
		code = m->dry ? 0 : allow(m);
		if (!code && !m->dry)
			code = mutate_spread(m, false);
		if (!code)
			printf("%s lives by this DNA already (generation %u); nothing is changed\n", m->name, m->living.generation);
		return code;
	}
	if (m->dry) {
		printf("%s: %s would become generation %u\n", m->name, m->file, m->germ.generation);
		return 0;
	}
	code = mutate_send(m);
	if (!code)
		code = allow(m);
	if (code)
		return code;
	printf("%s: the DNA of generation %u is in force\n", m->name, m->germ.generation);
	return mutate_spread(m, true);
}

static int mutate(struct mutate *m)
{
	static int (*const steps[])(struct mutate *) = { read_dna, find_organism, lock };
	int code = 0;

	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps) && !code; i++)
		code = steps[i](m);
	/* Under the lock, so that nobody changes what is compared with. */
	if (!code)
		code = germ_view(m->in, m->name, &m->living);
	if (!code)
		code = check(m);
	if (code)
		return code;
	prepare(m);
	code = mutate_sign(m);
	if (!code)
		code = mutate_make(m);
	return code ? code : go(m);
}

int verb_mutate(const struct invocation *in)
{
	static struct mutate m;
	struct invocation mine = *in;

	m = (struct mutate){ .in = in, .lock = -1 };
	if (verb_option(&mine, "--dna", &m.file))
		return VERB_USAGE;
	m.dry = verb_flag(&mine, "--dry-run");
	m.local = verb_flag(&mine, "--local");
	if (!m.file || mine.argc != 1)
		return verb_usage("mutate");
	if (geteuid())
		return verb_say(VERB_FAILED, "mutate needs root, to reach the cells' memory: sudo cellctl mutate ...");
	return mutate(&m);
}
