/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* T cells in a real organism: who shows himself is banned, soon, for longer each time, and whatever dies, it is remembered. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"
#include "tissue/plan.h"

LAB_SUITE(lab_94_tcell, 120);

#define BAD	"10.99.7.7"
#define UNHEARD 0.4 /* seconds after which a connection attempt counts as dropped */
#define RULES	"trap = { \"/trap\" }  ban_time = \"1h\""

static void live(const char *more)
{
	char text[512];

	/* Every address of these is the client's. */
	lab_sh(&lab, "for n in 7 8 9; do ip -n %s route add local 10.99.$n.0/24 dev eth0; done", lab.client);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	snprintf(text, sizeof(text), "immune { " RULES " %s }", more);
	lab_up(&lab, text, "");
	lab_wake(&lab);
}

/* The status of one request, 0 when none came. */
static int ask_as(const char *from, const char *path)
{
	struct lab_conn c = { .fd = lab_dial(LAB_SERVER_V4, from) };
	struct lab_answer a;
	int status;

	if (c.fd < 0)
		return 0;
	lab_say(&c, "GET %s HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n", path);
	lab_read(&c, &a, false, 2);
	status = a.status;
	lab_answer_free(&a);
	lab_hang_up(&c);
	return status;
}

static bool is_dropped(void *arg)
{
	return !lab_reaches(LAB_SERVER_V4, arg, UNHEARD);
}

static bool is_heard(void *arg)
{
	return lab_reaches(LAB_SERVER_V4, arg, UNHEARD);
}

static void offend(const char *from)
{
	cr_expect_eq(ask_as(from, "/trap"), 403);
	cr_expect(lab_wait(LAB_SOON_S, is_dropped, (void *)(uintptr_t)from), "%s is not banned", from);
}

static void immune(const char *words)
{
	lab_ctl(&lab, "immune %s", words);
	lab_expect(&lab, 0, NULL);
}

static bool has_tcells(void *arg)
{
	return lab_census(&lab, "tcell") == *(unsigned *)arg;
}

static void expect_tcells(unsigned n)
{
	cr_expect(lab_wait(LAB_SOON_S, has_tcells, &n), "not %u T cells: %s", n, lab.out);
}

static bool log_says(void *arg)
{
	lab_sh(&lab, "cat %s/lab/log", lab.run_dir);
	return strstr(lab.out, arg);
}

static void expect_log(const char *text)
{
	cr_expect(lab_wait(LAB_SOON_S, log_says, (void *)(uintptr_t)text), "the log does not say \"%s\": %s", text, lab.out);
}

