/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every option of the DNA: the ends of its range are taken, what lies beyond is refused and named. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include "dna_try.h"

struct range {
	const char *name, *format; /* format holds one %s */
	const char *good[4], *bad[8];
};

static const struct range ranges[] = {
	{"organism", "organism = \"%s\"", {"a", "0-9", "abcdefghijklmnopqrstuvwxyz01234"},
		{"", "-a", "A", "a_b", "a b", "abcdefghijklmnopqrstuvwxyz012345", "a/b"}},
	{"user", "user = \"%s\"", {"a", "www-data", "abcdefghijklmnopqrstuvwxyz01234"},
		{"", "abcdefghijklmnopqrstuvwxyz012345"}},
	{"listen", "listen = \"%s\"", {"1.2.3.4:1", "[::1]:65535", "[2001:db8::7]:80"},
		{"1.2.3.4", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:080", "::1:80", "[::1:80", "[::ffff:1.2.3.4]:80"}},
	{"listen", "listen = \"%s\"", {"127.0.0.1:8080"},
		{"1.2.3:80", "host:80", ":80", "[]:80", "[fe80::1%lo]:80", "", "["}},
	{"cells.stem.min", "cells { stem { min = %s } }", {"1", "16"}, {"0", "17", "-1", "3.0", "x", "", "0x3"}},
	{"cells.blood.min", "cells { blood { min = %s max = 8 } }", {"1", "8"}, {"0", "9"}},
	{"cells.blood.max", "cells { blood { max = %s } }", {"1", "8"}, {"0", "9"}},
	{"cells.drone.min", "cells { drone { min = %s max = 64 } }", {"1", "64"}, {"0", "65"}},
	{"cells.drone.max", "cells { drone { max = %s } }", {"1", "64"}, {"0", "65", "18446744073709551617"}},
	{"limits.connections", "limits { connections = %s }", {"16", "1048576"}, {"15", "1048577", "1K", "4294967312"}},
	{"limits.line", "limits { head = 60000 line = %s }", {"256", "32K", "1000"},
		{"255", "32769", "33K", "8k", "8 K", "-8"}},
	{"limits.head", "limits { line = 256 head = %s }", {"1K", "1024", "60000"}, {"1023", "60001", "1M", "K", ""}},
	{"limits.body", "limits { body = %s }", {"0", "4095M", "3G"},
		{"4096M", "4293918721", "4G", "18446744073709551615G"}},
	{"timeouts.head", "timeouts { head = %s }", {"10ms", "1h", "60m"},
		{"9ms", "3601s", "10", "0s", "2h", "1d", "1.5s"}},
	{"timeouts.body", "timeouts { body = %s }", {"10ms", "3600s"}, {"9ms", "61m", "10"}},
	{"timeouts.idle", "timeouts { idle = %s }", {"10ms", "1h"}, {"9ms", "3600001ms", "60"}},
	{"timeouts.send", "timeouts { send = %s }", {"10ms", "1h"}, {"9ms", "3600001ms", "s"}},
	{"timeouts.queue", "timeouts { queue = %s }", {"10ms", "1h"}, {"9ms", "3600001ms", "10S"}},
	{"timeouts.drain", "timeouts { drain = %s }", {"10ms", "1h"},
		{"9ms", "3600001ms", "10 s", "99999999999999999999s"}},
	{"immune.allow", "immune { allow = \"%s\" }", {"0.0.0.0/0", "1.2.3.4", "2001:db8::/32", "::1/128"},
		{"1.2.3.4/33", "10.0.0.1/8", "::1/129", "2001:db8::1/32", "a", "1.2.3.4/", "1.2.3.4/08", ""}},
	{"immune.trusted_proxies", "immune { trusted_proxies = \"%s\" }", {"10.0.0.0/8", "1.2.3.4", "2001:db8::/32", "::1/128"},
		{"1.2.3.4/33", "10.0.0.1/8", "0.0.0.0/0", "::/0", "::1/129", "::ffff:1.2.3.4", "a", ""}},
	{"immune.proxy_protocol", "immune { proxy_protocol = %s }", {"off", "optional", "required"}, {"on", "Off", "1", "requiredd"}},
	{"immune.requests_per_second", "immune { requests_per_second = %s }", {"0", "1000000"},
		{"1000001", "-1", "10/s"}},
	{"immune.syn_rate", "immune { syn_rate = %s }", {"0", "10000000"}, {"10000001"}},
	{"immune.packet_rate", "immune { packet_rate = %s }", {"0", "10000000"}, {"10000001"}},
	{"immune.cookie_rate", "immune { cookie_rate = %s }", {"0", "10000000"}, {"10000001"}},
	{"immune.antibodies", "immune { antibodies = %s }", {"16", "16777216"}, {"15", "16777217"}},
	{"immune.report_syslog", "immune { report_syslog = %s }", {"0", "1"}, {"2", "-1", "yes"}},
	{"immune.report_program", "immune { report_program = \"%s\" }", {"", "/bin/cat -u"}, {NULL}},
	{"immune.report_user", "immune { report_user = \"%s\" }", {"", "abcdefghijklmnopqrstuvwxyz01234"}, {"abcdefghijklmnopqrstuvwxyz012345"}},
	{"immune.memory", "immune { memory = \"%s\" }", {"", "/var/lib/x.db"}, {NULL}},
	{"key", "key = \"%s\"", {"/etc/cellws/key", "k"}, {""}},
	{"cells.max", "cells { stem { min = 1 } max = %s }", {"6", "128"}, {"3", "129", "-1"}},
	{"cells.memory", "cells { memory = %s }", {"0", "1", "64G", "65536M"}, {"65G", "64.5G", "99999999999G", "68719476737"}},
	{"hormones.attenuation", "hormones { attenuation = %s }", {"0", "1", "1.0000", "0.5"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.floor", "hormones { floor = %s }", {"0", "1", "1.0000", "0.5"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.divide", "hormones { die = 0 divide = %s }", {"0", "1", "0.0001"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.die", "hormones { divide = 1.0 die = %s }", {"0.0", "1", "0.9999"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.host_attenuation", "hormones { host_attenuation = %s }", {"0", "1", "0.5"}, {"-0.1", "1.0001", "half"}},
	{"hormones.hops", "hormones { hops = %s }", {"1", "16"}, {"0", "17", "1.0"}},
	{"hormones.half_life", "hormones { half_life = %s }", {"100ms", "1h"}, {"99ms", "3601s", "2"}},
	{"hormones.refractory", "hormones { refractory = %s }", {"10ms", "1h"}, {"9ms", "61m", "500"}},
	{"hormones.rate", "hormones { rate = %s }", {"1", "1000"}, {"0", "1001", "50/s"}},
	{"hormones.queue", "hormones { queue = %s }", {"1ms", "10s"}, {"0ms", "10001ms", "10"}},
	{"hormones.potency.neuron", "hormones { potency { neuron = %s } }", {"0", "1", "0.25"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.potency.blood", "hormones { potency { blood = %s } }", {"0", "1", "0.25"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.potency.drone", "hormones { potency { drone = %s } }", {"0", "1", "0.25"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.potency.stem", "hormones { potency { stem = %s } }", {"0", "1", "0.25"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.potency.tcell", "hormones { potency { tcell = %s } }", {"0", "1", "0.25"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"hormones.potency.gamete", "hormones { potency { gamete = %s } }", {"0", "1", "0.25"},
		{"-0.1", "1.0001", "1.1", "0.", ".5", "0.12345", "half", "50%"}},
	{"health.prompt", "health { prompt = %s }", {"100ms", "1h"}, {"99ms", "61m", "2"}},
	{"health.answer", "health { answer = %s }", {"50ms", "1m"}, {"49ms", "61s", "1"}},
	{"health.ballot", "health { ballot = %s }", {"100ms", "1h"}, {"99ms", "61m", "5"}},
	{"health.memory", "health { memory = %s }", {"0", "64G", "100M"}, {"65G", "1T", "-1"}},
	{"route \"/x\" gene", "route \"/x\" { gene = \"%s\" }", {"x.so", "/a/b.so", "../x.so"},
		{"", "statik", ".so", "/a/b"}},
	{"route \"/x\" root", "route \"/x\" { gene = static root = \"%s\" }", {"/", "www", "/a/b"}, {""}},
	{"route \"/x\" args", "route \"/x\" { gene = x.so args = \"%s\" }", {"", "a b", "1"}, {0}},
	{"route \"/x\" index", "route \"/x\" { gene = x.so index = \"%s\" }", {"a", "index.htm"},
		{"", "a/b", "..", "."}},
	{"route \"/x\" deadline", "route \"/x\" { gene = x.so deadline = %s }", {"10ms", "1h"}, {"9ms", "2h", "30"}},
};

static const struct dna_try *attempt(const struct range *range, const char *value)
{
	char text[1024], quoted[256];
	bool empty = !value[0] && !strstr(range->format, "\"%s\"");
	int n;

	n = snprintf(quoted, sizeof(quoted), strchr(value, ' ') && !strstr(range->format, "\"%s\"") ? "\"%s\"" : "%s",
		empty ? "\"\"" : value);
	cr_assert(n < (int)sizeof(quoted));
	n = snprintf(text, sizeof(text), "%s\n", DNA_ROUTE);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text + n, sizeof(text) - (size_t)n, range->format, quoted);
#pragma GCC diagnostic pop
	return dna_try(text);
}

Test(dna_range, the_ends_are_taken)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (int j = 0; j < 4 && ranges[i].good[j]; j++) {
			const struct dna_try *t = attempt(&ranges[i], ranges[i].good[j]);

			cr_expect_eq(t->problems, 0, "%s %s: %s", ranges[i].name, ranges[i].good[j], t->said);
		}
	}
}

Test(dna_range, what_lies_beyond_is_refused)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (int j = 0; j < 8 && ranges[i].bad[j]; j++) {
			const struct dna_try *t = attempt(&ranges[i], ranges[i].bad[j]);
			char begin[512];

			snprintf(begin, sizeof(begin), "t.conf:3: %s: found \"%s\"; allowed: ", ranges[i].name,
				ranges[i].bad[j]);
			cr_expect_eq(t->problems, 1, "%s %s: %s", ranges[i].name, ranges[i].bad[j], t->said);
			cr_expect(dna_said(t, begin), "%s\nis not\n%s", t->said, begin);
		}
	}
}

Test(dna_range, values_arrive)
{
	const struct dna *d =
		&dna_try("organism = shop user = www\n"
			 "cells { stem { min = 4 } blood { min = 2 max = 3 } drone { min = 5 max = 6 } }\n"
			 "limits { connections = 99 line = 1K head = 2K body = 3M }\n"
			 "timeouts { head = 1s body = 2s idle = 3m send = 4s queue = 500ms drain = 1h }\n"
			 "immune { requests_per_second = 7 antibodies = 17 }\n" DNA_ROUTE)
			 ->dna;

	cr_expect_str_eq(d->organism, "shop");
	cr_expect(!strcmp(d->user, "www") && d->user_line == 1);
	cr_expect(d->stem_min == 4 && d->blood_min == 2 && d->blood_max == 3 && d->drone_min == 5 && d->drone_max == 6);
	cr_expect(d->connections == 99 && d->line_bytes == 1024 && d->head_bytes == 2048 && d->body_bytes == 3145728);
	cr_expect(d->head_ms == 1000 && d->body_ms == 2000 && d->idle_ms == 180000 && d->send_ms == 4000);
	cr_expect(d->queue_ms == 500 && d->drain_ms == 3600000);
	cr_expect(d->requests_per_second == 7 && d->antibodies == 17);
}

Test(dna_range, values_of_hormones_and_health_arrive)
{
	const struct dna *d = &dna_try("key = /etc/cellws/key cells { max = 99 memory = 5G }\n"
				       "hormones { attenuation = 0.25 host_attenuation = 0.75 floor = 0.0001 hops = 7 half_life = 3s divide = 0.9\n"
				       "die = 0.3 refractory = 20ms rate = 8 queue = 9ms potency { neuron = 0.1 blood = 0.2\n"
				       "drone = 0.3 stem = 0.4 tcell = 0.6 gamete = 0.7 } }\n"
				       "health { prompt = 4s answer = 2s ballot = 6s memory = 64G }\n" DNA_ROUTE)
				       ->dna;

	cr_expect_str_eq(d->key, "/etc/cellws/key");
	cr_expect(d->cells_max == 99 && d->cells_memory_bytes == 5368709120 && d->health_memory_bytes == 68719476736);
	cr_expect(d->hormone_attenuation_q16 == 16384 && d->hormone_floor_q16 == 7 && d->hormone_hops == 7);
	cr_expect_eq(d->hormone_host_attenuation_q16, 49152);
	cr_expect(d->hormone_half_life_ms == 3000 && d->hormone_refractory_ms == 20 && d->hormone_rate == 8);
	cr_expect(d->hormone_divide_q16 == 58982 && d->hormone_die_q16 == 19661 && d->hormone_queue_ms == 9);
	cr_expect(d->cap_neuron_q16 == 6554 && d->cap_blood_q16 == 13107 && d->cap_drone_q16 == 19661);
	cr_expect(d->cap_stem_q16 == 26214 && d->cap_tcell_q16 == 39322 && d->cap_gamete_q16 == 45875);
	cr_expect(d->health_prompt_ms == 4000 && d->health_answer_ms == 2000 && d->health_ballot_ms == 6000);
}

/* 4 decimals are all told apart by 65536 parts, so nothing is shown that was not written. */
Test(dna_range, every_fraction_is_shown_as_it_was_written)
{
	for (unsigned n = 0; n <= 10000; n++) {
		char text[16], shown[16];
		uint32_t q16 = 0, again = 0;

		snprintf(text, sizeof(text), "%u.%04u", n / 10000, n % 10000);
		cr_assert_eq(dna_fraction_read(text, &q16), 0);
		dna_fraction_write(q16, shown, sizeof(shown));
		cr_assert(!strncmp(shown, text, strlen(shown)), "%s is shown as %s", text, shown);
		cr_assert(!dna_fraction_read(shown, &again) && again == q16, "%s and %s differ", text, shown);
	}
}

Test(dna_range, addresses_and_prefixes_arrive_in_network_order)
{
	const struct dna *d = &dna_try("listen = { \"1.2.3.4:80\", '[2001:db8::7]:443' }\n"
				       "immune { allow = { 10.0.0.0/8, \"192.0.2.1\", 2001:db8::/33, } }\n" DNA_ROUTE)
				       ->dna;

	cr_assert(d->listen_count == 2 && d->allow_count == 3);
	cr_expect(d->listen[0].port == 80 && !memcmp(d->listen[0].addr, "\1\2\3\4", 4) && d->listen[0].line == 1);
	cr_expect(d->listen[1].port == 443 && d->listen[1].family == AF_INET6);
	cr_expect(!memcmp(d->listen[1].addr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16));
	cr_expect(d->allow[0].family == AF_INET && d->allow[0].bits == 8 && !memcmp(d->allow[0].addr, "\12\0\0\0", 4));
	cr_expect(d->allow[1].bits == 32 && !memcmp(d->allow[1].addr, "\300\0\2\1", 4));
	cr_expect(d->allow[2].family == AF_INET6 && d->allow[2].bits == 33);
}

Test(dna_range, the_prefix_that_was_meant_is_named)
{
	const struct dna_try *t =
		dna_try("immune { allow = {\n10.1.2.3/20,\n2001:db8::1/33,\n::ffff:10.0.0.0/104 } }\n" DNA_ROUTE);

	cr_expect_eq(t->problems, 3);
	cr_expect(strstr(t->said, "t.conf:2: immune.allow: found \"10.1.2.3/20\"; allowed: \"10.1.0.0/20\""), "%s",
		t->said);
	cr_expect(strstr(t->said, "t.conf:3: immune.allow: found \"2001:db8::1/33\"; allowed: \"2001:db8::/33\""));
	cr_expect(strstr(t->said, "t.conf:4: immune.allow: found \"::ffff:10.0.0.0/104\"; allowed: \"10.0.0.0/8\""));
}

/* A list of n elements made from a number each. */
static const struct dna_try *try_list(const char *begin, const char *element, const char *end, int n)
{
	static char text[32768];
	size_t used = (size_t)snprintf(text, sizeof(text), DNA_ROUTE "%s", begin);

	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d,\n", element, i + 1);
	snprintf(text + used, sizeof(text) - used, "%s", end);
	return dna_try(text);
}

Test(dna_range, lists_have_a_most)
{
	cr_expect_eq(try_list("listen = {", "1.2.3.4:", "}", 16)->problems, 0);
	cr_expect_eq(try_list("listen = {", "1.2.3.4:", "}", 17)->problems, 1);
	cr_expect(dna_said(try_list("listen = {", "1.2.3.4:", "}", 18),
		"t.conf:18: listen: found \"1.2.3.4:17\"; allowed: 1 to 16"));
	cr_expect_eq(try_list("immune { allow = {", "2001:db8::", "} }", 256)->problems, 0);
	cr_expect_eq(try_list("immune { allow = {", "2001:db8::", "} }", 257)->problems, 1);
}

Test(dna_range, long_text)
{
	char text[2048], args[513];

	memset(args, 'a', 512);
	args[511] = '\0';
	snprintf(text, sizeof(text), "route '/' { gene = /x.so args = %s }", args);
	cr_expect_eq(dna_try(text)->problems, 0);
	args[511] = 'a';
	args[512] = '\0';
	snprintf(text, sizeof(text), "route '/' { gene = /x.so args = %s }", args);
	cr_expect(dna_said(dna_try(text), "t.conf:1: route \"/\" args: found \"aaa"));
}
