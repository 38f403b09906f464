/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA for a living organism: nothing is lost, all of it holds, what cannot be is refused, and deaths leave no half of it. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lab.h"
#include "lab_family.h"

LAB_SUITE(lab_55_mutate, 90);

static long long generation(void)
{
	return lab_number(&lab, "organism.generation");
}

static int mutate(const char *more)
{
	lab_write_dna(&lab, more);
	return lab_ctl(&lab, "mutate --dna %s", lab.dna);
}

static const char *hello_route(const char *prefix, const char *args)
{
	static char text[512];

	snprintf(text, sizeof(text), "route \"%s\" { gene = \"%s/build/genes/hello.so\" args = \"%s\" }", prefix, lab_here(), args);
	return text;
}

/* The path is answered with these words, from the first request on. */
static void expect_words(const char *path, const char *words)
{
	struct lab_answer a;

	cr_expect_eq(lab_get(LAB_SERVER_V4, path, &a), 200, "%s", path);
	cr_expect(a.body && strstr(a.body, words), "%s is answered %s", path, a.body ? a.body : "nothing");
	lab_answer_free(&a);
}

/* A client that goes on asking over one connection; what it saw, in shared memory. */
struct asking {
	volatile unsigned answers, others;
	volatile int stop;
};

static pid_t begin_asking(struct asking **to)
{
	struct lab_conn c;
	pid_t pid;

	*to = mmap(NULL, sizeof(**to), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(*to, MAP_FAILED);
	pid = fork();
	if (pid)
		return pid;
	lab_connect(&c, LAB_SERVER_V4);
	while (!(*to)->stop) {
		struct lab_answer a;

		lab_say(&c, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		lab_read(&c, &a, false, LAB_SOON_S);
		(*to)->answers += a.status == 200;
		(*to)->others += a.status != 200 || a.closed;
		lab_answer_free(&a);
	}
	_exit(0);
}

static bool has_more(void *arg)
{
	struct asking **a = arg;

	return a[0]->answers > 500;
}

Test(lab_55_mutate, a_routes_come_and_go_under_load)
{
	struct asking *asking[2];
	pid_t pid[2];
	char words[32];

	lab_up(&lab, "", "");
	lab_wake(&lab);
	for (int i = 0; i < 2; i++)
		pid[i] = begin_asking(&asking[i]);
	cr_assert(lab_wait(LAB_SOON_S, has_more, &asking[0]));
	for (int i = 0; i < 8; i++) {
		snprintf(words, sizeof(words), "number %d", i);
		cr_expect_eq(mutate(hello_route("/new", words)), 0, "%s", lab.err);
		expect_words("/new", words);
		cr_expect_eq(generation(), i + 2);
	}
	cr_expect_eq(mutate(""), 0);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/new", NULL), 404);
	for (int i = 0; i < 2; i++) {
		asking[i]->answers = 0;
		cr_expect(lab_wait(LAB_SOON_S, has_more, &asking[i]), "the connection goes on");
		asking[i]->stop = 1;
		waitpid(pid[i], NULL, 0);
		cr_expect_eq(asking[i]->others, 0);
	}
}

Test(lab_55_mutate, b_what_cannot_be_is_refused_and_the_old_goes_on)
{
	lab_up(&lab, "", "");
	lab_wake(&lab);
	mutate("cells { dron { min = 1 } }");
	lab_expect(&lab, 2, ":7: cells.dron");
	mutate("limits { connections = 32 }");
	lab_expect(&lab, 2, ":7: limits.connections: 16384 in the living organism, 32 here");
	mutate("cells { drone { max = 9 } }\nuser = \"daemon\"");
	lab_expect(&lab, 2, ":7: cells.drone.max: 8 in the living organism, 9 here");
	cr_expect(strstr(lab.err, ":8: user:"), "%s", lab.err);
	mutate("route \"/z\" { gene = \"static\" root = \"/nowhere\" }");
	lab_expect(&lab, 2, ":7: route \"/z\" root: /nowhere does not exist");
	mutate("route \"/z\" { gene = \"/etc/passwd.so\" }");
	lab_expect(&lab, 2, ":7: route \"/z\" gene");
	lab_sh(&lab, "echo no gene > %s/bad.so", lab.dir);
	mutate("route \"/z\" { gene = \"bad.so\" }");
	lab_expect(&lab, 2, "cannot be loaded");
	lab_ctl(&lab, "mutate --dna %s/nowhere", lab.dir);
	lab_expect(&lab, 2, "No such file");
	lab_ctl(&lab, "mutate");
	lab_expect(&lab, 2, "usage");
	mutate("");
	lab_expect(&lab, 0, "lives by this DNA already");
	lab_write_dna(&lab, hello_route("/new", "x"));
	lab_ctl(&lab, "mutate --dry-run --dna %s", lab.dna);
	lab_expect(&lab, 0, "would become generation 2");
	cr_expect_eq(generation(), 1);
	expect_words("/hello", "hello, world");
	lab_ctl(&lab, "down");
	lab_ctl(&lab, "mutate --dna %s", lab.dna);
	lab_expect(&lab, 3, "not running");
}

Test(lab_55_mutate, c_a_dormant_egg_takes_it_on_and_sleeps_on)
{
	lab_up(&lab, "", "");
	cr_expect_eq(mutate(hello_route("/new", "first")), 0, "%s", lab.err);
	cr_expect_eq(generation(), 2);
	cr_expect_eq(lab_processes(&lab), 1);
	expect_words("/new", "hello, first");
	lab_wake(&lab);
}

Test(lab_55_mutate, d_many_routes_few_and_many)
{
	static char many[60 * 200];
	size_t n = 0;

	for (int i = 0; i < 50; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "route \"/m%d\" { gene = \"%s/build/genes/hello.so\" args = \"%d\" }\n", i,
			lab_here(), i);
	lab_up(&lab, "", "");
	lab_wake(&lab);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(mutate(many), 0, "%s", lab.err);
		expect_words("/m49", "hello, 49");
		expect_words("/m0", "hello, 0\n");
		cr_expect_eq(mutate(""), 0, "%s", lab.err);
		cr_expect_eq(lab_get(LAB_SERVER_V4, "/m49", NULL), 404);
		expect_words("/hello", "hello, world");
	}
}

static struct lab_family family;

static void signal_all(enum cell_class class, int with)
{
	pid_t pids[32];
	unsigned n = lab_family_pids(&family, class, pids, 32);

	for (unsigned i = 0; i < n; i++)
		kill(pids[i], with);
}

/* At one blow: who stands still bears nobody. */
static void end_all_but_blood(void)
{
	static const enum cell_class classes[] = { CLASS_NEURON, CLASS_STEM, CLASS_DRONE };

	for (int i = 0; i < 3; i++)
		signal_all(classes[i], SIGSTOP);
	for (int i = 0; i < 3; i++)
		signal_all(classes[i], SIGKILL);
}

/* A directory the cells have never seen, twice, and one that has got another in its place. */
Test(lab_55_mutate, e_new_document_roots)
{
	char more[256];

	lab_sh(&lab, "mkdir -p %s/two/sub %s/three && echo second > %s/two/f && echo third > %s/three/f && chmod -R a+rX %s/two %s/three",
		lab.dir, lab.dir, lab.dir, lab.dir, lab.dir, lab.dir);
	lab_up(&lab, "", "");
	lab_wake(&lab);
	snprintf(more, sizeof(more), "route \"/r\" { gene = \"static\" root = \"%s/two\" }", lab.dir);
	cr_expect_eq(mutate(more), 0, "%s", lab.err);
	expect_words("/r/f", "second");
	lab_sh(&lab, "mv %s/two %s/old && mv %s/three %s/two", lab.dir, lab.dir, lab.dir, lab.dir);
	snprintf(more + strlen(more), sizeof(more) - strlen(more), "\n# the directory of that name is another one now\n");
	cr_expect_eq(mutate(more), 0, "%s", lab.err);
	expect_words("/r/f", "third");
	lab_sh(&lab, "grep -c -- '- tmpfs cellws ' /proc/self/mountinfo || true");
	cr_expect_str_eq(lab.out, "0\n", "nothing is mounted on the host");
	/* Who grows from blood reads them as well. */
	lab_family_open(&family, &lab);
	end_all_but_blood();
	cr_expect(lab_family_whole(&family, LAB_SOON_S));
	expect_words("/r/f", "third");
}

static pid_t begin_mutate(const char *more)
{
	pid_t pid;

	lab_write_dna(&lab, more);
	pid = fork();
	if (pid)
		return pid;
	_exit(lab_ctl(&lab, "mutate --dna %s", lab.dna));
}

/* Staged, and the parcel on its way; the map's second field is the state. */
static bool is_staged(void *arg)
{
	(void)arg;
	lab_sh(&lab, "bpftool -j map lookup pinned %s/cellws/lab/mutations key 0 0 0 0", lab.bpffs);
	return strstr(lab.out, "\"state\":1") || strstr(lab.out, "\"state\": 1");
}

static bool is_second(void *arg)
{
	(void)arg;
	return generation() == 2;
}

/* Those who would install it stand still until it is wanted, and are killed then: others do it. */
Test(lab_55_mutate, f_whoever_is_killed_in_the_middle)
{
	int status;
	pid_t pid;

	lab_up(&lab, "health { prompt = 10s  answer = 20s }", "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	signal_all(CLASS_STEM, SIGSTOP);
	signal_all(CLASS_NEURON, SIGSTOP);
	pid = begin_mutate("health { prompt = 10s  answer = 20s }\nroute \"/new\" { gene = \"static\" root = \".\" }");
	cr_assert(lab_wait(LAB_SOON_S, is_staged, NULL));
	cr_expect_eq(generation(), 1, "blood leaves it to them");
	signal_all(CLASS_STEM, SIGKILL);
	signal_all(CLASS_NEURON, SIGKILL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(WEXITSTATUS(status), 0);
	cr_expect_eq(generation(), 2);
	cr_expect(lab_family_whole(&family, LAB_SOON_S));
	cr_expect_eq(mutate(hello_route("/new", "after all")), 0, "%s", lab.err);
	expect_words("/new", "after all");
}

/* Killed after it was wanted: the cells go on with it; what is wanted next comes all the same. */
Test(lab_55_mutate, g_cellctl_itself_is_killed)
{
	pid_t pid;

	lab_up(&lab, "health { prompt = 10s  answer = 20s }", "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	signal_all(CLASS_STEM, SIGSTOP);
	signal_all(CLASS_NEURON, SIGSTOP);
	pid = begin_mutate("health { prompt = 10s  answer = 20s }\nimmune { trap = { \"/trap\" } }");
	cr_assert(lab_wait(LAB_SOON_S, is_staged, NULL));
	lab_sh(&lab, "for p in /proc/[0-9]*; do [ \"$(tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -c -- 'mutate --dna %s')\" = 1 ] && "
		"[ \"$(cat $p/comm)\" = cellctl ] && kill -9 ${p#/proc/}; done; true", lab.dna);
	waitpid(pid, NULL, 0);
	signal_all(CLASS_STEM, SIGCONT);
	signal_all(CLASS_NEURON, SIGCONT);
	cr_expect(lab_wait(LAB_SOON_S, is_second, NULL));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	cr_expect_eq(mutate(hello_route("/new", "next")), 0, "%s%s", lab.out, lab.err);
	expect_words("/new", "next");
}

Test(lab_55_mutate, h_two_at_once)
{
	char path[128];
	int fd;

	lab_up(&lab, "", "");
	snprintf(path, sizeof(path), "%s/lab/lock", lab.run_dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	cr_assert(fd >= 0 && !flock(fd, LOCK_EX));
	mutate(hello_route("/new", "x"));
	lab_expect(&lab, 1, "another cellctl is changing lab");
	close(fd);
	cr_expect_eq(mutate(hello_route("/new", "x")), 0, "%s", lab.err);
}

static const char *signature(const char *match)
{
	static char text[128];

	snprintf(text, sizeof(text), "immune { ban_at = 100000  signature \"s\" { match = \"%s\" } }", match);
	return text;
}

Test(lab_55_mutate, i_signatures_and_limits_hold_at_once)
{
	lab_up(&lab, signature("first-attack"), "");
	lab_wake(&lab);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello?second-attack", NULL), 200);
	cr_expect_eq(mutate(signature("second-attack")), 0, "%s", lab.err);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello?second-attack", NULL), 403);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello?first-attack", NULL), 200);
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_signature"), 0, "in the kernel as well");
	cr_expect_eq(mutate("immune { trap = { \"/trap\" }  allow = { \"192.0.2.0/24\" } }"), 0, "%s", lab.err);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello?second-attack", NULL), 200);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/trap", NULL), 403);
	lab_ctl(&lab, "immune list");
	lab_expect(&lab, 0, "192.0.2.0/24");
	cr_expect_eq(mutate("hormones { hops = 3 }"), 0, "%s", lab.err);
	lab_ctl(&lab, "immune list");
	cr_expect(!strstr(lab.out, "192.0.2.0/24"), "%s", lab.out);
	lab_sh(&lab, "bpftool -j map dump pinned %s/cellws/lab/constitution", lab.bpffs);
	cr_expect(strstr(lab.out, "\"hops_max\":3") || strstr(lab.out, "\"hops_max\": 3"), "%s", lab.out);
}

static bool drones_are_new(void *arg)
{
	for (uint32_t s = 0; s < family.slots; s++) {
		const volatile struct cell *c = &family.cells[s];

		if (c->state == CELL_LIVING && c->class == CLASS_DRONE && c->dna != *(const uint32_t *)arg)
			return false;
	}
	return lab_family_whole(&family, 0);
}

/* Requests that are with a drone are finished by it, those that wait find the new one. */
Test(lab_55_mutate, j_drones_finish_what_they_have)
{
	struct lab_conn c[6];
	uint32_t second = 2;

	lab_up(&lab, "cells { drone { min = 3 } }", "");
	lab_wake(&lab);
	lab_family_open(&family, &lab);
	for (int i = 0; i < 6; i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], "GET /sleep HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	cr_expect_eq(mutate("cells { drone { min = 2 } }\nroute \"/a\" { gene = \"static\" root = \".\" }"), 0, "%s", lab.err);
	for (int i = 0; i < 6; i++) {
		struct lab_answer a;

		lab_read(&c[i], &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200, "connection %d", i);
		lab_answer_free(&a);
		lab_hang_up(&c[i]);
	}
	cr_expect(lab_wait(LAB_SOON_S, drones_are_new, &second));
}
