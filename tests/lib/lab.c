/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making a lab and clearing it away: a guard process outlives the test, however that ends, and removes everything. */
#include "lab.h"
#include "lab_guard.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void name_everything(struct lab *l)
{
	*l = (struct lab){ .home = -1, .guard = -1 };
	snprintf(l->server, sizeof(l->server), "cw%ds", (int)getpid());
	snprintf(l->client, sizeof(l->client), "cw%dc", (int)getpid());
	strcpy(l->dir, "/tmp/cellws-lab-XXXXXX");
	cr_assert_not_null(mkdtemp(l->dir), "no directory for the lab: %s", strerror(errno));
	cr_assert_eq(chmod(l->dir, 0755), 0);
	snprintf(l->run_dir, sizeof(l->run_dir), "%s/run", l->dir);
	snprintf(l->bpffs, sizeof(l->bpffs), "%s/bpf", l->dir);
	snprintf(l->root, sizeof(l->root), "%s/www", l->dir);
	snprintf(l->dna, sizeof(l->dna), "%s/dna.conf", l->dir);
	l->out = calloc(1, LAB_TEXT_MAX);
	l->err = calloc(1, LAB_TEXT_MAX);
	cr_assert(l->out && l->err);
}

static void make_network(struct lab *l)
{
	const char *s = l->server, *c = l->client;

	lab_sh(l, "set -e; ip netns add %s; ip netns add %s; "
		  "ip -n %s link add eth0 type veth peer name eth0 netns %s; "
		  "for i in %s,1 %s,2; do n=${i%%,*} k=${i#*,}; ip -n $n addr add 10.99.0.$k/16 dev eth0; "
		  "ip -n $n -6 addr add fd99::$k/64 dev eth0 nodad; ip -n $n link set lo up; ip -n $n link set eth0 up; done",
		s, c, s, c, s, c);
	cr_assert_eq(l->code, 0, "no network (this floor needs root and iproute2): %s", l->err);
}

void lab_open(struct lab *l)
{
	name_everything(l);
	l->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(l->home, 0);
	cr_assert(mkdir(l->bpffs, 0700) == 0 && mkdir(l->root, 0755) == 0 && mkdir(l->run_dir, 0755) == 0);
	guard_start(l);
	cr_assert_eq(mount("bpf", l->bpffs, "bpf", 0, NULL), 0, "no BPF file system: %s", strerror(errno));
	make_network(l);
	lab_put(l, "index.html", "cellws\n", 7);
	lab_enter(l->client);
}

void lab_close(struct lab *l)
{
	int status;

	if (l->guard < 0)
		return;
	lab_enter_fd(l->home);
	close(l->home);
	close(l->guard);
	l->guard = -1;
	cr_assert_eq(waitpid(l->guard_pid, &status, 0), l->guard_pid);
	cr_expect_eq(status, 0, "the lab could not be cleared away (%d): look for %s, %s and %s", status, l->dir, l->server, l->client);
	free(l->out);
	free(l->err);
}

void lab_write_raw_dna(struct lab *l, const char *text)
{
	FILE *f = fopen(l->dna, "we");

	cr_assert_not_null(f);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

void lab_write_dna(struct lab *l, const char *more)
{
	char *text = NULL;
	int n = asprintf(&text,
		"organism = \"lab\"\n"
		"listen = { \"0.0.0.0:%d\", \"[::]:%d\" }\n"
		"route \"/\" { gene = \"static\" root = \"%s\" }\n"
		"route \"/hello\" { gene = \"%s/build/genes/hello.so\" args = \"world\" }\n"
		"route \"/sleep\" { gene = \"%s/build/genes/sleep.so\" args = \"300\" }\n"
		"route \"/crash\" { gene = \"%s/build/genes/crash.so\" }\n"
		"%s\n",
		LAB_PORT, LAB_PORT, l->root, lab_here(), lab_here(), lab_here(), more);

	cr_assert_gt(n, 0);
	lab_write_raw_dna(l, text);
	free(text);
}

void lab_up(struct lab *l, const char *more, const char *arguments)
{
	lab_write_dna(l, more);
	lab_ctl(l, "up eth0 --dna %s %s", l->dna, arguments);
	cr_assert_eq(l->code, 0, "up ends with %d: %s%s", l->code, l->out, l->err);
}

void lab_put(struct lab *l, const char *path, const void *bytes, size_t n)
{
	char name[512];
	unsigned x = 1;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", l->root, path);
	f = fopen(name, "we");
	cr_assert_not_null(f, "%s: %s", name, strerror(errno));
	if (bytes)
		fwrite(bytes, 1, n, f);
	for (size_t i = 0; i < n && !bytes; i++) {
		x = x * 1103515245u + 12345u;
		putc_unlocked((int)(x >> 16 & 0xff), f);
	}
	cr_assert_eq(fchmod(fileno(f), 0644), 0);
	cr_assert_eq(fclose(f), 0);
}

bool lab_allow_files(unsigned n)
{
	struct rlimit l;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &l), 0);
	if (l.rlim_cur >= n)
		return true;
	l.rlim_cur = n;
	l.rlim_max = l.rlim_max > n ? l.rlim_max : n;
	return !setrlimit(RLIMIT_NOFILE, &l);
}
