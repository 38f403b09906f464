// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Block lists: what a line may hold, what is wrong with it, and which line that is.
#include <stdio.h>
#include <string.h>
#include <criterion/criterion.h>
#include "immune/blocklist.h"

static int note(void *arg, size_t line, const struct address *prefix, unsigned int notice, const char *word)
{
	char name[ADDRESS_TEXT], text[256];

	snprintf(text, sizeof(text), "%zu%s%s%s ", line, prefix ? "=" : "!", prefix ? address_format(prefix, name) : word,
		notice & ADDRESS_MASKED ? "~" : "");
	strcat(arg, text);
	return 0;
}

static const char *read_list(const char *text, size_t n)
{
	static char seen[1024];

	seen[0] = 0;
	cr_assert(!blocklist_parse(text, n, note, seen));
	return seen;
}

#define EXPECT(text, seen) cr_expect_str_eq(read_list(text, sizeof(text) - 1), seen)

Test(blocklist, a_what_is_read)
{
	EXPECT("", "");
	EXPECT("192.0.2.1", "1=192.0.2.1 ");
	EXPECT("192.0.2.1\n2001:db8::/32\n", "1=192.0.2.1 2=2001:db8::/32 ");
	EXPECT("# head\r\n\r\n \t192.0.2.0/24 \t; SBL1\r\n;x\n10.1.2.3#c", "3=192.0.2.0/24 5=10.1.2.3 ");
	EXPECT("10.1.2.3/8\n", "1=10.0.0.0/8~ ");
	EXPECT("0.0.0.0/0\n", "1=0.0.0.0/0 ");
}

Test(blocklist, b_what_is_wrong)
{
	EXPECT("a\n192.0.2.1 192.0.2.2\n192.0.2.3", "1!a 2!192.0.2.1 192.0.2.2 3=192.0.2.3 ");
	EXPECT("192.0.2.1\0" "7\n", "1!192.0.2.1?7 ");
	EXPECT("192.0.2.1/33\n\x1b[2J\n", "1!192.0.2.1/33 2!?[2J ");
	EXPECT("192.0.2.1,\n1.2.3\n::g", "1!192.0.2.1, 2!1.2.3 3!::g ");
}

Test(blocklist, c_a_line_without_end)
{
	char text[5000];

	memset(text, '1', sizeof(text));
	cr_expect(strlen(read_list(text, sizeof(text))) < 100 && !strncmp(read_list(text, sizeof(text)), "1!111", 5));
}

static int stop(void *arg, size_t line, const struct address *prefix, unsigned int notice, const char *word)
{
	(void)prefix;
	(void)notice;
	(void)word;
	*(size_t *)arg = line;
	return -7;
}

Test(blocklist, d_a_visitor_may_stop_it)
{
	size_t line = 0;

	cr_expect(blocklist_parse("192.0.2.1\n192.0.2.2\n", 20, stop, &line) == -7 && line == 1);
}
