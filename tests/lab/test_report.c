/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incidents for the authorities: the operator's program and syslog get each; whatever they do, bans are made as ever. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_92_report, 120);

#define BAD "10.99.7.%u"

/* A directory that the cells' user may write to, and a program of this text in it. */
static void put_program(const char *text)
{
	char path[160];
	FILE *f;

	lab_sh(&lab, "mkdir -m 777 %s/out && for i in 1 2 3 4 5 6 7 8 9; do ip -n %s addr add 10.99.7.$i/16 dev eth0; done", lab.dir,
		lab.client);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	snprintf(path, sizeof(path), "%s/program", lab.dir);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fprintf(f, "#!/bin/sh\ncd %s/out\n%s\n", lab.dir, text);
	cr_assert_eq(fchmod(fileno(f), 0755), 0);
	cr_assert_eq(fclose(f), 0);
}

static void live(const char *program, const char *more)
{
	char dna[512];

	put_program(program);
	snprintf(dna, sizeof(dna), "immune { trap = { \"/trap\" } report_program = \"%s/program one two\" %s }", lab.dir, more);
	lab_up(&lab, dna, "");
}

static bool has_bans(void *arg)
{
	return lab_number(&lab, "immune.antibodies") >= *(unsigned *)arg;
}

/* The connection is kept: whether it is answered before the ban holds is not the matter here. */
static void attack(unsigned who, int *kept)
{
	static const char request[] = "GET /trap HTTP/1.1\r\nHost: lab\r\n\r\n";
	char from[32];
	int fd;

	snprintf(from, sizeof(from), BAD, who);
	fd = lab_dial(LAB_SERVER_V4, from);
	cr_assert_geq(fd, 0);
	cr_assert_eq(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	*kept = fd;
}

static void attack_once(unsigned who)
{
	int fd;

	attack(who, &fd);
	cr_expect(lab_wait(LAB_SOON_S, has_bans, &(unsigned){ who }), "there are no %u bans", who);
	close(fd);
}

/* What the program has left in a file of its directory; valid until the next call. */
static const char *file_text(const char *name)
{
	static char text[65536];
	char path[160];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/out/%s", lab.dir, name);
	f = fopen(path, "re");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = 0;
	return text;
}

static unsigned lines_in(const char *name)
{
	const char *at = file_text(name);
	unsigned n = 0;

	while ((at = strchr(at, '\n'))) {
		at++;
		n++;
	}
	return n;
}

static unsigned wanted;

static bool has_lines(void *name)
{
	return lines_in(name) >= wanted;
}

static void await_lines(const char *name, unsigned n)
{
	char copy[32];

	wanted = n;
	snprintf(copy, sizeof(copy), "%s", name);
	cr_assert(lab_wait(LAB_SOON_S, has_lines, copy), "%s has not %u lines: %s", name, n, file_text(name));
}

static bool log_says(void *text)
{
	lab_sh(&lab, "grep -q '%s' %s/lab/log", (const char *)text, lab.run_dir);
	return lab.code == 0;
}

Test(lab_92_report, a_a_line_for_each_incident)
{
	json_t *o;

	live("echo $1 $2 $CELLWS_ORGANISM >words; exec cat >lines", "");
	attack_once(1);
	await_lines("lines", 1);
	o = json_loads(file_text("lines"), 0, NULL);
	cr_assert_not_null(o, "%s", file_text("lines"));
	cr_expect_str_eq(json_string_value(json_object_get(o, "source")), "10.99.7.1");
	cr_expect_str_eq(json_string_value(json_object_get(o, "act")), "banned");
	cr_expect_str_eq(json_string_value(json_object_get(o, "reason")), "trap");
	cr_expect_eq(json_integer_value(json_object_get(o, "ttl_s")), 600);
	json_decref(o);
	cr_expect_str_eq(file_text("words"), "one two lab\n");
	attack_once(2);
	await_lines("lines", 2);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	lab_expect_nothing_left(&lab);
}

Test(lab_92_report, b_it_holds_nothing_of_the_organism)
{
	pid_t reporter, program;

	live("ls -l /proc/self/fd >fds; ulimit -n >files; echo $$ >pid; exec cat >lines", "");
	await_lines("pid", 1);
	program = (pid_t)strtol(file_text("pid"), NULL, 10);
	reporter = (pid_t)lab_number(&lab, "reporter.pid");
	cr_assert_gt(reporter, 0);
	cr_expect(lab_is_sealed(reporter), "the reporter is not sealed");
	cr_expect(lab_is_sealed(program), "the program is not sealed");
	cr_expect_eq(getsid(program), program);
	cr_expect_null(strstr(file_text("fds"), "bpf"), "%s", file_text("fds"));
	/* Its three, the one ls opens, and the line above them. */
	cr_expect_leq(lines_in("fds"), 6, "%s", file_text("fds"));
	cr_expect_str_eq(file_text("files"), "256\n");
}

/* Where the kernel can (Landlock ABI 6), a program that runs as the cells' user may not send them signals. */
Test(lab_92_report, c_it_reaches_no_cell)
{
	pid_t neuron;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 6)
		cr_skip("this kernel's Landlock knows no signals");
	live("[ -e pids ] || exit 1; while read -r pid; do kill -9 $pid 2>/dev/null; echo $? >>kills; done <pids; exec cat >lines", "");
	lab_wake(&lab);
	neuron = lab_pid(&lab, "neuron");
	lab_sh(&lab, "echo %d >%s/out/pids", neuron, lab.dir);
	/* It had no such file at first, and is started again. */
	await_lines("kills", 1);
	cr_expect_str_eq(file_text("kills"), "1\n");
	cr_expect(lab_alive(neuron));
}

