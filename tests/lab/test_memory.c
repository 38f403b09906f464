/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans that outlive the organism, and whole block lists: on a living one, through `down` and `up`, with files that are bad. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_92_memory, 120);

#define BAD	"10.99.7.7"
#define UNHEARD 1 /* seconds after which a connection attempt counts as dropped */
#define MANY	100000

static void live(const char *more)
{
	lab_sh(&lab, "ip -n %s addr add " BAD "/16 dev eth0", lab.client);
	lab_up(&lab, more, "");
	cr_expect_str_empty(lab.err, "up says %s", lab.err);
}

static void immune(int code, const char *words, const char *says)
{
	lab_ctl(&lab, "immune %s", words);
	lab_expect(&lab, code, says);
}

static void down_and_up(const char *says)
{
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	lab_expect_nothing_left(&lab);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, says);
}

/* What the memory's file holds, changed as somebody could with any SQLite tool. */
static void change(const char *sql)
{
	lab_sh(&lab, "python3 -c 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "
		     "%s/lib/lab/memory.db \"%s\"", lab.run_dir, sql);
	lab_expect(&lab, 0, NULL);
}

Test(lab_92_memory, a_bans_outlive_down_and_up)
{
	live("");
	immune(0, "ban " BAD " --ttl 1h", NULL);
	immune(0, "ban 192.0.2.0/24 --ttl forever", NULL);
	immune(0, "ban 192.0.2.77 --ttl 1s", NULL);
	immune(0, "ban 2001:db8::/64 --ttl 5m", NULL);
	immune(0, "ban 198.51.100.1", NULL);
	sleep(1);
	down_and_up(NULL);
	cr_expect_str_empty(lab.err, "up says %s", lab.err);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 4);
	immune(0, "list", "192.0.2.0/24                  forever");
	immune(0, "unban 198.51.100.1", NULL);
	down_and_up(NULL);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 3, "a lifted ban has come back");
}

Test(lab_92_memory, b_no_clock_jump_ends_or_lengthens_them)
{
	live("");
	immune(0, "ban " BAD " --ttl 1h", NULL);
	lab_ctl(&lab, "down");
	/* As if the wall clock had jumped, in the same boot: the end on the boot clock counts. */
	change("UPDATE bans SET expires_wall_s=5, noted_wall_s=1");
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	immune(0, "list", "35");
	lab_ctl(&lab, "down");
	/* Another boot whose clock runs an hour behind: what was left, not more. */
	change("UPDATE bans SET boot=1, noted_wall_s=noted_wall_s+3600, expires_wall_s=noted_wall_s+3900");
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	immune(0, "list", " 300 ");
	lab_ctl(&lab, "down");
	change("UPDATE bans SET boot=1, noted_wall_s=noted_wall_s-3600, expires_wall_s=noted_wall_s-1");
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S), "a ban that was over is restored");
}

Test(lab_92_memory, c_a_damaged_file_does_not_stop_up)
{
	live("");
	immune(0, "ban " BAD, NULL);
	lab_ctl(&lab, "down");
	lab_sh(&lab, "head -c 8192 /dev/zero | tr '\\0' x > %s/lib/lab/memory.db", lab.run_dir);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, "is damaged; it is kept as");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	lab_sh(&lab, "ls %s/lib/lab/memory.db.damaged-*", lab.run_dir);
	lab_expect(&lab, 0, NULL);
}

Test(lab_92_memory, d_none_is_wanted)
{
	live("immune { memory = \"\" }");
	immune(0, "ban " BAD, NULL);
	down_and_up(NULL);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
	lab_sh(&lab, "ls %s/lib", lab.run_dir);
	cr_expect_neq(lab.code, 0);
}

static void write_list(const char *text)
{
	char name[128];
	FILE *f;

	snprintf(name, sizeof(name), "%s/list", lab.dir);
	f = fopen(name, "we");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static void import(int code, const char *options, const char *says)
{
	lab_ctl(&lab, "immune import %s/list %s", lab.dir, options);
	lab_expect(&lab, code, says);
}

Test(lab_92_memory, e_a_list_replaces_the_one_before)
{
	live("");
	immune(0, "ban 203.0.113.1", NULL);
	write_list("# ours\n" BAD "\n192.0.2.0/24 ; SBL\n2001:db8::/64\n" BAD "\n");
	import(0, "", "3 bans");
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	write_list("192.0.2.0/24\n203.0.113.1\n");
	import(0, "--replace --ttl 1h", "2 bans, 2 of the list before lifted");
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
	write_list("");
	import(0, "--replace", "0 bans, 1 of the list before lifted");
	immune(0, "export", "203.0.113.1");
	cr_expect(!strstr(lab.out, "192.0.2.0"), "%s", lab.out);
}

Test(lab_92_memory, f_one_wrong_line_and_nothing_is_changed)
{
	static const char *const says[] = { "list:2: 10.99.0.0/24: it would ban 10.99.0.1", "list:3: 0.0.0.0/0: that is every",
		"list:4: ::/0: that is every", "list:5: nonsense: no address", "list:6: 203.0.113.5: it would ban 203.0.113.0/24, on the never",
		"5 lines are wrong; no ban is changed" };

	live("immune { allow = { \"203.0.113.0/24\" } }");
	write_list(BAD "\n10.99.0.0/24\n0.0.0.0/0\n::/0\nnonsense\n203.0.113.5\n");
	import(1, "", NULL);
	for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++)
		cr_expect(strstr(lab.err, says[i]), "not said: %s in\n%s", says[i], lab.err);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
	lab_ctl(&lab, "immune import /none");
	lab_expect(&lab, 1, "cannot be read");
	lab_ctl(&lab, "immune import");
	lab_expect(&lab, 2, "usage");
	lab_ctl(&lab, "immune export x --replace");
	lab_expect(&lab, 2, "usage");
}

Test(lab_92_memory, g_more_than_fits)
{
	live("immune { antibodies = 16 }");
	immune(0, "ban 203.0.113.1", NULL);
	lab_sh(&lab, "seq -f 192.0.2.%%g 1 16 > %s/list", lab.dir);
	import(1, "", "antibodies = 17");
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 1);
	lab_sh(&lab, "sed -i 1d %s/list", lab.dir);
	import(0, "", "15 bans");
}

Test(lab_92_memory, h_a_hundred_thousand_there_and_back)
{
	double began;

	live("");
	lab_sh(&lab, "seq 0 %d | awk '{printf \"11.%%d.%%d.%%d\\n\", $1/65536, $1/256%%256, $1%%256}' > %s/list", MANY - 1, lab.dir);
	began = lab_now();
	import(0, "--ttl 1h", "100000 bans");
	printf("%d bans: imported in %.2f s", MANY, lab_now() - began);
	lab_ctl(&lab, "immune export %s/out", lab.dir);
	lab_expect(&lab, 0, "100000 bans");
	began = lab_now();
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
	printf(", down with saving %.2f s", lab_now() - began);
	began = lab_now();
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, NULL);
	printf(", up with restoring %.2f s\n", lab_now() - began);
	lab_ctl(&lab, "immune export %s/back", lab.dir);
	lab_sh(&lab, "cmp %s/out %s/back && grep -v '#' %s/back | sort > %s/a && sort %s/list | cmp - %s/a", lab.dir, lab.dir,
		lab.dir, lab.dir, lab.dir, lab.dir);
	lab_expect(&lab, 0, NULL);
}
