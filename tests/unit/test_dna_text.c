/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The DNA's text means what it says: quotes, escapes, comments, no environment, sections that are given twice. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dna_try.h"

static const char *args_of(const char *written)
{
	char text[512];
	const struct dna_try *t;

	snprintf(text, sizeof(text), "route / { gene = /x.so args = %s }\nuser = \"behind\"\n", written);
	t = dna_try(text);
	cr_assert_eq(t->problems, 0, "%s: %s", written, t->said);
	cr_assert_str_eq(t->dna.user, "behind");
	return t->dna.route[0].args;
}

/* Left to itself libconfuse takes "${" in quotes, and all up to the next "}", for a variable's name. */
Test(dna_text, the_environment_is_not_read)
{
	setenv("HOME", "/root", 1);
	cr_expect_str_eq(args_of("\"${jndi:\""), "${jndi:");
	cr_expect_str_eq(args_of("\"${jndi:ldap://x/a}\""), "${jndi:ldap://x/a}");
	cr_expect_str_eq(args_of("\"${HOME}\""), "${HOME}");
	cr_expect_str_eq(args_of("'${HOME}'"), "${HOME}");
	cr_expect_str_eq(args_of("\"\\${HOME} $HOME $$ ${HOME:-x}\""), "${HOME} $HOME $$ ${HOME:-x}");
	cr_expect_str_eq(args_of("$HOME"), "$HOME");
}

Test(dna_text, quotes_and_escapes)
{
	cr_expect_str_eq(args_of("\"a \\\"b\\\" \\\\ \\n\\r\\t\\x41\\xe4\""), "a \"b\" \\ \n\r\tA\xe4");
	cr_expect_str_eq(args_of("'a \\'b\\' \\\\ \\n \"'"), "a 'b' \\ \\n \"");
	cr_expect_str_eq(args_of("\"# // /* {},='\""), "# // /* {},='");
	cr_expect_str_eq(args_of("http://a/b/"), "http://a/b/");
	cr_expect_str_eq(args_of("a#b\n"), "a");
	cr_expect_str_eq(args_of("\"\""), "");
	cr_expect_str_eq(args_of("\"\xc3\xa4\""), "\xc3\xa4");
	cr_expect_str_eq(args_of("\"x41\\x411\""), "x41A1");
}

Test(dna_text, comments_do_not_move_the_lines)
{
	const struct dna_try *t =
		dna_try("# a\n// b\n/* c\n * d\n **/ user = '' # e\n### f\n#\n/**/ user2 = 3\n" DNA_ROUTE);

	cr_expect_eq(t->problems, 2, "%s", t->said);
	cr_expect(dna_said(t, "t.conf:5: user: found \"\""), "%s", t->said);
	cr_expect(dna_said(t, "t.conf:8: user2: found an unknown option"), "%s", t->said);
}

Test(dna_text, dos_lines)
{
	const struct dna_try *t = dna_try("user = a\r\n# b\r\n\r\ncells { stem { min = 5 } }\r\n" DNA_ROUTE);

	cr_expect_eq(t->problems, 0, "%s", t->said);
	cr_expect(!strcmp(t->dna.user, "a") && t->dna.stem_min == 5);
}

Test(dna_text, a_section_given_twice_merges)
{
	const struct dna_try *t = dna_try("cells { stem { min = 5 } drone { min = 2 } }\n"
					  "cells { drone { max = 9 } }\n cells { blood { max = 4 } }\n" DNA_ROUTE);

	cr_expect_eq(t->problems, 0, "%s", t->said);
	cr_expect(t->dna.stem_min == 5 && t->dna.drone_min == 2 && t->dna.drone_max == 9 && t->dna.blood_max == 4);
}

static void expect_paths(const char *name, const char *root, const char *gene)
{
	static const char text[] =
		"route / { gene = static root = www } route /x { gene = ./x.so } route /y { gene = /y.so }";
	const struct dna *d = &dna_try_named(text, sizeof(text) - 1, name)->dna;

	cr_expect_str_eq(d->route[0].root, root);
	cr_expect_str_eq(d->route[1].gene, gene);
	cr_expect_str_eq(d->route[2].gene, "/y.so");
}

Test(dna_text, relative_paths_begin_at_the_file)
{
	char here[256], root[512], gene[512];

	cr_assert(getcwd(here, sizeof(here)));
	expect_paths("/etc/cellws/dna.conf", "/etc/cellws/www", "/etc/cellws/x.so");
	expect_paths("/dna.conf", "/www", "/x.so");
	snprintf(root, sizeof(root), "%s/www", here);
	snprintf(gene, sizeof(gene), "%s/x.so", here);
	expect_paths("dna.conf", root, gene);
	expect_paths("-", root, gene);
	snprintf(root, sizeof(root), "%s/a/b/www", here);
	snprintf(gene, sizeof(gene), "%s/a/b/x.so", here);
	expect_paths("a/b/dna.conf", root, gene);
}

Test(dna_text, a_path_that_gets_too_long_is_refused)
{
	static char name[600], text[] = "route / { gene = static root = www/www/www/www }";

	memset(name, 'a', 505);
	name[0] = '/';
	strcpy(name + 500, "/dna");
	cr_expect_eq(dna_try_named(text, sizeof(text) - 1, name)->problems, 1);
	name[550] = 'b';
	memset(name + 500, 'a', 50);
	strcpy(name + 550, "/dna");
	cr_expect_gt(dna_try_named(text, sizeof(text) - 1, name)->problems, 0);
}
