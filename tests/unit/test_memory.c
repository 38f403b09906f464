// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The memory: what is noted comes back, on which clock bans end, and what happens when the file cannot be trusted or written.
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "memory/memory.h"

#define NS 1000000000ULL

static char dir[64], path[96], said[4096];
static int lines;

static void keep(void *arg, const char *line)
{
	(void)arg;
	lines++;
	strcat(strcat(said, line), "\n");
}

static void setup(void)
{
	strcpy(dir, "/tmp/cellws-memory-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/memory.db", dir);
}

static void teardown(void)
{
	char command[128];

	umount(dir);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert(!system(command));
}

TestSuite(memory, .init = setup, .fini = teardown, .timeout = 60);

static struct memory *begin(void)
{
	struct memory_options o = { .path = path, .say = keep };
	struct memory *m;

	cr_assert(!memory_open(&o, &m));
	return m;
}

static struct address addr(const char *text)
{
	struct address a;

	cr_assert(!address_parse(text, &a, NULL));
	return a;
}

static const struct memory_clock noon = { .boot = 7, .boot_ns = 1000 * NS, .wall_s = 1000000 };

static void ban(struct memory *m, const char *text, uint64_t left_s, uint32_t offences)
{
	struct memory_ban b = { .prefix = addr(text), .since_ns = 900 * NS, .hits = 3, .reason = 1, .offences = offences };

	b.expires_ns = left_s ? noon.boot_ns + left_s * NS : 0;
	cr_assert(memory_note_ban(m, &b, &noon));
}

static int write_ban_text(void *arg, const struct memory_ban *b)
{
	char name[ADDRESS_TEXT], line[128];

	snprintf(line, sizeof(line), "%s %llu %u%s;", address_format(&b->prefix, name),
		(unsigned long long)(b->expires_ns / NS), b->offences, b->over ? " over" : "");
	strcat(arg, line);
	return 0;
}

static const char *bans(struct memory *m, struct memory_clock now)
{
	static char text[1024];

	text[0] = 0;
	cr_assert(!memory_each_ban(m, &now, write_ban_text, text));
	return text;
}

static struct memory_clock at(uint64_t boot, uint64_t boot_s, uint64_t wall_s)
{
	return (struct memory_clock){ .boot = boot, .boot_ns = boot_s * NS, .wall_s = wall_s };
}

Test(memory, a_bans_come_back)
{
	struct memory *m = begin();

	ban(m, "192.0.2.1", 100, 2);
	ban(m, "2001:db8::/32", 0, 0);
	ban(m, "192.0.2.1", 200, 1);
	ban(m, "192.0.2.2", 100, 1);
	struct address lifted = addr("192.0.2.2");
	cr_assert(memory_note_unban(m, &lifted));
	cr_expect(memory_waiting(m) == 5);
	cr_assert(!memory_flush(m, 0));
	cr_expect(memory_waiting(m) == 0);
	memory_close(m);
	m = begin();
	cr_expect_str_eq(bans(m, noon), "192.0.2.1 1200 2;192.0.2.2 1100 1 over;2001:db8::/32 0 0;");
	memory_close(m);
	cr_expect(!lines, "%s", said);
}

Test(memory, b_which_clock_ends_a_ban)
{
	struct memory *m = begin();

	ban(m, "192.0.2.1", 100, 0);
	cr_assert(!memory_flush(m, 0));
	/* The same boot: whatever the wall clock says. */
	cr_expect_str_eq(bans(m, at(7, 1050, 1)), "192.0.2.1 1100 0;");
	cr_expect_str_eq(bans(m, at(7, 1050, 9999999)), "192.0.2.1 1100 0;");
	cr_expect_str_eq(bans(m, at(7, 1100, 1000000)), "192.0.2.1 1100 0 over;");
	/* Another boot: the wall time since, and never more than was left. */
	cr_expect_str_eq(bans(m, at(8, 5, 1000040)), "192.0.2.1 65 0;");
	cr_expect_str_eq(bans(m, at(8, 5, 3)), "192.0.2.1 105 0;");
	cr_expect_str_eq(bans(m, at(8, 5, 1000100)), "192.0.2.1 5 0 over;");
	memory_close(m);
}

Test(memory, c_saving_replaces_what_was)
{
	struct memory *m = begin();
	struct memory_ban b = { .prefix = addr("192.0.2.9") };

	ban(m, "192.0.2.1", 100, 0);
	ban(m, "192.0.2.2", 100, 4);
	cr_assert(!memory_flush(m, 0));
	cr_assert(!memory_save_bans(m, &b, 1, &noon));
	cr_expect_str_eq(bans(m, noon), "192.0.2.2 1100 4 over;192.0.2.9 0 0;");
	struct memory_clock later = at(7, 2000, noon.wall_s + MEMORY_OFFENCE_S + 1);
	cr_assert(!memory_save_bans(m, &b, 1, &later));
	cr_expect_str_eq(bans(m, noon), "192.0.2.9 0 0;");
	memory_close(m);
}

