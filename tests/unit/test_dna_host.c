/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dna_check_host: roots, users, and shared objects that are good, bad and deadly. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dna_try.h"

static char folder[] = "/tmp/cellws-dna-XXXXXX";

static void setup(void)
{
	cr_assert(mkdtemp(folder));
	cr_assert_eq(chmod(folder, 0755), 0);
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(dna_host, .init = setup, .fini = teardown, .timeout = 30);

#define BEFORE                                                                                                         \
	"#include <stdlib.h>\n#include <stdio.h>\n#include <unistd.h>\n#include <errno.h>\n#include <cellws/gene.h>\n" \
	"static int e(void *s, const struct cellws_request *q, struct cellws_response *r) { return 0; }\n"
#define INIT(body)                                                                                                     \
	BEFORE "static int i(void **s, const char *args, char *why, size_t n) { " body " }\n"                          \
	       "const struct cellws_gene cellws_gene = { .abi = CELLWS_GENE_ABI, .express = e, .init = i };\n"

/* Compiles the source to FOLDER/x.so. */
static void compile(const char *source)
{
	char command[256];
	FILE *cc;

	snprintf(command, sizeof(command), "cc -w -Iinclude -shared -fPIC -xc -o %s/x.so -", folder);
	cc = popen(command, "w");
	cr_assert(cc);
	fputs(source, cc);
	cr_assert_eq(pclose(cc), 0, "cannot compile a gene");
}

/* Checks a route to FOLDER/x.so; its gene is on line 2. */
static const struct dna_try *try_gene(const char *args)
{
	char text[256];

	snprintf(text, sizeof(text), "route /x {\ngene = %s/x.so\nargs = \"%s\" }\n", folder, args);
	return dna_try_host(text);
}

static void expect_refused(const char *source, const char *why)
{
	char begin[512];
	const struct dna_try *t;

	compile(source);
	t = try_gene("");
	snprintf(begin, sizeof(begin), "t.conf:2: route \"/x\" gene: %s/x.so %s", folder, why);
	cr_expect_eq(t->problems, 1);
	cr_expect(dna_said(t, begin), "%s\nis not\n%s", t->said, begin);
}

Test(dna_host, a_good_gene)
{
	compile(INIT("return args[0] != 'y';"));
	cr_expect_eq(try_gene("y")->problems, 0);
	compile(BEFORE "const struct cellws_gene cellws_gene = { .abi = CELLWS_GENE_ABI, .express = e };");
	cr_expect_eq(try_gene("")->problems, 0);
}

/* A checkout below /root: nobody but root gets as far as the file. */
Test(dna_host, a_gene_behind_a_closed_door)
{
	compile(INIT("return 0;"));
	cr_assert_eq(chmod(folder, 0700), 0);
	cr_expect_eq(try_gene("")->problems, 0);
	cr_assert_eq(chmod(folder, 0755), 0);
}

/* Nobody writes to it: the trial must not wait for somebody who does. */
Test(dna_host, a_gene_that_is_a_pipe)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/x.so", folder);
	cr_assert_eq(mkfifo(path, 0644), 0);
	cr_expect(strstr(try_gene("")->said, "/x.so is not a regular file"));
}

Test(dna_host, a_gene_that_is_none)
{
	char path[64];
	const struct dna_try *t = try_gene("");

	cr_expect(strstr(t->said, "/x.so does not exist"), "%s", t->said);
	expect_refused("int x;", "exports no cellws_gene");
	expect_refused(BEFORE "const struct cellws_gene cellws_gene = { .abi = 99, .express = e };",
		"was built for gene ABI 99; allowed: 1");
	expect_refused(BEFORE "const struct cellws_gene cellws_gene = { .abi = CELLWS_GENE_ABI };", "has no express()");
	expect_refused("void nowhere(void); void *x = nowhere;", "cannot be loaded: ");
	snprintf(path, sizeof(path), "%s/x.so", folder);
	cr_assert_eq(truncate(path, 100), 0);
	cr_expect(strstr(try_gene("")->said, "/x.so cannot be loaded: "));
	cr_assert(!unlink(path) && !mkdir(path, 0755));
	cr_expect(strstr(try_gene("")->said, "/x.so is not a regular file"));
}

