/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looking at cells from outside and adding up what they and the skin have counted. */
#include "cellctl/vital.h"
#include "cellctl/observe.h"
#include "immune/ban.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_PID_NAMESPACE 0xeffffffcU /* PROC_PID_INIT_INO of the kernel */

void vital_look(uint32_t pid, struct proc_look *look)
{
	unsigned long long pending = 0;
	char path[64], line[256];
	FILE *f;

	*look = (struct proc_look){ .uid = ~0u, .capabilities = ~0ULL };
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		unsigned real;

		sscanf(line, "VmRSS: %lu", &look->rss_kb);
		if (sscanf(line, "Uid: %u %u", &real, &look->uid) == 2 && (!real || !look->uid))
			look->uid = 0;
		sscanf(line, "CapEff: %llx", &look->capabilities);
		sscanf(line, "NoNewPrivs: %d", &look->no_new_privs);
		sscanf(line, "Seccomp: %d", &look->seccomp);
		sscanf(line, "ShdPnd: %llx", &pending);
	}
	look->leaving = pending >> (SIGTERM - 1) & 1;
	fclose(f);
}

bool vital_is_cell(uint32_t pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = 0;
	fclose(f);
	return !strncmp(name, "cellws-", 7);
}

bool vital_sees_pids(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PID_NAMESPACE;
}

void vital_death(const struct cell *c, char *to, size_t room)
{
	double ago = (double)(clock_boot_ns() - c->died_ns) / 1e9;
	int n = snprintf(to, room, "%s %u (pid %u) ", class_name((int)c->class), c->slot, c->pid);

	if (n < 0 || (size_t)n >= room)
		return;
	if (c->exit_code & 0x7f)
		snprintf(to + n, room - (size_t)n, "was killed by signal %u (%s) %.1f s ago", c->exit_code & 0x7f,
			strsignal((int)(c->exit_code & 0x7f)), ago);
	else
		snprintf(to + n, room - (size_t)n, "exited with code %u %.1f s ago", c->exit_code >> 8, ago);
}

bool vital_is_sealed(const struct vitals *v, const struct proc_look *look)
{
	const uint32_t need = SEAL_UID | SEAL_CAPS | SEAL_NNP | SEAL_SECCOMP;

	return (v->seal & need) == need && look->uid && !look->capabilities && look->no_new_privs == 1 && look->seccomp == 2;
}

void vital_print_seal(const struct vitals *v, const struct proc_look *look)
{
	const char *between = vital_is_sealed(v, look) ? "" : "no: ";

#define X(NAME, bit, text)                       \
	if (v->seal & (bit)) {                   \
		printf("%s%s", between, text);   \
		between = ", ";                  \
	}
	SEALS(X)
#undef X
	putchar('\n');
}

void vital_sum(const struct family *f, struct circulation *to)
{
	*to = (struct circulation){ 0 };
	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++) {
#define X(name, text) to->sum.name += f->vital[i].name;
		VITALS(X)
#undef X
	}
	for (uint32_t v = 0; v < f->self.vessels; v++) {
		struct vessel_load load;

		if (!bpf_map_lookup_elem(f->loads, &v, &load))
			to->connections += load.connections;
	}
}

static int count_living(void *arg, const struct address *a, const struct antibody *b)
{
	struct immune_sum *sum = arg;

	(void)a;
	sum->antibodies += !b->expires_ns || b->expires_ns > clock_boot_ns();
	return 0;
}

/* Adds up one map of counts by verdict over the CPUs. 0 or -errno. */
static int sum_map(const struct invocation *in, const char *name, const char *leaf, struct immune_stat to[VERDICT_COUNT])
{
	int fd = pin_map(in, name, leaf, true), cpus = libbpf_num_possible_cpus();
	struct immune_stat *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;

	for (__u32 i = 0; i < VERDICT_COUNT && each && fd >= 0; i++) {
		if (bpf_map_lookup_elem(fd, &i, each))
			continue;
		for (int c = 0; c < cpus; c++) {
			to[i].packets += each[c].packets;
			to[i].bytes += each[c].bytes;
		}
	}
	free(each);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int sum_stats(const struct invocation *in, const char *name, struct immune_sum *sum)
{
	static const int drops[] = {
#define X(NAME, n, drop, text) drop,
		VERDICTS(X)
#undef X
	};
	int error = sum_map(in, name, "immune_stats", sum->by);

	if (!error)
		error = sum_map(in, name, "observed_stats", sum->would);
	for (__u32 i = 0; i < VERDICT_COUNT; i++)
		*(drops[i] ? &sum->dropped : &sum->passed) += sum->by[i].packets;
	return error;
}

static void sum_lymph(const struct invocation *in, const char *name, struct lymph *to)
{
	int fd = pin_map(in, name, "lymph", true);
	__u32 zero = 0;

	if (fd < 0)
		return;
	bpf_map_lookup_elem(fd, &zero, to);
	close(fd);
}

int vital_immune(const struct invocation *in, const char *name, struct immune_sum *sum)
{
	struct ban_maps maps;
	int error;

	*sum = (struct immune_sum){ 0 };
	error = sum_stats(in, name, sum);
	if (error)
		return error;
	sum_lymph(in, name, &sum->lymph);
	sum->observes = observe_is_on(in, name) == 1;
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		maps.fd[i] = pin_map(in, name, ban_map_names[i], true);
	error = ban_list(&maps, count_living, sum);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		if (maps.fd[i] >= 0)
			close(maps.fd[i]);
	return error;
}

const char *verdict_name(int verdict)
{
	static const char *const names[] = {
#define X(NAME, name, drop, text) #name,
		VERDICTS(X)
#undef X
	};

	return verdict >= 0 && verdict < VERDICT_COUNT ? names[verdict] : "unknown";
}

const char *verdict_text(int verdict)
{
	static const char *const texts[] = {
#define X(NAME, name, drop, text) text,
		VERDICTS(X)
#undef X
	};

	return verdict >= 0 && verdict < VERDICT_COUNT ? texts[verdict] : "";
}
