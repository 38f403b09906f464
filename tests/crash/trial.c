/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Laying the organism of a trial, settling between two deaths, telling what went wrong. */
#include "trial.h"
#include "scenario.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILURES_PRINTED 8
#define SETTLE_S         4.0

static const char routes[] = "route \"/echo\" { gene = \"%s/build/tests/genes/echo.so\" }\n"
			     "route \"/pull\" { gene = \"%s/build/tests/genes/pull.so\" }\n"
			     "route \"/bad\" { gene = \"%s/build/tests/genes/bad.so\" }\n"
			     "route \"/client\" { gene = \"%s/build/tests/genes/client.so\" }\n"
			     "route \"/rogue\" { gene = \"%s/build/tests/genes/rogue.so\" }\n"
			     "immune { trusted_proxies = { \"" LAB_CLIENT_V4 "\", \"10.98.0.0/16\" } proxy_protocol = optional }\n"
			     "cells { %s }\n"
			     /* A cell that is stepped through is slow, not sick. */
			     "health { prompt = \"1h\" answer = \"1m\" }\n";

unsigned trial_setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

uint64_t trial_random(struct trial *t)
{
	t->drawn ^= t->drawn << 13;
	t->drawn ^= t->drawn >> 7;
	t->drawn ^= t->drawn << 17;
	return t->drawn >> 11;
}

void trial_open(struct trial *t, struct lab *l, const char *cells)
{
	const char *here = lab_here();
	char more[2048];

	*t = (struct trial){ .lab = l, .drawn = 0x9e3779b97f4a7c15ULL * (trial_setting("CRASH_SEED", 1) + 1) };
	tracer_init();
	snprintf(more, sizeof(more), routes, here, here, here, here, here, cells);
	lab_put(l, FILE_SMALL, NULL, 700);
	lab_put(l, FILE_LARGE, NULL, 1u << 20);
	lab_up(l, more, "--xdp off");
	lab_wake(l);
	lab_family_open(&t->family, l);
	lab_connect(&t->witness, LAB_SERVER_V4);
	cr_assert(trial_settle(t, "at birth"));
}

void trial_close(struct trial *t)
{
	lab_hang_up(&t->witness);
}

/* What the cells have said last. */
static void print_log(const struct lab *l)
{
	char path[160], text[1200];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/lab/log", l->run_dir);
	f = fopen(path, "re");
	if (!f)
		return;
	fseek(f, -(long)sizeof(text), SEEK_END);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	fprintf(stderr, "    the log ends with:\n%.*s\n", (int)n, text);
}

void trial_fail(struct trial *t, const char *scenario, const char *where, const char *what)
{
	if (!t->failed)
		print_log(t->lab);
	if (t->failed++ < FAILURES_PRINTED)
		fprintf(stderr, "    %s, run %u, %s: %s\n", scenario, t->runs, where, what);
}

static bool witness_is_served(struct trial *t)
{
	static const char want[] = "hello, world\n";
	struct lab_answer a;
	bool ok;

	lab_say(&t->witness, "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	lab_read(&t->witness, &a, false, SETTLE_S);
	ok = a.status == 200 && a.whole && a.body_n == sizeof(want) - 1 && !memcmp(a.body, want, a.body_n) && !t->witness.n;
	lab_answer_free(&a);
	return ok;
}

bool trial_settle(struct trial *t, const char *when)
{
	bool whole = lab_family_whole(&t->family, SETTLE_S), served = witness_is_served(t);

	if (!whole)
		trial_fail(t, when, t->last, "afterwards the family is not whole");
	if (!served) {
		trial_fail(t, when, t->last, "afterwards a client that stayed connected is not served");
		lab_hang_up(&t->witness);
		lab_connect(&t->witness, LAB_SERVER_V4);
	}
	return whole && served;
}

void trial_prepare(struct trial *t, struct exchange *x, const struct scenario *s, const struct exchange *wanted)
{
	struct exchange first;

	*x = (struct exchange){ .scenario = s,
		.number = t->runs++,
		.expected = wanted ? wanted->n : 0,
		.pause_us = CLIENT_PAUSE_US,
		.patience_s = SETTLE_S };
	if (!s->warm)
		return;
	first = *x;
	client_run(&first);
	client_free(&first);
}
