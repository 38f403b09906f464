/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signatures: the automaton against a naive search, and every way of writing an attack, with near misses. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "immune/normalise.h"

static const char *const attacks[] = { "${jndi:", "/etc/passwd", "union select", "he", "she", "a+b", "%00x" };

#define ATTACKS (sizeof(attacks) / sizeof(*attacks))
enum { JNDI, PASSWD, UNION, HE, SHE, PLUS, NUL };

static void build(struct automaton_table *t, const char *const *patterns, size_t count)
{
	size_t n[64];

	for (size_t i = 0; i < count; i++)
		n[i] = strlen(patterns[i]);
	cr_assert_eq(automaton_build(t, patterns, n, count), 0);
}

static int find_n(const char *text, size_t n)
{
	struct automaton_table t;
	struct automaton a;
	char scratch[512];
	int found;

	build(&t, attacks, ATTACKS);
	a = automaton_of(&t);
	found = normalise_find(&a, text, n, scratch);
	automaton_done(&t);
	return found;
}

static int find(const char *text)
{
	return find_n(text, strlen(text));
}

Test(unit_signature, a_as_written_and_in_any_case)
{
	cr_expect_eq(find("x=${JNDI:ldap"), JNDI);
	cr_expect_eq(find("/ETC/Passwd"), PASSWD);
	cr_expect_eq(find("us he"), HE);
	cr_expect_eq(find("ushe"), SHE, "the longest of those that end together");
	cr_expect_eq(find("/x%00X"), NUL);
	cr_expect_eq(find("1+a+b"), PLUS);
	cr_expect_eq(find(""), -1);
}

Test(unit_signature, b_percent_coding_once_and_twice)
{
	cr_expect_eq(find("/?x=%24%7Bjndi%3Aldap"), JNDI);
	cr_expect_eq(find("/?x=%2524%257bjndi%253a"), JNDI);
	cr_expect_eq(find("/%65%74%63/%70asswd"), PASSWD);
	cr_expect_eq(find("%2f%65%74%63%2f%70asswd"), PASSWD);
	cr_expect_eq(find("%252fetc/p%61sswd"), PASSWD, "once and twice in one text");
	cr_expect_eq(find("a%2Bb"), PLUS);
}

Test(unit_signature, c_plus_as_a_blank)
{
	cr_expect_eq(find("q=union+select"), UNION);
	cr_expect_eq(find("q=union%20select"), UNION);
	cr_expect_eq(find("q=union%2bselect"), UNION, "decoded twice");
	cr_expect_eq(find("q=un%69on+s%65lect"), UNION);
	cr_expect_eq(find("q=union%2520select"), UNION);
}

Test(unit_signature, d_dot_segments)
{
	cr_expect_eq(find("/a/../etc/./passwd"), PASSWD);
	cr_expect_eq(find("/etc//passwd"), PASSWD);
	cr_expect_eq(find("/x/y/../../etc/passwd"), PASSWD);
	cr_expect_eq(find("/etc/%2e/passwd"), PASSWD);
	cr_expect_eq(find("/etc/x/%252e%252e/passwd"), PASSWD);
	cr_expect_eq(find("/etc/x/../../passwd"), -1);
}

Test(unit_signature, e_overlong_utf_8)
{
	cr_expect_eq(find("%c0%afetc%c0%afpasswd"), PASSWD);
	cr_expect_eq(find("/etc%e0%80%afpasswd"), PASSWD);
	cr_expect_eq(find("/etc%f0%80%80%afpasswd"), PASSWD);
	cr_expect_eq(find("/etc%fc%80%80%80%80%afpasswd"), PASSWD);
	cr_expect_eq(find("/etc%25c0%25afpasswd"), PASSWD, "percent-coded twice");
	cr_expect_eq(find("/etc\xc0\xafpasswd"), PASSWD, "not percent-coded at all");
	cr_expect_eq(find("/etc/%c0%ae/passwd"), PASSWD, "a dot segment");
	cr_expect_eq(find("/etc%c0%a52fpasswd"), PASSWD, "an overlong percent sign");
	cr_expect_eq(find("%c1%a5"), -1);
}

