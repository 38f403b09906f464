/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What status and doctor learn of cells and traffic: /proc, sums over cells, sums over CPUs. */
#ifndef CELLWS_CELLCTL_VITAL_H
#define CELLWS_CELLCTL_VITAL_H

#include <stdint.h>
#include "cellctl/pins.h"
#include "shared/antigen.h"
#include "shared/verdict.h"

/* What /proc/PID says, seen from outside the cell. */
struct proc_look {
	unsigned long rss_kb;
	unsigned uid;
	unsigned long long capabilities;
	int no_new_privs;
	int seccomp; /* 2: a filter is on */
	bool leaving; /* SIGTERM is pending */
};

void vital_look(uint32_t pid, struct proc_look *look);

/* Whether a cell runs under that number: by its process name. */
bool vital_is_cell(uint32_t pid);

/* Whether this process counts pids as the kernel's programs do: not inside a pid namespace of its own. */
bool vital_sees_pids(void);

/* "drone 3 (pid 77) was killed by signal 9 (Killed) 3.0 s ago" */
void vital_death(const struct cell *c, char *to, size_t room);

/* Sealed: what the cell has read back of itself, and what the kernel says of it from outside, agree. */
bool vital_is_sealed(const struct vitals *v, const struct proc_look *look);
void vital_print_seal(const struct vitals *v, const struct proc_look *look);

struct circulation {
	struct vitals sum;
	uint64_t connections;
};

void vital_sum(const struct family *f, struct circulation *to);

struct immune_sum {
	struct immune_stat by[VERDICT_COUNT];
	struct immune_stat would[VERDICT_COUNT]; /* be dropped, but the organism only observed */
	uint64_t passed, dropped;
	bool observes; /* now */
	uint64_t antibodies; /* not expired */
	struct lymph lymph;
};

/* 0 or -errno. */
int vital_immune(const struct invocation *in, const char *name, struct immune_sum *sum);

const char *verdict_name(int verdict);
const char *verdict_text(int verdict);

#endif