static unsigned times_in(const char *in, const char *what)
{
	unsigned n = 0;

	for (const char *at = in; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* What the file says, once it says so. */
struct question {
	const char *sql, *answer;
};

static bool is_answered(void *arg)
{
	const struct question *q = arg;

	lab_sh(&lab, "python3 -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())' "
		     "%s/lib/lab/memory.db \"%s\"", lab.run_dir, q->sql);
	return strstr(lab.out, q->answer);
}

static void expect_file(const char *sql, const char *answer)
{
	struct question q = { sql, answer };

	cr_expect(lab_wait(LAB_SOON_S, is_answered, &q), "%s: %s%s", sql, lab.out, lab.err);
}

static void up_again(const char *says)
{
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, says);
}

Test(lab_94_tcell, a_who_asks_for_a_trap_is_banned_and_nobody_else)
{
	pid_t pids[4];
	unsigned n;

	live("");
	cr_expect_eq(lab_census(&lab, "tcell"), 0, "there is a T cell before there is evidence");
	offend(BAD);
	expect_tcells(2);
	cr_expect_eq(ask_as("10.99.7.8", "/"), 200);
	cr_expect_eq(ask_as("10.99.7.8", "/nothing"), 404);
	n = lab_pids(&lab, "tcell", pids, 4);
	for (unsigned i = 0; i < n; i++)
		cr_expect(lab_is_sealed(pids[i]), "T cell %d is not sealed", (int)pids[i]);
	expect_file("SELECT prefix, active, offences FROM bans", "('" BAD "', 1, 1)");
	expect_log(BAD " is banned for 3600 s (offence 1): it asked for a trap");
	lab_sh(&lab, "stat -c '%%a %%U' %s/lib/lab", lab.run_dir);
	lab_expect(&lab, 0, "700 nobody");
}

Test(lab_94_tcell, b_longer_each_time)
{
	static const char *const says[] = { "for 3600 s (offence 1)", "for 7200 s (offence 2)", "for 10800 s (offence 3)" };

	live("ban_max = \"3h\"");
	for (unsigned i = 0; i < 3; i++) {
		offend(BAD);
		expect_log(says[i]);
		immune("unban " BAD);
	}
	/* Also after a restart. */
	lab_ctl(&lab, "down");
	lab_sh(&lab, "sed -i 's/3h/24h/' %s", lab.dna);
	up_again(NULL);
	offend(BAD);
	expect_log("for 28800 s (offence 4)");
}

Test(lab_94_tcell, c_no_more_than_the_budget_and_said_once)
{
	char from[32];
	unsigned banned;

	live("bans_per_minute = 5");
	for (unsigned i = 1; i <= 12; i++) {
		snprintf(from, sizeof(from), "10.99.7.%u", i);
		cr_expect_eq(ask_as(from, "/trap"), 403);
	}
	expect_log("more bans than immune.bans_per_minute (5)");
	banned = (unsigned)lab_number(&lab, "immune.antibodies");
	cr_expect(banned >= 5 && banned <= 7, "%u are banned", banned);
	log_says("");
	cr_expect_eq(times_in(lab.out, "more bans than"), 1, "%s", lab.out);
	lab_ctl(&lab, "immune log");
	lab_expect(&lab, 0, "more bans in a minute than the DNA allows");
}

Test(lab_94_tcell, d_allowed_sources_are_never_banned)
{
	live("allow = { \"10.99.7.0/28\" }");
	for (unsigned i = 0; i < 20; i++)
		cr_expect_eq(ask_as(BAD, "/trap"), 403);
	expect_log(BAD " is not banned: the source is on the never-ban list");
	cr_expect_eq(ask_as(BAD, "/"), 200);
	lab_ctl(&lab, "immune log");
	cr_expect_leq(times_in(lab.out, "never-ban list"), 2, "told each time: %s", lab.out);
}

Test(lab_94_tcell, e_a_dead_t_cell_ends_no_ban_and_its_successor_reads_on)
{
	live("");
	offend(BAD);
	immune("ban 10.99.8.1 --ttl 4s");
	expect_tcells(2);
	for (unsigned i = 0; i < 3; i++) {
		lab_kill(&lab, "tcell", 4);
		cr_expect(is_dropped((void *)(uintptr_t)BAD));
	}
	lab_kill(&lab, "tcell", 4);
	cr_expect_eq(ask_as("10.99.7.9", "/trap"), 403);
	cr_expect(lab_wait(LAB_SOON_S, is_dropped, (void *)(uintptr_t) "10.99.7.9"), "nobody reads on");
	cr_expect(lab_wait(LAB_SOON_S, is_heard, (void *)(uintptr_t) "10.99.8.1"), "a ban does not end");
	expect_tcells(2);
	expect_file("SELECT prefix FROM bans ORDER BY prefix", "('" BAD "',), ('10.99.7.9',), ('10.99.8.1',)");
}

Test(lab_94_tcell, f_all_is_remembered_over_down_and_up)
{
	live("");
	offend(BAD);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	lab_expect_nothing_left(&lab);
	up_again(NULL);
	cr_expect_str_empty(lab.err, "%s", lab.err);
	cr_expect(is_dropped((void *)(uintptr_t)BAD));
	lab_ctl(&lab, "immune log");
	cr_expect_eq(times_in(lab.out, BAD " banned for 3600 s (offence 1): it asked for a trap (/trap)"), 1, "%s", lab.out);
	lab_ctl(&lab, "immune why " BAD);
	lab_expect(&lab, 0, "it asked for a trap (/trap); banned 1 time so far");
	offend("10.99.7.8");
	lab_ctl(&lab, "immune log");
	cr_expect_eq(times_in(lab.out, "asked for a trap"), 2, "%s", lab.out);
	expect_file("SELECT count(*) FROM incidents", "[(2,)]");
	lab_ctl(&lab, "immune log");
	cr_expect_eq(times_in(lab.out, "asked for a trap"), 2, "%s", lab.out);
}

Test(lab_94_tcell, g_and_over_the_death_of_everybody)
{
	live("");
	offend(BAD);
	offend("10.99.7.8");
	immune("unban 10.99.7.8");
	expect_file("SELECT count(*) FROM incidents", "[(3,)]");
	/* As if the host had lost its power: nothing is pinned any more. */
	lab_kill_everything(&lab);
	lab_sh(&lab, "rm -rf %s/cellws/lab", lab.bpffs);
	up_again(NULL);
	cr_expect(is_dropped((void *)(uintptr_t)BAD));
	cr_expect(is_heard((void *)(uintptr_t) "10.99.7.8"), "a ban that was lifted is back");
	/* No T cell lives yet that could write it down. */
	immune("ban 10.99.9.1");
	expect_file("SELECT active FROM bans WHERE prefix='10.99.9.1'", "[(1,)]");
	immune("unban 10.99.9.1");
	expect_file("SELECT active FROM bans WHERE prefix='10.99.9.1'", "[]");
	/* And as if only the cells had died, a moment after a ban. */
	offend("10.99.7.8");
	lab_kill_everything(&lab);
	up_again("every cell of an earlier");
	cr_expect(is_dropped((void *)(uintptr_t) "10.99.7.8"));
	expect_file("SELECT offences FROM bans WHERE prefix='10.99.7.8'", "[(2,)]");
	expect_file("SELECT count(*) FROM incidents", "[(6,)]");
}

static void deadly(int first)
{
	for (int i = 0, status = first; i < 4; i++, status = 403) {
		int is = ask_as("10.99.7.8", "/crash?now=1");

		cr_expect_eq(is, status, "request %d is answered %d", i, is);
	}
}

Test(lab_94_tcell, h_immunity_to_a_deadly_request_is_remembered)
{
	live("weights { pathogens = 0 }");
	deadly(502);
	expect_file("SELECT deaths, shape FROM pathogens", "[(2, 'GET /crash?now=1 HTTP/1.1')]");
	lab_ctl(&lab, "down");
	up_again(NULL);
	deadly(403);
	cr_expect_eq(lab_number(&lab, "immune.pathogens"), 1);
	lab_kill_everything(&lab);
	up_again(NULL);
	deadly(403);
}

static void offend_many(const char *prefix, unsigned first, unsigned n)
{
	char from[32];

	for (unsigned i = first; i < first + n; i++) {
		snprintf(from, sizeof(from), "%s.%u", prefix, i);
		ask_as(from, "/trap");
	}
}

Test(lab_94_tcell, i_a_prefix_of_which_many_are_hostile)
{
	live("widen = 8");
	offend_many("10.99.7", 1, 7);
	cr_expect(is_heard((void *)(uintptr_t) "10.99.7.100"), "banned as a whole too early");
	offend_many("10.99.7", 8, 1);
	expect_log("10.99.7.0/24 is banned as a whole: 8 of its 256 parts were banned");
	cr_expect(is_dropped((void *)(uintptr_t) "10.99.7.100"));
	cr_expect_eq(ask_as("10.99.8.100", "/"), 200);
	offend_many("10.99.8", 1, 9);
	expect_log("10.99.8.0/24 is not banned as a whole");
	cr_expect(is_dropped((void *)(uintptr_t) "10.99.8.9") && is_heard((void *)(uintptr_t) "10.99.8.100"));
	immune("allow 10.99.9.200");
	offend_many("10.99.9", 1, 9);
	expect_log("10.99.9.0/24 is not banned as a whole");
	/* The prefix is remembered like any ban. */
	lab_ctl(&lab, "down");
	up_again(NULL);
	cr_expect(is_dropped((void *)(uintptr_t) "10.99.7.100") && is_heard((void *)(uintptr_t) "10.99.8.100"));
}

static bool watch_says(void *arg)
{
	lab_sh(&lab, "cat %s/seen", lab.dir);
	return strstr(lab.out, arg);
}

Test(lab_94_tcell, j_watch_tells_with_causes)
{
	live("widen = 2 alarm_at = 5 half_life = \"1s\"");
	lab_sh(&lab, "nsenter --net=/run/netns/%s timeout 60 %s/cellctl watch --json --since-start --run-dir %s --bpffs %s >%s/seen 2>&1 &",
		lab.server, lab_here(), lab.run_dir, lab.bpffs, lab.dir);
	offend_many("10.99.7", 1, 2);
	immune("ban 10.99.9.1 --ttl 7m");
	immune("unban 10.99.9.1");
	/* One that is never banned keeps the alarm up. */
	immune("allow 10.99.8.1");
	for (unsigned i = 0; i < 6; i++)
		cr_expect_eq(ask_as("10.99.8.1", "/trap"), 403);
	expect_log("alarm: ");
	expect_log("calm: ");
	cr_expect(lab_wait(LAB_SOON_S, watch_says, "\"event\":\"calm\""), "%s", lab.out);
	cr_expect(strstr(lab.out, "bans 10.99.7.1 for 3600 s (offence 1): it asked for a trap"), "%s", lab.out);
	cr_expect(strstr(lab.out, "\"event\":\"widen\"") && strstr(lab.out, "\"source\":\"10.99.7.0/24\",\"by\":\"tcell\""), "%s", lab.out);
	cr_expect(strstr(lab.out, "10.99.9.1 was banned for 420 s by hand") && strstr(lab.out, "\"event\":\"unban\""), "%s", lab.out);
	cr_expect(strstr(lab.out, "\"event\":\"alarm\"") && strstr(lab.out, "\"threshold\":5"), "%s", lab.out);
	expect_file("SELECT decision FROM incidents WHERE source='10.99.9.1'", "by_hand ttl_s=420");
}

Test(lab_94_tcell, k_a_full_disk_a_read_only_one_a_damaged_file)
{
	live("memory = \"/tmp/none\"");
	lab_ctl(&lab, "down");
	/* Full. */
	lab_sh(&lab, "mkdir -m 755 %s/m && mount -t tmpfs -o size=160k,mode=755 none %s/m && mkdir -m 700 %s/m/d && chown nobody %s/m/d && "
		     "sed -i 's,/tmp/none,%s/m/d/memory.db,' %s", lab.dir, lab.dir, lab.dir, lab.dir, lab.dir, lab.dna);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	up_again(NULL);
	lab_sh(&lab, "dd if=/dev/zero of=%s/m/fill bs=4k 2>/dev/null; true", lab.dir);
	offend(BAD);
	expect_log("cannot be used: ");
	cr_expect_eq(ask_as("10.99.7.8", "/"), 200);
	offend("10.99.7.9");
	log_says("");
	cr_expect_eq(times_in(lab.out, "cannot be used: "), 1, "not said once: %s", lab.out);
	/* Room again: what waited is written. */
	lab_sh(&lab, "rm %s/m/fill", lab.dir);
	expect_log("can be used again");
	lab_ctl(&lab, "down");
	/* Read-only. */
	lab_sh(&lab, "mount -o remount,ro %s/m", lab.dir);
	up_again("cannot be used: ");
	cr_expect_eq(times_in(lab.err, "\n"), 1, "not one line: %s", lab.err);
	offend(BAD);
	expect_tcells(2);
	lab_ctl(&lab, "down");
	/* Damaged. */
	lab_sh(&lab, "mount -o remount,rw %s/m && head -c 8192 /dev/zero | tr '\\0' x > %s/m/d/memory.db", lab.dir, lab.dir);
	up_again("is damaged; it is kept as");
	offend("10.99.7.10");
	lab_ctl(&lab, "down");
	lab_sh(&lab, "ls %s/m/d/memory.db.damaged-* && umount %s/m", lab.dir, lab.dir);
	lab_expect(&lab, 0, NULL);
}

Test(lab_94_tcell, l_a_stopped_judge_costs_detail_not_decisions)
{
	pid_t pids[4];
	unsigned n;

	live("");
	offend(BAD);
	expect_tcells(2);
	n = lab_pids(&lab, "tcell", pids, 4);
	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGSTOP);
	/* It is silent, so its sisters will end it; what came meanwhile its successor reads. */
	cr_expect_eq(ask_as("10.99.7.9", "/trap"), 403);
	cr_expect_eq(ask_as("10.99.7.8", "/"), 200);
	cr_expect(lab_wait(2 * LAB_SOON_S, is_dropped, (void *)(uintptr_t) "10.99.7.9"), "nobody reads on");
}

