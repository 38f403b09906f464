/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The example genes, as a drone loads them: shared objects under build/genes. */

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "fake_drone.h"

static const struct cellws_gene *load(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	cr_assert_not_null(object, "%s", dlerror());
	const struct cellws_gene *g = dlsym(object, "cellws_gene");
	cr_assert_not_null(g, "%s exports no cellws_gene", path);
	cr_assert_eq(g->abi, CELLWS_GENE_ABI);
	cr_assert_eq(g->flags, 0);
	return g;
}

Test(example_genes, hello_greets_its_args)
{
	const struct cellws_gene *g = load("build/genes/hello.so");
	static struct fake_drone d;
	char args[] = "world", why[64] = "";
	void *self = NULL;

	cr_expect_str_eq(g->name, "hello");
	cr_assert_eq(g->init(&self, args, why, sizeof(why)), 0);
	memset(args, 'x', sizeof(args) - 1); /* args need not outlive init() */
	cr_assert_eq(fake_drone_ask(&d, g, self, &(struct fake_ask){.path = "/hello"}), 0);
	cr_assert_eq(fake_drone_take(&d), 0);
	cr_expect_str_eq(d.body, "hello, world\n");
	cr_expect_str_eq(fake_drone_field(&d, "Content-Type"), "text/plain");
	fake_drone_done(&d);
	g->done(self);
}

Test(example_genes, sleep_sleeps, .timeout = 10)
{
	const struct cellws_gene *g = load("build/genes/sleep.so");
	static struct fake_drone d;
	struct timespec from, to;
	char why[64] = "";
	void *self = NULL;

	cr_expect_str_eq(g->name, "sleep");
	cr_assert_eq(g->init(&self, "60", why, sizeof(why)), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	cr_assert_eq(fake_drone_ask(&d, g, self, &(struct fake_ask){0}), 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	long ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	cr_expect_geq(ms, 59);
	cr_assert_eq(fake_drone_take(&d), 0);
	cr_expect_str_eq(d.body, "slept 60 ms\n");
	fake_drone_done(&d);
}

Test(example_genes, sleep_refuses_what_is_no_time)
{
	const struct cellws_gene *g = load("build/genes/sleep.so");
	static const char *const bad[] = {"", "x", "5x", "-5", " 5", "+5", "600001", "99999999999999999999999", "1.5"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char why[100] = "";
		void *self = NULL;
		cr_expect_eq(g->init(&self, bad[i], why, sizeof(why)), -EINVAL, "\"%s\"", bad[i]);
		cr_expect_not_null(strstr(why, "milliseconds"), "\"%s\": no reason", bad[i]);
	}
}

Test(example_genes, crash_lives_unless_told)
{
	static const char *const harmless[] = {"", "now=0", "now", "know=1", "now=10", "a=now=1", "&&"};
	const struct cellws_gene *g = load("build/genes/crash.so");
	static struct fake_drone d;

	cr_expect_str_eq(g->name, "crash");
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		cr_assert_eq(fake_drone_ask(&d, g, NULL, &(struct fake_ask){.query = harmless[i]}), 0);
		cr_assert_eq(fake_drone_take(&d), 0);
		cr_expect_str_eq(d.body, "still here\n");
	}
	fake_drone_done(&d);
}

Test(example_genes, crash_dies_when_told, .signal = SIGSEGV)
{
	static struct fake_drone d;

	fake_drone_ask(&d, load("build/genes/crash.so"), NULL, &(struct fake_ask){.query = "now=1"});
}

Test(example_genes, crash_dies_for_any_of_the_parameters, .signal = SIGSEGV)
{
	static struct fake_drone d;

	fake_drone_ask(&d, load("build/genes/crash.so"), NULL, &(struct fake_ask){.query = "a=b&now=1&c"});
}
