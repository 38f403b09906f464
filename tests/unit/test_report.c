/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incidents as lines of JSON and of text, pauses between two starts of a program, and its command in words. */
#include "immune/report.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct incident some(void)
{
	struct incident i = { .seq = 7, .time_ns = 40000000000u, .act = INCIDENT_BANNED, .reason = ANTIGEN_TRAP, .rule = 2, .score = 100,
		.ttl_s = 600, .offence = 1, .count = 3 };

	i.source.family = 4;
	memcpy(&i.source.key, "\xc0\x00\x02\x07", 4);
	strcpy(i.detail, "GET /.env \"\\ x");
	return i;
}

static json_t *line_of(const struct incident *i)
{
	const struct report_clock clock = { .boot_ns = 100000000000u, .real_s = 1000000060 };
	char *line = report_line(i, "shop", &clock);
	json_t *o;

	cr_assert_not_null(line);
	cr_assert_eq(strchr(line, '\n'), line + strlen(line) - 1, "not one line: %s", line);
	o = json_loads(line, 0, NULL);
	cr_assert_not_null(o, "no JSON: %s", line);
	free(line);
	return o;
}

static const char *text_at(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static long long number_at(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

Test(report, a_line)
{
	struct incident i = some();
	json_t *o = line_of(&i);

	cr_expect_str_eq(text_at(o, "organism"), "shop");
	cr_expect_str_eq(text_at(o, "time"), "2001-09-09T01:46:40Z");
	cr_expect_str_eq(text_at(o, "act"), "banned");
	cr_expect_str_eq(text_at(o, "source"), "192.0.2.7");
	cr_expect_str_eq(text_at(o, "reason"), "trap");
	cr_expect_str_eq(text_at(o, "detail"), "GET /.env \"\\ x");
	cr_expect(json_is_false(json_object_get(o, "behind_proxy")));
	cr_expect_eq(number_at(o, "seq"), 7);
	cr_expect_eq(number_at(o, "rule"), 2);
	cr_expect_eq(number_at(o, "ttl_s"), 600);
	cr_expect_eq(number_at(o, "evidence"), 3);
	json_decref(o);
}

Test(report, b_whatever_stands_in_it)
{
	struct incident i;
	json_t *o;

	memset(&i, 0xff, sizeof(i));
	memset(i.detail, 'x', sizeof(i.detail));
	o = line_of(&i);
	cr_expect(json_is_null(json_object_get(o, "source")));
	cr_expect(json_is_null(json_object_get(o, "rule")));
	cr_expect_str_eq(text_at(o, "act"), "unknown");
	cr_expect_str_eq(text_at(o, "reason"), "none");
	cr_expect_eq(strlen(text_at(o, "detail")), sizeof(i.detail) - 1);
	json_decref(o);
}

Test(report, c_text)
{
	struct incident i = some();
	char text[REPORT_TEXT];

	report_text(&i, text);
	cr_expect_str_eq(text, "192.0.2.7 banned for 600 s: it asked for a trap (GET /.env \"\\ x)");
	i.source.family = 6;
	memcpy(&i.source.key, "\x20\x01\x0d\xb8\x00\x07\x00\x00", 8);
	i.act = INCIDENT_SPARED;
	report_text(&i, text);
	cr_expect(!strncmp(text, "2001:db8:7::/64 not banned: on the never-ban list: it", 52), "%s", text);
}

Test(report, d_pauses_double_up_to_a_minute_and_begin_anew_after_one)
{
	static const uint32_t pauses[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000 };
	uint32_t wait = 0;

	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		wait = report_wait(wait, 59999);
		cr_expect_eq(wait, pauses[i]);
	}
	cr_expect_eq(report_wait(wait, 60000), 1000);
}

Test(report, e_words)
{
	char *words[4], plain[] = " /bin/x  -a\tb ", many[] = "/a b c d", none[] = "  ", relative[] = "bin/x a";

	cr_expect_eq(report_words(plain, words, 3), 3);
	cr_expect_str_eq(words[0], "/bin/x");
	cr_expect_str_eq(words[2], "b");
	cr_expect_null(words[3]);
	cr_expect_eq(report_words(many, words, 3), 0);
	cr_expect_eq(report_words(none, words, 3), 0);
	cr_expect_eq(report_words(relative, words, 3), 0);
}
