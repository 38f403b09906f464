/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who lives in a lab's organism, and how to kill them. */
#include "lab.h"
#include "lab_guard.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIDS_MAX 256

json_t *lab_status(struct lab *l)
{
	lab_ctl(l, "status --json");
	return json_loads(l->out, 0, NULL);
}

long long lab_number(struct lab *l, const char *path)
{
	json_t *all = lab_status(l), *at = all;
	char words[128], *save = NULL;
	long long n;

	snprintf(words, sizeof(words), "%s", path);
	for (char *w = strtok_r(words, ".", &save); w; w = strtok_r(NULL, ".", &save))
		at = json_object_get(at, w);
	n = json_is_integer(at) ? json_integer_value(at) : -1;
	json_decref(all);
	return n;
}

unsigned lab_census(struct lab *l, const char *class)
{
	pid_t pids[PIDS_MAX];

	return lab_pids(l, class, pids, PIDS_MAX);
}

unsigned lab_pids(struct lab *l, const char *class, pid_t *pids, unsigned room)
{
	json_t *all = lab_status(l), *cell;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(all, "cells"), i, cell)
	{
		const char *its = json_string_value(json_object_get(cell, "class"));

		if (n < room && its && (!class || !strcmp(its, class)))
			pids[n++] = (pid_t)json_integer_value(json_object_get(cell, "pid"));
	}
	json_decref(all);
	return n;
}

pid_t lab_pid(struct lab *l, const char *class)
{
	pid_t pid = 0;

	cr_assert_eq(lab_pids(l, class, &pid, 1), 1, "there is no %s: %s%s", class, l->out, l->err);
	return pid;
}

static bool is_ours(const struct lab *l, pid_t pid)
{
	char name[64], process[64];
	struct stat a, b;

	snprintf(name, sizeof(name), "/run/netns/%s", l->server);
	snprintf(process, sizeof(process), "/proc/%d/ns/net", (int)pid);
	return !stat(name, &a) && !stat(process, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

unsigned lab_kill(struct lab *l, const char *class, unsigned n)
{
	pid_t pids[PIDS_MAX];
	unsigned found = lab_pids(l, class, pids, PIDS_MAX), killed = 0;

	for (unsigned i = 0; i < found && killed < n; i++)
		if (is_ours(l, pids[i]))
			killed += !kill(pids[i], SIGKILL);
	return killed;
}

static void kill_it(pid_t pid, void *arg)
{
	(void)arg;
	kill(pid, SIGKILL);
}

static bool is_empty(void *arg)
{
	struct lab *l = arg;

	return guard_each(l->server, kill_it, NULL) == 0;
}

void lab_kill_everything(struct lab *l)
{
	cr_assert(lab_wait(LAB_SOON_S, is_empty, l), "some process in %s cannot be killed", l->server);
}

unsigned lab_processes(struct lab *l)
{
	return guard_each(l->server, NULL, NULL);
}

static bool is_awake(void *arg)
{
	struct lab *l = arg;

	return lab_census(l, "neuron") == 1 && lab_census(l, "blood") >= 1 && lab_census(l, "drone") >= 1 &&
	       lab_census(l, "stem") >= 1;
}

void lab_wake(struct lab *l)
{
	cr_assert_eq(lab_get(LAB_SERVER_V4, "/index.html", NULL), 200, "the first request is not answered");
	cr_assert(lab_wait(LAB_SOON_S, is_awake, l), "not awake: %s", l->out);
}

void lab_expect_nothing_left(struct lab *l)
{
	char path[256];
	unsigned n = lab_processes(l);

	cr_expect_eq(n, 0, "%u processes are left", n);
	snprintf(path, sizeof(path), "%s/cellws", l->bpffs);
	cr_expect(access(path, F_OK), "pins are left: %s", path);
	snprintf(path, sizeof(path), "%s/lab", l->run_dir);
	cr_expect(access(path, F_OK), "a run directory is left: %s", path);
	lab_sh(l, "ip -n %s link show eth0", l->server);
	cr_expect(!strstr(l->out, "xdp"), "an XDP program is left: %s", l->out);
	lab_sh(l, "nsenter --net=/run/netns/%s ss -Htln sport = :%d", l->server, LAB_PORT);
	cr_expect(!l->out[0], "a port is left open: %s", l->out);
}
