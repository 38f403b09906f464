/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The simulation: writes tables of how colonies live into a directory, or with --check asserts that they settle. */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t sizes[] = { 1, 24, 100, 1000, 10000 };

static FILE *open_table(const char *directory, const char *name, uint32_t connections)
{
	char path[4096];
	FILE *table;

	snprintf(path, sizeof(path), "%s/%s-%u.dat", directory, name, connections);
	table = fopen(path, "w");
	if (!table) {
		fprintf(stderr, "simulate: cannot write %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return table;
}

static void write_run(const char *directory, enum load load, uint32_t connections)
{
	struct run r = run_of(load, connections);
	FILE *table = open_table(directory, load_name(load), connections);
	struct figures f = run_live(&r, table);

	printf("%-5s of %5u connections: peak %u drones, %u to %u in the second half", load_name(load), connections, f.peak,
		f.least, f.most);
	if (f.most_ms != NEVER)
		printf(", 80 %% after %.2f s", f.most_ms / 1000.0);
	if (f.back_ms != NEVER)
		printf(", small again %.2f s after the end", f.back_ms / 1000.0);
	printf("\n");
	fclose(table);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--check")) {
		unsigned broken = check_settling();

		printf("simulate: %u promises broken\n", broken);
		return broken != 0;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: colony DIRECTORY | --check\n");
		return 2;
	}
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (int load = 0; load < LOAD_COUNT; load++)
			write_run(argv[1], (enum load)load, sizes[i]);
	if (sweep_write(argv[1]) < 0) {
		fprintf(stderr, "simulate: cannot write the sweeps into %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
