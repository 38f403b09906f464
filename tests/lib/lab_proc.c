/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc says of a process, for tests that look at cells from outside. */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *proc_open(pid_t pid, const char *leaf)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, leaf);
	return fopen(path, "re");
}

/* The fields behind the command's name, which may hold anything. */
static bool stat_fields(pid_t pid, char *state, unsigned long *user, unsigned long *system)
{
	FILE *f = proc_open(pid, "stat");
	char line[1024], *end;
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) &&
	     sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", state, user, system) == 3;
	fclose(f);
	return ok;
}

bool lab_alive(pid_t pid)
{
	unsigned long user, system;
	char state;

	return stat_fields(pid, &state, &user, &system) && state != 'Z' && state != 'X';
}

double lab_cpu_s(pid_t pid)
{
	unsigned long user, system;
	char state;

	return stat_fields(pid, &state, &user, &system) ? (double)(user + system) / (double)sysconf(_SC_CLK_TCK) : 0;
}

bool lab_proc_line(pid_t pid, const char *name, char *to, size_t room)
{
	FILE *f = proc_open(pid, "status");
	size_t n = strlen(name);
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, n) || line[n] != ':')
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(to, room, "%s", line + n + 1 + strspn(line + n + 1, " \t"));
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

unsigned long lab_memory_kb(pid_t pid, const char *lines)
{
	FILE *f = proc_open(pid, "smaps_rollup");
	unsigned long sum = 0;
	char line[256], *colon;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, lines, strlen(lines)) && (colon = strchr(line, ':')))
			sum += strtoul(colon + 1, NULL, 10);
	if (f)
		fclose(f);
	return sum;
}

bool lab_is_sealed(pid_t pid)
{
	char uid[64], capabilities[64], privileges[64], seccomp[64];

	return lab_proc_line(pid, "Uid", uid, sizeof(uid)) && lab_proc_line(pid, "CapEff", capabilities, sizeof(capabilities)) &&
	       lab_proc_line(pid, "NoNewPrivs", privileges, sizeof(privileges)) &&
	       lab_proc_line(pid, "Seccomp", seccomp, sizeof(seccomp)) && strtoul(uid, NULL, 10) != 0 &&
	       strtoull(capabilities, NULL, 16) == 0 && atoi(privileges) == 1 && atoi(seccomp) == 2;
}
