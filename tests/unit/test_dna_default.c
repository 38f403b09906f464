/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The DNA's defaults, the DNA that is built in, and the printed table. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dna_table.h"
#include "dna_try.h"

Test(dna_default, every_option_has_its_default)
{
	const struct dna_try *t = dna_try(DNA_ROUTE);
	const struct dna *d = &t->dna;

	cr_assert_eq(t->problems, 0, "%s", t->said);
	cr_expect_str_eq(d->organism, "cellws");
	cr_expect_str_eq(d->user, "nobody");
	cr_expect_eq(d->user_line, 0);
	cr_expect(d->stem_min == 3 && d->blood_min == 1 && d->blood_max == 2 && d->drone_min == 1 && d->drone_max == 8);
	cr_expect(
		d->connections == 16384 && d->line_bytes == 8192 && d->head_bytes == 16384 && d->body_bytes == 1048576);
	cr_expect(d->head_ms == 10000 && d->body_ms == 10000 && d->idle_ms == 60000 && d->send_ms == 10000);
	cr_expect(d->queue_ms == 10000 && d->drain_ms == 10000);
	cr_expect(d->requests_per_second == 0 && d->antibodies == 131072 && d->allow_count == 0);
	cr_expect_str_eq(d->file, "t.conf");
	cr_expect_str_empty(d->key);
	cr_expect(d->cells_max == 128 && d->cells_memory_bytes == 0 && d->health_memory_bytes == 0);
	cr_expect(d->hormone_attenuation_q16 == 32768 && d->hormone_floor_q16 == 655 && d->hormone_hops == 6);
	cr_expect_eq(d->hormone_host_attenuation_q16, 32768);
	cr_expect(d->hormone_half_life_ms == 2000 && d->hormone_divide_q16 == 39322 && d->hormone_die_q16 == 13107);
	cr_expect(d->hormone_refractory_ms == 500 && d->hormone_rate == 50 && d->hormone_queue_ms == 10);
	cr_expect(d->cap_neuron_q16 == 65536 && d->cap_blood_q16 == 65536 && d->cap_drone_q16 == 32768);
	cr_expect(d->cap_stem_q16 == 6554 && d->cap_tcell_q16 == 65536 && d->cap_gamete_q16 == 6554);
	cr_expect_eq(d->link_previous_key_ms, 86400000);
	cr_expect(d->health_prompt_ms == 2000 && d->health_answer_ms == 3000 && d->health_ballot_ms == 5000);
}

Test(dna_default, listens_on_both_families)
{
	const struct dna *d = &dna_try(DNA_ROUTE)->dna;
	static const uint8_t any[16];

	cr_assert_eq(d->listen_count, 2);
	cr_expect(d->listen[0].family == AF_INET && d->listen[0].port == 8080 && !memcmp(d->listen[0].addr, any, 16));
	cr_expect(d->listen[1].family == AF_INET6 && d->listen[1].port == 8080 && !memcmp(d->listen[1].addr, any, 16));
	cr_expect_str_eq(d->listen[1].text, "[::]:8080");
}

Test(dna_default, route)
{
	const struct dna *d = &dna_try(DNA_ROUTE)->dna;

	cr_assert_eq(d->route_count, 1);
	cr_expect_str_eq(d->route[0].prefix, "/");
	cr_expect_str_eq(d->route[0].gene, "static");
	cr_expect_str_eq(d->route[0].root, "/srv/www");
	cr_expect_str_eq(d->route[0].index, "index.html");
	cr_expect_str_eq(d->route[0].args, "");
	cr_expect(d->route[0].deadline_ms == 30000 && d->route[0].line == 1);
}

Test(dna_default, built_in)
{
	const struct dna_try *t = dna_try_named(dna_default_text, dna_default_size, "built in");
	char *text = NULL;
	size_t n = 0;

	cr_assert_eq(t->problems, 0, "%s", t->said);
	cr_assert_eq(dna_load("dna.conf", &text, &n), 0, "run from the top of the tree");
	cr_expect(n == dna_default_size && !memcmp(text, dna_default_text, n) && !dna_default_text[n]);
	free(text);
}

/* SHA-256 of nothing is FIPS 180's well-known e3b0...b855. */
Test(dna_default, digest)
{
	const struct dna_try *t = dna_try("");

	cr_expect_str_eq(t->dna.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	cr_expect_eq(t->problems, 1);
	cr_expect(dna_said(t, "t.conf:1: route: found none; allowed: 1 to 64 routes"), "%s", t->said);
}

Test(dna_default, load_fails_with_errno)
{
	char *text;
	size_t n;

	cr_expect_eq(dna_load("/nonexistent/dna", &text, &n), -ENOENT);
	cr_expect_eq(dna_load("/dev/zero", &text, &n), -EFBIG);
	cr_expect_eq(dna_load("/", &text, &n), -EISDIR);
}

Test(dna_default, the_table_names_every_option)
{
	char *said = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&said, &n);

	dna_print_options(out);
	fclose(out);
#define X(section, name, type, min, max, fallback, unit, record, field, help)                                          \
	cr_expect(strstr(said, #name " ") && strstr(said, help), "%s is missing", #name);
	DNA_OPTIONS(X)
#undef X
	cr_expect(strstr(said, "cells.drone.max               number     1 to 64 cells"));
	cr_expect(strstr(said, "10ms to 1h"));
	cr_expect(strstr(said, "hormones.potency.drone        fraction   0 to 1  "));
	cr_expect(strstr(said, "0 to 64G bytes"));
	free(said);
}
