/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Checks on the host that incidents can be reported as the DNA wants it: the program and the user. */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include "dna/parts.h"

static void check_program(const struct dna *dna, struct dna_problems *problems)
{
	char path[DNA_TEXT_MAX];
	size_t n = strcspn(dna->report_program, " \t");
	struct stat st;

	memcpy(path, dna->report_program, n);
	path[n] = '\0';
	if (path[0] != '/')
		dna_problem_add(problems, dna->report_program_line, "immune.report_program",
			"found \"%s\"; allowed: an absolute path, and arguments behind it", path);
	else if (stat(path, &st))
		dna_problem_add(problems, dna->report_program_line, "immune.report_program", "%s cannot be run: %s", path,
			strerror(errno));
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		dna_problem_add(problems, dna->report_program_line, "immune.report_program", "%s is no program", path);
}

void dna_report_check(const struct dna *dna, struct dna_problems *problems)
{
	const struct passwd *user = dna->report_user[0] ? getpwnam(dna->report_user) : NULL;

	if (dna->report_program[0])
		check_program(dna, problems);
	if (dna->report_user[0] && (!user || !user->pw_uid))
		dna_problem_add(problems, dna->report_user_line, "immune.report_user",
			"%s %s; allowed: a user without privileges", dna->report_user, user ? "is root" : "is not a user of this host");
}
