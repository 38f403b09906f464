/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A document root as bytes: a fixed vector, names that lead out of it, orders and lengths that nobody writes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "link/tree.h"
#include "link/wire.h"

static uint8_t bytes[8192];
static size_t n;

static void put(enum tree_kind kind, const char *name, const char *text)
{
	struct tree_entry e = { .kind = kind, .changed_s = 1700000000, .n = strlen(text) };

	memcpy(e.name, name, strlen(name));
	n += tree_write(&e, bytes + n);
	memcpy(bytes + n, text, e.n);
	n += e.n;
}

/* How many entries there are, or what is wrong. */
static int count(void)
{
	struct tree t = { .bytes = bytes, .n = n };
	static struct tree_entry e;
	int all = 0, got;

	while ((got = tree_next(&t, &e)) > 0)
		all++;
	return got ? got : all;
}

static void begin(void)
{
	n = 0;
}

TestSuite(tree, .init = begin, .timeout = 20);

Test(tree, a_fixed_vector)
{
	static const uint8_t head[TREE_HEAD_BYTES + 3] = { 2, 0, 3, 0, 0, 0, 0, 0, 0, 0xf1, 0x53, 0x65, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 'a',
		'/', 'b' };
	size_t at;

	put(TREE_DIRECTORY, "a", "");
	at = n;
	put(TREE_FILE, "a/b", "hi");
	cr_expect_arr_eq(bytes + at, head, sizeof(head));
	cr_expect_eq(n, at + sizeof(head) + 2);
	cr_expect_eq(count(), 2);
}

Test(tree, what_is_written_is_read)
{
	struct tree t = { .bytes = bytes };
	static struct tree_entry e;

	put(TREE_FILE, "..a", "");
	put(TREE_FILE, ".hidden", "x");
	put(TREE_DIRECTORY, "a", "");
	put(TREE_DIRECTORY, "a/b", "");
	put(TREE_FILE, "a/b/c", "deep");
	put(TREE_FILE, "a/d", "");
	put(TREE_FILE, "a.txt", "beside");
	put(TREE_FILE, "\xc3\xa4 \n", "any bytes");
	cr_assert_eq(count(), 8);
	t.n = n;
	for (int i = 0; i < 5; i++)
		cr_assert_eq(tree_next(&t, &e), 1);
	cr_expect_str_eq(e.name, "a/b/c");
	cr_expect(e.kind == TREE_FILE && e.n == 4 && !memcmp(e.bytes, "deep", 4) && e.changed_s == 1700000000);
}

Test(tree, names_that_lead_elsewhere)
{
	static const char *const names[] = { "..", ".", "../x", "a/../../x", "a/..", "/etc/passwd", "a//b", "a/", "", "./a", "a/." };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		n = 0;
		put(TREE_DIRECTORY, "a", "");
		put(TREE_FILE, names[i], "x");
		cr_expect_eq(count(), -EBADMSG, "\"%s\"", names[i]);
		n = 0;
		put(TREE_FILE, names[i], "x");
		cr_expect_eq(count(), -EBADMSG, "\"%s\" alone", names[i]);
	}
	n = 0;
	put(TREE_FILE, "axb", "x");
	bytes[TREE_HEAD_BYTES + 1] = 0;
	cr_expect_eq(count(), -EBADMSG, "a name with a NUL");
}

Test(tree, names_are_bounded)
{
	char deep[2 * TREE_DEPTH_MOST + 3] = "", part[300];

	memset(part, 'x', sizeof(part));
	cr_expect(tree_is_part(part, 255) && !tree_is_part(part, 256) && !tree_is_part("a/b", 3) && !tree_is_part("..", 2));
	for (unsigned i = 0; i < TREE_DEPTH_MOST; i++) {
		deep[2 * i] = 'd';
		put(TREE_DIRECTORY, deep, "");
		deep[2 * i + 1] = '/';
	}
	cr_expect_eq(count(), (int)TREE_DEPTH_MOST);
	deep[2 * TREE_DEPTH_MOST] = 'd';
	put(TREE_FILE, deep, "");
	cr_expect_eq(count(), -EBADMSG);
}

Test(tree, a_file_holds_nothing_and_a_directory_is_there_first)
{
	put(TREE_FILE, "a", "x");
	put(TREE_FILE, "a/b", "x");
	cr_expect_eq(count(), -EBADMSG, "in a file");
	n = 0;
	put(TREE_FILE, "a/b", "x");
	cr_expect_eq(count(), -EBADMSG, "in nothing");
	n = 0;
	put(TREE_FILE, "b", "x");
	put(TREE_FILE, "a", "x");
	cr_expect_eq(count(), -EBADMSG, "out of order");
	n = 0;
	put(TREE_FILE, "a", "x");
	put(TREE_FILE, "a", "x");
	cr_expect_eq(count(), -EBADMSG, "twice");
	n = 0;
	put(TREE_DIRECTORY, "a", "x");
	cr_expect_eq(count(), -EBADMSG, "a directory with bytes");
	n = 0;
	put(3, "a", "");
	cr_expect_eq(count(), -EBADMSG, "another kind: a link, a device");
}

Test(tree, every_truncation_is_refused)
{
	size_t all;

	put(TREE_DIRECTORY, "a", "");
	put(TREE_FILE, "a/b", "hello");
	all = n;
	for (n = 1; n < all; n++) {
		uint8_t *part = malloc(n);
		struct tree t = { .bytes = part, .n = n };
		static struct tree_entry e;
		int got;

		memcpy(part, bytes, n);
		while ((got = tree_next(&t, &e)) > 0)
			;
		cr_expect(got == -EBADMSG || n == TREE_HEAD_BYTES + 1, "%zu bytes", n);
		free(part);
	}
}

Test(tree, lengths_are_judged)
{
	static const uint64_t lies[] = { 6, UINT64_MAX, UINT64_MAX - TREE_HEAD_BYTES, 1ULL << 63 };

	for (unsigned i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		n = 0;
		put(TREE_FILE, "b", "hello");
		wire_put64(bytes + 16, lies[i]);
		cr_expect_eq(count(), -EBADMSG);
	}
	n = 0;
	put(TREE_FILE, "b", "hello");
	wire_put16(bytes + 2, 0xffff);
	cr_expect_eq(count(), -EBADMSG);
}