static int count(void *arg, const struct memory_incident *i)
{
	cr_expect_str_eq(i->reason, "signature");
	cr_expect_str_eq(i->detail, "'; DROP TABLE bans; --");
	++*(int *)arg;
	return 0;
}

static int count_pathogen(void *arg, const struct memory_pathogen *p)
{
	cr_expect(!strcmp(p->fingerprint, "ab12") && !strcmp(p->shape, "GET /x") && p->deaths == 3 && p->wall_s == 9);
	++*(int *)arg;
	return 0;
}

static int count_baseline(void *arg, const struct memory_baseline *b)
{
	cr_expect(!strcmp(b->name, "syn") && b->mean == 1.5 && b->deviation == 0.25 && b->samples == 8);
	++*(int *)arg;
	return 0;
}

Test(memory, d_incidents_pathogens_baselines)
{
	struct memory_incident i = { .wall_s = 5, .source = addr("192.0.2.1"), .reason = "signature",
		.detail = "'; DROP TABLE bans; --", .decision = "ban 10m" };
	struct memory_pathogen p = { .fingerprint = "ab12", .shape = "GET /x", .wall_s = 9, .deaths = 3 };
	struct memory_baseline b = { .name = "syn", .mean = 1.5, .deviation = 0.25, .samples = 8 };
	struct address near = addr("192.0.2.0/24"), far = addr("198.51.100.0/24");
	struct memory *m = begin();
	int n = 0;

	for (int k = 0; k < 10; k++)
		cr_assert(memory_note_incident(m, &i));
	cr_assert(memory_note_pathogen(m, &p) && memory_note_pathogen(m, &p) && memory_note_baseline(m, &b));
	cr_assert(!memory_flush(m, 0));
	cr_expect(!memory_each_incident(m, &near, 3, count, &n) && n == 3, "%d", n);
	n = 0;
	cr_expect(!memory_each_incident(m, NULL, 99, count, &n) && n == 10, "%d", n);
	n = 0;
	cr_expect(!memory_each_incident(m, &far, 99, count, &n) && n == 0, "%d", n);
	cr_expect(!memory_each_pathogen(m, count_pathogen, &n) && n == 1, "%d", n);
	cr_expect(!memory_each_baseline(m, count_baseline, &n) && n == 2, "%d", n);
	memory_close(m);
}

static int write_texts(void *arg, const struct memory_incident *i)
{
	strcat(strcat(strcat(strcat(arg, i->reason), "|"), i->detail), "|");
	strcat(arg, i->decision);
	return 0;
}

/* The file's writer has no rights and may be anybody; its reader may be root at a terminal. */
Test(memory, l_texts_are_printable_whatever_the_file_says)
{
	struct memory_incident i = { .wall_s = 1, .reason = "tr\x1b[2Jap", .detail = "it's \"q\" \x01\xff\n\x7f\\", .decision = "banned\r" };
	struct memory *m = begin();
	char text[256] = "", fact[MEMORY_FACT];

	cr_assert(memory_note_incident(m, &i) && memory_note_fact(m, "f", "a\tb"));
	cr_assert(!memory_flush(m, 0));
	cr_assert(!memory_each_incident(m, NULL, 10, write_texts, text));
	cr_expect_str_eq(text, "tr?[2Jap|it's \"q\" ????\\|banned?");
	cr_assert(memory_read_fact(m, "f", fact));
	cr_expect_str_eq(fact, "a?b");
	memory_close(m);
}

Test(memory, e_the_queue_is_bounded_and_decisions_find_room)
{
	struct memory_incident i = { .reason = "x" };
	struct memory *m = begin();
	int kept = 0;

	for (int k = 0; k < MEMORY_QUEUE; k++)
		kept += memory_note_incident(m, &i);
	cr_expect(kept == MEMORY_QUEUE_DETAIL, "%d", kept);
	for (int k = 0; k < MEMORY_QUEUE - MEMORY_QUEUE_DETAIL; k++)
		ban(m, "192.0.2.1", 0, 0);
	struct address a = addr("192.0.2.1");
	cr_expect(!memory_note_unban(m, &a));
	cr_expect(memory_lost(m) == MEMORY_QUEUE - MEMORY_QUEUE_DETAIL + 1, "%llu", (unsigned long long)memory_lost(m));
	cr_expect(!memory_flush(m, 0) && !memory_waiting(m));
	memory_close(m);
}