Test(lab_92_report, d_started_again_with_pauses)
{
	char again[] = "has ended with code 3; it is started again in 2 s";

	live("date +%s >>starts; [ $(wc -l <starts) -gt 2 ] || exit 3; exec cat >lines", "");
	attack_once(1);
	await_lines("lines", 1);
	cr_expect_eq(lines_in("starts"), 3);
	cr_expect(log_says(again));
}

Test(lab_92_report, e_a_program_that_hangs_delays_nobody)
{
	pid_t reporter;

	live("trap '' TERM; echo $$ >pid; while :; do sleep 100; done", "");
	await_lines("pid", 1);
	for (unsigned i = 1; i <= 5; i++)
		attack_once(i);
	reporter = (pid_t)lab_number(&lab, "reporter.pid");
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	cr_expect(!lab_alive(reporter));
	cr_expect(!lab_alive((pid_t)strtol(file_text("pid"), NULL, 10)));
	lab_expect_nothing_left(&lab);
}

static bool is_dead(void *arg)
{
	return !lab_alive(*(pid_t *)arg);
}

Test(lab_92_report, f_without_the_reporter_life_goes_on)
{
	pid_t reporter, program;

	live("echo $$ >pid; exec cat >lines", "");
	await_lines("pid", 1);
	program = (pid_t)strtol(file_text("pid"), NULL, 10);
	reporter = (pid_t)lab_number(&lab, "reporter.pid");
	cr_assert_eq(kill(reporter, SIGKILL), 0);
	cr_expect(lab_wait(LAB_SOON_S, is_dead, &program), "the program outlives the reporter");
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, "the reporter is dead");
	attack_once(1);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	lab_expect_nothing_left(&lab);
}

/* Every cell is killed and `up` takes over: the reporter of the dead organism goes. */
Test(lab_92_report, g_up_replaces_one_that_was_left_behind)
{
	pid_t first, second, cells[64];
	unsigned n;

	live("exec cat >>lines", "");
	lab_wake(&lab);
	first = (pid_t)lab_number(&lab, "reporter.pid");
	while ((n = lab_pids(&lab, NULL, cells, 64)))
		for (unsigned i = 0; i < n; i++)
			kill(cells[i], SIGKILL);
	cr_assert(lab_alive(first));
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "the egg is laid");
	second = (pid_t)lab_number(&lab, "reporter.pid");
	cr_expect(!lab_alive(first));
	cr_expect(second > 0 && second != first);
	attack_once(1);
	await_lines("lines", 1);
}

static bool hears(void *arg)
{
	char text[1024] = "";
	ssize_t n = recv(*(int *)arg, text, sizeof(text) - 1, MSG_DONTWAIT);

	return n > 0 && strstr(text, "cellws[") && strstr(text, "lab: 10.99.7.1 banned for 600 s: it asked for a trap");
}

/* In a mount namespace whose /dev/log is ours. */
Test(lab_92_report, h_syslog)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	put_program("");
	lab_sh(&lab, "mkdir %s/dev && cd %s/dev && mknod -m 666 null c 1 3 && mknod -m 666 urandom c 1 9", lab.dir, lab.dir);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/dev/log", lab.dir);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0, "%s", strerror(errno));
	cr_assert_eq(chmod(at.sun_path, 0666), 0);
	lab_write_dna(&lab, "immune { trap = { \"/trap\" } report_syslog = 1 }");
	lab_sh(&lab,
		"unshare -m --propagation private sh -c 'mount --bind %s/dev /dev && exec nsenter --net=/run/netns/%s -- "
		"%s/cellctl up eth0 --dna %s --run-dir %s --bpffs %s'",
		lab.dir, lab.server, lab_here(), lab.dna, lab.run_dir, lab.bpffs);
	lab_expect(&lab, 0, "the egg is laid");
	attack_once(1);
	cr_expect(lab_wait(LAB_SOON_S, hears, &fd), "syslog hears nothing");
	close(fd);
}

Test(lab_92_report, i_what_cannot_work_is_said_before)
{
	lab_write_dna(&lab, "immune { report_program = \"/nowhere/program\" }");
	lab_ctl(&lab, "check %s", lab.dna);
	lab_expect(&lab, 2, "immune.report_program: /nowhere/program cannot be run: No such file or directory");
	lab_write_dna(&lab, "immune { report_program = \"cat\" }");
	lab_ctl(&lab, "check %s", lab.dna);
	lab_expect(&lab, 2, "absolute path");
	lab_write_dna(&lab, "immune { report_syslog = 1 report_user = root }");
	lab_ctl(&lab, "check %s", lab.dna);
	lab_expect(&lab, 2, "root is root");
}