static bool is_complete(void *arg)
{
	(void)arg;
	return lab_census(&lab, "neuron") == 1 && lab_census(&lab, "blood") >= 1 && lab_census(&lab, "stem") >= 3 &&
	       lab_census(&lab, "tcell") == 2;
}

/* Blood may write no file, and so may nobody who descends from it. */
Test(lab_94_tcell, m_a_family_that_descends_from_blood_bans_and_remembers_at_down)
{
	pid_t pids[64], keep;
	unsigned n;

	live("");
	offend(BAD);
	expect_tcells(2);
	keep = lab_pid(&lab, "blood");
	n = lab_pids(&lab, NULL, pids, 64);
	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGSTOP);
	for (unsigned i = 0; i < n; i++)
		if (pids[i] != keep)
			kill(pids[i], SIGKILL);
	kill(keep, SIGCONT);
	cr_assert(lab_wait(LAB_SOON_S, is_complete, NULL), "not grown again: %s", lab.out);
	offend("10.99.7.8");
	expect_log("remembered at `down`");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	lab_ctl(&lab, "down");
	expect_file("SELECT prefix FROM bans WHERE active ORDER BY prefix", "('" BAD "',), ('10.99.7.8',)");
	expect_file("SELECT count(*) FROM incidents", "[(2,)]");
}