static unsigned set_aside(void)
{
	char pattern[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s.damaged-*", path);
	unsigned n = glob(pattern, 0, NULL, &found) ? 0 : (unsigned)found.gl_pathc;

	globfree(&found);
	return n;
}

static void spoil(long at_byte, int n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	char junk[4096];

	cr_assert(fd >= 0);
	memset(junk, 0xa5, sizeof(junk));
	cr_assert(pwrite(fd, junk, (size_t)n, at_byte) == n);
	close(fd);
}

Test(memory, f_a_file_of_rubbish_is_kept_aside)
{
	struct memory *m;

	spoil(0, 4096);
	m = begin();
	cr_expect(memory_is_open(m) && set_aside() == 1 && lines == 1 && strstr(said, "damaged"), "%d %s", lines, said);
	ban(m, "192.0.2.1", 100, 0);
	cr_expect(!memory_flush(m, 0));
	memory_close(m);
}

Test(memory, g_a_page_overwritten_is_found)
{
	struct memory *m = begin();

	for (int k = 0; k < 256; k++) {
		char text[32];

		snprintf(text, sizeof(text), "192.0.2.%d", k);
		ban(m, text, 100, 0);
	}
	cr_assert(!memory_flush(m, 0));
	memory_close(m);
	spoil(2 * 4096, 4096);
	m = begin();
	cr_expect(memory_is_open(m) && set_aside() == 1 && lines == 1, "%d %s", lines, said);
	cr_expect_str_eq(bans(m, noon), "");
	memory_close(m);
}

Test(memory, h_a_file_of_another_program_is_left_alone)
{
	static const char make[] = "python3 -c 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"create table t(x)\")' ";
	char command[256];
	struct memory *m;

	snprintf(command, sizeof(command), "%s%s", make, path);
	cr_assert(!system(command));
	m = begin();
	cr_expect(!memory_is_open(m) && !set_aside() && strstr(said, "another program"), "%s", said);
	memory_close(m);
}

/* A file system of n KiB on the directory, for this process alone. */
static void small_disk(const char *options)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", dir, "tmpfs", 0, options))
		cr_skip_test("no file system can be mounted here: %s", strerror(errno));
}

static void fill(struct memory *m)
{
	struct memory_incident i = { .reason = "signature" };

	memset(i.detail, 'x', sizeof(i.detail) - 1);
	while (memory_note_incident(m, &i))
		;
}

static void blow_up(const char *name, bool remove)
{
	char file[128], block[4096] = { 0 };
	int fd;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	if (remove) {
		unlink(file);
		return;
	}
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

Test(memory, i_a_full_disk)
{
	struct memory *m;
	uint64_t now = 5000;

	small_disk("size=4m");
	m = begin();
	ban(m, "192.0.2.1", 0, 0);
	cr_assert(!memory_flush(m, 0));
	blow_up("ballast", false);
	fill(m);
	cr_expect(memory_flush(m, now) == -ENOSPC);
	cr_expect(lines == 1 && strstr(said, "No space left"), "%s", said);
	cr_expect(memory_flush(m, now + MEMORY_RETRY_MS - 1) == -EAGAIN, "tried again at once");
	cr_expect(memory_flush(m, now += MEMORY_RETRY_MS) == -ENOSPC);
	cr_expect(memory_flush(m, now + MEMORY_RETRY_MS) == -EAGAIN, "the pause has not grown");
	cr_expect(lines == 1, "said again: %s", said);
	blow_up("ballast", true);
	cr_expect(!memory_flush(m, now += 2 * MEMORY_RETRY_MS) && !memory_waiting(m));
	cr_expect(lines == 2 && strstr(said, "can be used again"), "%s", said);
	memory_close(m);
}

Test(memory, j_a_read_only_file_system)
{
	struct memory *m;

	small_disk("size=4m");
	memory_close(begin());
	cr_assert(!mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	m = begin();
	cr_expect(!memory_is_open(m) && lines == 1, "%s", said);
	ban(m, "192.0.2.1", 100, 0);
	cr_expect(memory_flush(m, 0) < 0 && memory_waiting(m) == 1 && lines == 1, "%s", said);
	cr_assert(!mount(NULL, dir, NULL, MS_REMOUNT, NULL));
	cr_expect(!memory_flush(m, MEMORY_RETRY_MS) && lines == 2, "%s", said);
	cr_expect_str_eq(bans(m, noon), "192.0.2.1 1100 0;");
	memory_close(m);
}

Test(memory, k_a_directory_that_is_not_there_or_a_link)
{
	char elsewhere[128];
	struct memory *m;

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	cr_assert(!symlink(elsewhere, path));
	m = begin();
	cr_expect(!memory_is_open(m) && access(elsewhere, F_OK), "a link was followed");
	memory_close(m);
	snprintf(path, sizeof(path), "%s/none/memory.db", dir);
	lines = 0;
	m = begin();
	cr_expect(!memory_is_open(m) && lines == 1, "%s", said);
	memory_close(m);
}
