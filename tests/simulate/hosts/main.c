/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The simulation of hosts: writes tables of how families live into a directory, or with --check asserts that there is no storm. */
#include "life.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS 10000u

static FILE *open_table(const char *directory, const char *kind, const char *name)
{
	char path[4096];
	FILE *table;

	snprintf(path, sizeof(path), "%s/%s-%s.dat", directory, kind, name);
	table = fopen(path, "w");
	if (!table) {
		fprintf(stderr, "simulate: cannot write %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return table;
}

static void write_life(const char *directory, enum fate_of_hosts fate)
{
	FILE *table = open_table(directory, "hosts", life_name(fate)), *spread = open_table(directory, "bans", life_name(fate));
	struct figures f = life_live(fate, HOSTS, 1, table, spread);

	printf("%-6s of %u hosts: %.2f messages per host and second, %.2f in the worst one; a ban reaches 99 %% after %u ms (median), "
	       "one tree %u s after the end\n", life_name(fate), HOSTS, f.mean, f.mean_most, f.median_ms, f.whole_s);
	fclose(table);
	fclose(spread);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--check")) {
		unsigned broken = life_check();

		printf("simulate: %u promises about hosts broken\n", broken);
		return broken != 0;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: hosts DIRECTORY | --check\n");
		return 2;
	}
	for (int fate = 0; fate < FATE_COUNT; fate++)
		write_life(argv[1], (enum fate_of_hosts)fate);
	return 0;
}
