/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is wrong in a DNA: every kind of error, on the line where it stands, and all of them in one run. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "dna_try.h"

struct wrong {
	const char *text;
	const char *said; /* the one line, from its beginning */
};

static const struct wrong wrongs[] = {
	/* names */
	{"\ncells {\n dron { min = 3 } }\n" DNA_ROUTE,
		"t.conf:3: cells.dron: found an unknown section; did you mean \"drone\"? "},
	{"\norganizm = a\n" DNA_ROUTE,
		"t.conf:2: organizm: found an unknown option; did you mean \"organism\"? allowed: organism, "},
	{"deadline = 3s\n" DNA_ROUTE, "t.conf:1: deadline: found an unknown option; did you mean route.deadline? "},
	{"route / { gene = x.so usr = a }",
		"t.conf:1: route \"/\" usr: found an unknown option; did you mean user, outside of this section? "},
	{"conections = 3\n" DNA_ROUTE,
		"t.conf:1: conections: found an unknown option; did you mean limits.connections? "},
	{"zzzzzzzz = 3\n" DNA_ROUTE,
		"t.conf:1: zzzzzzzz: found an unknown option; allowed: organism, listen, user, key, route, "},
	{"route \"/\" {\ngene = x.so\nrot = /a }",
		"t.conf:3: route \"/\" rot: found an unknown option; did you mean \"root\"? "},
	{"\"cells|stem\" { min = 5 }\n" DNA_ROUTE, "t.conf:1: cells|stem: found an unknown section; "},
	{"nope \"x\" { a = { 1, 2 } b { c = 3 } }\n" DNA_ROUTE, "t.conf:1: nope: found an unknown section; "},
	/* shapes */
	{"cells = 3\n" DNA_ROUTE, "t.conf:1: cells: found \"=\"; allowed: cells { ... }"},
	{"user { }\n" DNA_ROUTE, "t.conf:1: user: found a section; allowed: user = VALUE"},
	{"cells \"a\" { }\n" DNA_ROUTE, "t.conf:1: cells: found a name before \"{\"; "},
	{"\nroute { gene = static }\n" DNA_ROUTE, "t.conf:2: route: found no path prefix; "},
	{"user = { a, b }\n" DNA_ROUTE, "t.conf:1: user: found a list; allowed: text of 1 to 31 bytes"},
	{"listen += { 1.2.3.4:5 }\n" DNA_ROUTE, "t.conf:1: listen: found \"+=\"; allowed: \"=\""},
	{"immune { refuse = drop }\n" DNA_ROUTE, "t.conf:1: immune.refuse: found \"drop\"; allowed: \"answer\" or \"close\"\n"},
	{"immune { proxy_protocol = yes }\n" DNA_ROUTE,
		"t.conf:1: immune.proxy_protocol: found \"yes\"; allowed: \"off\", \"optional\" or \"required\"\n"},
	{"\nlisten = { }\n" DNA_ROUTE, "t.conf:2: listen: found an empty list; allowed: 1 to 16 addresses"},
	{"user = a\n\nuser = b\n" DNA_ROUTE,
		"t.conf:3: user: found the option a second time; allowed: once; the first is on line 1"},
	{"cells { stem { min = 3 } }\ncells { stem { min = 4 } }\n" DNA_ROUTE,
		"t.conf:2: cells.stem.min: found the option a second time; allowed: once; the first is on line 1"},
	/* order */
	{"cells { blood {\nmin = 3 } }\n" DNA_ROUTE,
		"t.conf:2: cells.blood.min: found 3; allowed: at most cells.blood.max, which is 2 (the default)"},
	{"cells { drone {\nmin = 4\nmax = 3 } }\n" DNA_ROUTE,
		"t.conf:3: cells.drone.max: found 3; allowed: at least cells.drone.min, which is 4"},
	{"limits {\nhead = 4K }\n" DNA_ROUTE,
		"t.conf:2: limits.head: found 4K; allowed: at least limits.line, which is 8K (the default)"},
	{"hormones {\ndie = 0.7 }\n" DNA_ROUTE,
		"t.conf:2: hormones.die: found 0.7; allowed: at most hormones.divide, which is 0.6 (the default)"},
	{"hormones { die = 0.05\ndivide = 0.0101 floor = 0.3 }\n" DNA_ROUTE,
		"t.conf:2: hormones.divide: found 0.0101; allowed: at least hormones.die, which is 0.05"},
	{"cells { drone { min = 5 }\nmax = 11 }\n" DNA_ROUTE,
		"t.conf:2: cells.max: found 11; allowed: at least 12: a neuron, blood.min 1, drone.min 5, stem.min 3 and "},
	{"hormones { potensy { } }\n" DNA_ROUTE,
		"t.conf:1: hormones.potensy: found an unknown section; did you mean \"potency\"? "},
	/* duplicates */
	{"listen = {\n1.2.3.4:5,\n1.2.3.4:5 }\n" DNA_ROUTE,
		"t.conf:3: listen: found \"1.2.3.4:5\"; allowed: each address once; 1.2.3.4:5 is on line 2"},
	{"listen = {\n\"[::1]:5\",\n\"[0:0::1]:5\" }\n" DNA_ROUTE,
		"t.conf:3: listen: found \"[0:0::1]:5\"; allowed: each address once; [::1]:5 is on line 2"},
	/* syntax */
	{DNA_ROUTE "user = \"a\nuser2 = \"b\"\n", "t.conf:2: syntax: found a text without its closing quote; "},
	{DNA_ROUTE "user = 'a", "t.conf:2: syntax: found a text without its closing quote; "},
	{DNA_ROUTE "/* a\n\n", "t.conf:2: syntax: found a comment that does not end; "},
	{DNA_ROUTE "cells { stem {\nmin = 3 }\n",
		"t.conf:4: syntax: found the end of the file; allowed: an option, or \"}\" for the section of line 2"},
	{DNA_ROUTE "\n}", "t.conf:3: syntax: found \"}\"; allowed: an option or a section"},
	{DNA_ROUTE "user\n=\n=", "t.conf:4: syntax: found \"=\"; allowed: a value"},
	{DNA_ROUTE "user", "t.conf:2: syntax: found the end of the file; "},
	{DNA_ROUTE "user a b", "t.conf:2: syntax: found \"b\"; "},
	{DNA_ROUTE "listen = { 1.2.3.4:5 b }", "t.conf:2: syntax: found \"b\"; allowed: \",\" or \"}\""},
	{DNA_ROUTE "listen = { ,", "t.conf:2: syntax: found \",\"; allowed: an element"},
	{DNA_ROUTE "user = (a)", "t.conf:2: syntax: found \"(\"; "},
	{DNA_ROUTE "user = a*b", "t.conf:2: syntax: found \"*\"; "},
	{DNA_ROUTE "user = ${HOME}", "t.conf:2: syntax: found \"{\"; "},
	/* bytes */
	{DNA_ROUTE "user = \"a\x01\"", "t.conf:2: text: found the byte 0x01; "},
	{DNA_ROUTE "user = a\r \n", "t.conf:2: text: found the byte 0x0d; "},
	{DNA_ROUTE "user = \"a\\0b\"", "t.conf:2: text: found \"\\0\" in double quotes; "},
	{DNA_ROUTE "user = \"a\\x00b\"", "t.conf:2: text: found \"\\x\" in double quotes; "},
	{DNA_ROUTE "user = \"\\q\"", NULL},
	/* routes */
	{"route a { gene = x.so }",
		"t.conf:1: route \"a\": found a prefix that no path can have; allowed: a path that begins with '/'"},
	{"route \"\" { gene = x.so }", "t.conf:1: route \"\": found a prefix that no path can have; "},
	{"route /a/../b { gene = x.so }",
		"t.conf:1: route \"/a/../b\": found a prefix that is not normalised; allowed: \"/b\""},
	{"route /a%20b { gene = x.so }",
		"t.conf:1: route \"/a%20b\": found a prefix that is not normalised; allowed: \"/a b\""},
	{"\nroute / { }", "t.conf:2: route \"/\" gene: found none; allowed: \"static\" or"},
	{"\nroute / {\ngene = static }", "t.conf:2: route \"/\" root: found none; allowed: the directory"},
	{"\nroute / {\ngene = x.so\nroot = / }", "t.conf:4: route \"/\" root: found a root for a shared object; "},
};