Test(dna_host, a_gene_that_refuses_its_args)
{
	expect_refused(INIT("snprintf(why, n, \"no\\nsuch host\"); return -EINVAL;"),
		"refuses its args: no such host (Invalid argument)");
	expect_refused(INIT("return -ENOENT;"), "refuses its args: (No such file or directory)");
	expect_refused(INIT("return 7;"), "refuses its args: (not an errno)");
}

Test(dna_host, a_gene_that_crashes)
{
	expect_refused(INIT("*(volatile int *)0 = 1; return 0;"), "crashed with signal 11 while loading");
	expect_refused(BEFORE "__attribute__((constructor)) static void c(void) { abort(); }",
		"crashed with signal 6 while loading");
	expect_refused(INIT("exit(0);"), "ended the process with exit code 0 while loading");
}

Test(dna_host, a_gene_that_does_not_return)
{
	time_t begun = time(NULL);

	expect_refused(INIT("for (;;) pause();"), "was not done after 5 seconds");
	cr_expect_leq(time(NULL) - begun, 15);
}

Test(dna_host, a_gene_has_no_privileges)
{
	if (geteuid() != 0)
		cr_skip_test("not root: there is nothing to drop");
	expect_refused(INIT("snprintf(why, n, \"%d %d %d %d\", getuid() == 65534, geteuid() == 65534, getegid() == 0, "
			    "setuid(0) == 0); return -EPERM;"),
		"refuses its args: 1 1 0 0 (Operation not permitted)");
}

/* A gene sees the report's descriptor and standard error, nothing of the caller's. */
Test(dna_host, a_gene_has_no_descriptors)
{
	int mine = dup(1);

	cr_assert_gt(mine, 3);
	expect_refused(
		INIT("int open = 0; for (int f = 4; f < 100; f++) open += lseek(f, 0, SEEK_CUR) >= 0 || errno != EBADF;"
		     "snprintf(why, n, \"%d\", open); return -EPERM;"),
		"refuses its args: 0 (Operation not permitted)");
	close(mine);
}

static const struct dna_try *try_root(const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "route / {\ngene = static\nroot = %s%s }", folder, name);
	return dna_try_host(text);
}

static void expect_root(const char *name, const char *why)
{
	const struct dna_try *t = try_root(name);
	char begin[512];

	snprintf(begin, sizeof(begin), "t.conf:3: route \"/\" root: %s%s %s", folder, name, why);
	cr_expect_eq(t->problems, 1);
	cr_expect(dna_said(t, begin), "%s\nis not\n%s", t->said, begin);
}

Test(dna_host, roots)
{
	char path[64];

	cr_expect_eq(try_root("")->problems, 0);
	expect_root("/nope", "does not exist");
	snprintf(path, sizeof(path), "%s/file", folder);
	fclose(fopen(path, "w"));
	expect_root("/file", "is not a directory");
	snprintf(path, sizeof(path), "%s/closed", folder);
	cr_assert_eq(mkdir(path, 0750), 0);
	expect_root("/closed", "cannot be read by user nobody (mode 750); allowed: a directory");
	snprintf(path, sizeof(path), "%s/closed/open", folder);
	cr_assert_eq(mkdir(path, 0755), 0);
	cr_expect_eq(try_root("/closed/open")->problems, 0, "parents need not be open");
}

Test(dna_host, users)
{
	const struct dna_try *t = dna_try_host("\nuser = nosuchuser1\nroute / { gene = static root = /tmp }");

	cr_expect_eq(t->problems, 1);
	cr_expect(dna_said(t, "t.conf:2: user: nosuchuser1 does not exist; "), "%s", t->said);
	t = dna_try_host("user = root route / { gene = static root = /tmp }");
	cr_expect(dna_said(t, "t.conf:1: user: root is root; allowed: a user without privileges"), "%s", t->said);
}

Test(dna_host, all_in_one_run)
{
	const struct dna_try *t = dna_try_host("route / { gene = static root = /nope }\nuser = nosuchuser1\n"
					       "route /x { gene = /nope.so }\n");

	cr_expect_eq(t->problems, 3, "%s", t->said);
}