static bool is_refused(void *arg)
{
	unsigned *refused = arg;

	lab_ctl(&lab, "secrete alarm 1");
	*refused = 0;
	for (unsigned i = 0; i < 30; i++)
		*refused += ask_as("10.99.7.8", "/hello") == 429;
	return *refused;
}

static unsigned refused_of_thirty(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 30; i++)
		n += ask_as("10.99.7.9", "/hello") == 429;
	return n;
}

static bool is_lenient(void *arg)
{
	(void)arg;
	lab_ctl(&lab, "secrete calm 1");
	sleep(1); /* the source's own allowance is full again */
	return !refused_of_thirty();
}

Test(lab_94_tcell, n_in_an_alarm_blood_is_stricter)
{
	unsigned refused;

	live("requests_per_second = 40 weights { rate = 0 }");
	cr_expect_eq(refused_of_thirty(), 0);
	cr_expect(lab_wait(LAB_SOON_S, is_refused, &refused), "an alarm changes nothing");
	cr_expect(lab_wait(LAB_SOON_S, is_lenient, NULL), "calm changes nothing");
}

static bool helps(void *arg)
{
	char from[32];

	(void)arg;
	for (unsigned i = 1; i <= 12; i++) {
		snprintf(from, sizeof(from), "10.99.8.%u", i);
		if (!lab_reaches(LAB_SERVER_V4, from, UNHEARD))
			return true;
	}
	return false;
}