Test(dna_problem, each_alone_with_its_line)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct dna_try *t = dna_try(wrongs[i].text);

		if (!wrongs[i].said) {
			cr_expect_gt(t->problems, 0);
			continue;
		}
		cr_expect_eq(t->problems, 1, "%d problems in %s:\n%s", t->problems, wrongs[i].text, t->said);
		cr_expect(dna_said(t, wrongs[i].said), "%s\nis not\n%s", t->said, wrongs[i].said);
	}
}

Test(dna_problem, a_nul_is_refused)
{
	static const char text[] = DNA_ROUTE "user = \"a\0b\"\n";
	const struct dna_try *t = dna_try_named(text, sizeof(text) - 1, "t.conf");

	cr_expect_eq(t->problems, 1);
	cr_expect(dna_said(t, "t.conf:2: text: found the byte 0x00; "), "%s", t->said);
}

Test(dna_problem, all_in_one_run_in_the_order_of_the_lines)
{
	const struct dna_try *t = dna_try("# one\n"
					  "/* two\n   three */\n"
					  "organism = Shop // four\n"
					  "colour = red\n"
					  "cells { stem { min = 99 }\n"
					  "        dron { min = 1 }\n"
					  "        blood { min = 0 } }\n"
					  "listen = {\n"
					  "    \"0.0.0.0:80\", # ten\n"
					  "    \"nonsense\"\n"
					  "}\n"
					  "route \"/\" {\n"
					  "    gene = static\n"
					  "    deadline = 30\n"
					  "}\n"
					  "timeouts { idle = 60 }\n");
	static const int lines[] = {4, 5, 6, 7, 8, 11, 13, 15, 17};
	const char *at = t->said;

	cr_assert_eq(t->problems, 9, "%s", t->said);
	for (size_t i = 0; i < 9; i++) {
		cr_assert(!strncmp(at, "t.conf:", 7));
		cr_expect_eq(atoi(at + 7), lines[i], "line %d: %s", lines[i], at);
		at = strchr(at, '\n') + 1;
	}
	cr_expect_str_empty(at);
}

