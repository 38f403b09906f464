/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The queue to the operator's program: never waits, loses whole lines only, and gives a successor what was not read. */
#include "reporter/reporter.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct program p;
static int end; /* that the program would read */

/* A new program at the other end of a pipe. */
static void begin(void)
{
	int pair[2];

	cr_assert_eq(pipe2(pair, O_NONBLOCK | O_CLOEXEC), 0);
	p.in = pair[1];
	end = pair[0];
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	memset(&p, 0, sizeof(p));
	p.words[0] = "/bin/x";
	begin();
}

/* The program dies; what it has read is read. */
static void replace(void)
{
	close(end);
	program_give(&p, "?\n");
	program_feed(&p);
	cr_assert_eq(p.in, -1, "the end of the program was not seen");
	begin();
	program_feed(&p);
}

static const char *read_some(size_t n)
{
	static char text[65536 + 1];
	ssize_t got = read(end, text, n);

	text[got > 0 ? got : 0] = 0;
	return text;
}

TestSuite(program, .init = setup);

Test(program, a_lines_arrive_in_order)
{
	program_give(&p, "one\n");
	program_give(&p, "two\n");
	program_feed(&p);
	program_give(&p, "three\n");
	program_feed(&p);
	cr_expect_str_eq(read_some(100), "one\ntwo\nthree\n");
}

Test(program, b_a_successor_gets_what_was_not_read)
{
	program_give(&p, "one\n");
	program_give(&p, "two\n");
	program_feed(&p);
	cr_expect_str_eq(read_some(4), "one\n");
	replace();
	cr_expect_str_eq(read_some(100), "two\n?\n");
}

Test(program, c_a_line_read_in_part_is_not_given_again)
{
	program_give(&p, "one\n");
	program_give(&p, "two\n");
	program_give(&p, "three\n");
	program_feed(&p);
	cr_expect_str_eq(read_some(6), "one\ntw");
	replace();
	cr_expect_str_eq(read_some(100), "three\n?\n");
}

/* Lines of 100 bytes, far more than there is room for; then all that were kept are read, and none is broken. */
Test(program, d_what_finds_no_room_is_lost_as_whole_lines)
{
	static char all[PROGRAM_QUEUE];
	unsigned kept = PROGRAM_QUEUE / 100;
	char line[128];
	size_t n = 0;

	for (unsigned i = 0; i < 2 * kept; i++) {
		snprintf(line, sizeof(line), "%099u\n", i);
		program_give(&p, line);
		program_feed(&p);
	}
	cr_expect_eq(p.lost, kept);
	for (ssize_t got = 1; got > 0; n += got > 0 ? (size_t)got : 0) {
		program_feed(&p);
		got = read(end, all + n, sizeof(all) - n);
	}
	cr_assert_eq(n, kept * 100);
	for (unsigned i = 0; i < kept; i++) {
		snprintf(line, sizeof(line), "%099u\n", i);
		cr_assert(!memcmp(all + i * 100, line, 100), "line %u", i);
	}
	program_feed(&p);
	cr_expect_eq(p.lost, 0, "that lines were lost is not over");
	cr_expect_eq(p.n, 0);
}

Test(program, e_the_queue_goes_round)
{
	char line[1024];

	for (unsigned i = 0; i < 3 * PROGRAM_QUEUE / 999; i++) {
		snprintf(line, sizeof(line), "%0998u\n", i);
		program_give(&p, line);
		program_feed(&p);
		cr_assert_str_eq(read_some(999), line);
	}
	cr_expect_eq(p.lost, 0);
}