/* A judge that does not read: whose evidence fills half of the ring, calls for one more. */
Test(lab_94_tcell, o_help_is_called_while_evidence_is_not_read)
{
	pid_t pids[4];
	unsigned n;

	live("allow = { \"10.99.7.0/24\" } alarm_at = 1000000 } health { answer = \"30s\"");
	cr_expect_eq(ask_as(BAD, "/trap"), 403);
	expect_tcells(2);
	n = lab_pids(&lab, "tcell", pids, 4);
	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGSTOP);
	for (unsigned i = 0; i < 1300; i++)
		ask_as(BAD, "/trap");
	expect_tcells(3);
	offend_many("10.99.8", 1, 12);
	cr_expect(lab_wait(LAB_SOON_S, helps, NULL), "nobody judges for the one that does not");
	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGCONT);
}

/* The one that has the file open; 0: none. */
static bool find_scribe(void *arg)
{
	pid_t pids[4], *scribe = arg;
	unsigned n = lab_pids(&lab, "tcell", pids, 4);

	for (unsigned i = 0; i < n; i++) {
		lab_sh(&lab, "ls -l /proc/%d/fd", pids[i]);
		if (strstr(lab.out, "memory.db"))
			*scribe = pids[i];
	}
	return *scribe;
}

/* Who reads a file that others may have written can ban nobody, and write nobody's chart. */
Test(lab_94_tcell, p_the_scribe_keeps_nothing_of_a_judge)
{
	pid_t scribe = 0;

	live("");
	offend(BAD);
	cr_assert(lab_wait(LAB_SOON_S, find_scribe, &scribe), "nobody keeps the records");
	lab_sh(&lab, "ls -l /proc/%d/fd", scribe);
	cr_expect(!strstr(lab.out, "cellws-charts"), "%s", lab.out);
	for (int fd = FD_BAN; fd <= FD_ANTIGENS_MORE; fd++) {
		lab_sh(&lab, "readlink /proc/%d/fd/%d", scribe, fd);
		cr_expect_str_empty(lab.out, "descriptor %d is %s", fd, lab.out);
	}
}
