/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads /proc/PID/maps and /proc/PID/mem. */
#include "lab_memory.h"
#include "tissue/synapse.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

unsigned lab_mappings(pid_t pid, const char *file, void (*f)(void *arg, const struct lab_mapping *m), void *arg)
{
	char name[64], line[512];
	struct lab_mapping m;
	unsigned long end;
	unsigned n = 0;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "re");
	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &m.at, &end, m.may, m.file) != 4 || !strstr(m.file, file))
			continue;
		m.n = end - m.at;
		f(arg, &m);
		n++;
	}
	fclose(maps);
	return n;
}

static void take_synapse(void *arg, const struct lab_mapping *m)
{
	unsigned long *at = arg;

	if (!*at && m->n >= SYNAPSE_BYTES && !strcmp(m->may, "rw-s"))
		*at = m->at;
}

unsigned long lab_synapse_of(pid_t drone)
{
	unsigned long at = 0;

	lab_mappings(drone, "/dev/zero", take_synapse, &at);
	cr_assert_neq(at, 0, "process %d has no synapse", (int)drone);
	return at;
}

void lab_peek(pid_t pid, unsigned long at, void *to, size_t n)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pread(fd, to, n, (off_t)at), (ssize_t)n);
	close(fd);
}