Test(dna_problem, what_stands_before_a_syntax_error_is_said_too)
{
	const struct dna_try *t = dna_try("organism = Shop\n\ncells { stem { min = 0 }\nblood = = 3\nuser = \"\"\n");

	cr_expect_eq(t->problems, 4, "%s", t->said);
	cr_expect(dna_said(t, "t.conf:1: organism: found \"Shop\""));
	cr_expect(dna_said(t, "t.conf:3: cells.stem.min: found \"0\""));
	cr_expect(dna_said(t, "t.conf:4: cells.blood: found \"=\"; "), "%s", t->said);
	cr_expect(dna_said(t, "t.conf:4: syntax: found \"=\"; allowed: a value"), "%s", t->said);
}

Test(dna_problem, very_many_are_counted)
{
	static char text[8192];

	for (int i = 0; i < 1000; i++)
		strcat(text, "x = 1\n");
	cr_expect_eq(dna_try(text)->problems, 1001);
	cr_expect(dna_said(dna_try(text), "t.conf: and 901 more problems"));
}

Test(dna_problem, the_next_dna_is_read_afresh)
{
	cr_expect_gt(dna_try("user = \"a")->problems, 0);
	cr_expect_eq(dna_try(DNA_ROUTE)->problems, 0);
	cr_expect_gt(dna_try("/* ")->problems, 0);
	cr_expect_eq(dna_try(DNA_ROUTE)->problems, 0);
}