Test(unit_signature, f_near_misses)
{
	static const char *const texts[] = { "$%7 {jndi /etc/pass", "/etc/passw%65d", "/etc%2gpasswd", "/etc%2", "%", "union  select",
		"unionselect", "/e tc/passwd", "/etc%c0%2fpasswd", "/etc%c1%bfpasswd", "/etc%c3%afpasswd", "/etc%e0%80", "/etc%c0",
		"/etc%2525252fpasswd", "/etc/../passwd", "/etc/..passwd", "a++b", "%00%00", "\xff\xfe\xc0\x80" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_expect_eq(find(texts[i]), -1, "%s is taken for %d", texts[i], find(texts[i]));
}

Test(unit_signature, g_nothing_is_read_behind_the_end)
{
	static const char text[] = "%2fetc/../etc/./passwd";
	/* Memory of its own, so that a sanitizer or valgrind sees it; and the rest must not be found. */
	for (size_t n = 0; n < sizeof(text); n++) {
		char *own = malloc(n ? n : 1);

		memcpy(own, text, n);
		cr_expect_eq(find_n(own, n), n < sizeof(text) - 1 ? -1 : PASSWD, "%zu", n);
		free(own);
	}
}

static int naive(const char *const *patterns, size_t count, const char *text, size_t end)
{
	int best = -1;
	size_t most = 0;

	for (size_t p = 0; p < count; p++) {
		size_t n = strlen(patterns[p]);

		if (n > most && n <= end && !strncasecmp(text + end - n, patterns[p], n)) {
			most = n;
			best = (int)p;
		}
	}
	return best;
}

/* Few letters, so that patterns overlap, and texts in pieces. */
static void try_random(unsigned seed)
{
	char text[201], word[12][8];
	const char *patterns[12];
	struct automaton_table t;
	struct automaton a;
	uint32_t state = 0;
	size_t from = 0;

	srand(seed);
	for (size_t p = 0; p < 12; p++) {
		size_t n = 1 + (size_t)rand() % 6;

		for (size_t i = 0; i < n; i++)
			word[p][i] = "abcABC"[rand() % (p % 2 ? 6 : 2)];
		word[p][n] = 0;
		patterns[p] = word[p];
	}
	for (size_t i = 0; i < 200; i++)
		text[i] = "abcABCx"[rand() % 7];
	build(&t, patterns, 12);
	a = automaton_of(&t);
	for (size_t end = 1; end <= 200; end++) {
		int found = automaton_scan(&a, &state, text + from, end - from), right = naive(patterns, 12, text, end);

		from = end;
		cr_assert((found < 0) == (right < 0), "seed %u at %zu", seed, end);
		cr_assert(found < 0 || !strcasecmp(patterns[found], patterns[right]), "seed %u at %zu", seed, end);
	}
	automaton_done(&t);
}

Test(unit_signature, h_against_a_naive_search)
{
	for (unsigned seed = 0; seed < 2000; seed++)
		try_random(seed);
}

Test(unit_signature, i_every_byte_can_stand_in_a_pattern)
{
	char all[255];
	const char *patterns[] = { all };
	const size_t n[] = { sizeof(all) };
	struct automaton_table t;
	struct automaton a;
	uint32_t state = 0;

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	cr_assert_eq(automaton_build(&t, patterns, n, 1), 0);
	a = automaton_of(&t);
	cr_expect_eq(automaton_scan(&a, &state, all, 254), -1);
	cr_expect_eq(automaton_scan(&a, &state, all + 254, 1), 0);
	automaton_done(&t);
}

Test(unit_signature, j_what_cannot_be_built)
{
	static char longest[AUTOMATON_STATES];
	const char *patterns[] = { "x", longest };
	size_t n[] = { 0, 1 };
	struct automaton_table t;
	struct automaton a;
	uint32_t state = 0;

	memset(longest, 'y', sizeof(longest));
	cr_expect_eq(automaton_build(&t, patterns, n, 2), -EINVAL);
	n[0] = 1;
	n[1] = sizeof(longest) - 1;
	cr_expect_eq(automaton_build(&t, patterns, n, 2), -E2BIG);
	cr_assert_eq(automaton_build(&t, patterns, n, 0), 0);
	a = automaton_of(&t);
	cr_expect_eq(automaton_scan(&a, &state, "anything", 8), -1, "no patterns");
	automaton_done(&t);
}
