/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accept-Encoding: who gets gzip, and whether the parser's trait agrees. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "genes/coding.h"
#include "http/parse.h"

struct want {
	const char *fields[3];
	bool gzip;
};

static const struct want wanted[] = {
	{{NULL}, false},
	{{""}, false},
	{{"gzip"}, true},
	{{"GZip"}, true},
	{{"x-gzip"}, true},
	{{"gzip, deflate, br"}, true},
	{{"deflate,gzip"}, true},
	{{"deflate\t,\tgzip\t"}, true},
	{{"br, gzip;q=0.001"}, true},
	{{"gzip;q=0"}, false},
	{{"gzip;q=0.000"}, false},
	{{"gzip ; q=0"}, false},
	{{"gzip ; Q=0.5"}, true},
	{{"gzip;q=1.000"}, true},
	{{"gzip;q=1.001"}, false},
	{{"gzip;q=2"}, false},
	{{"gzip;q=-1"}, false},
	{{"gzip;q="}, false},
	{{"gzip;q=0,5"}, false},
	{{"gzip;q=0."}, false},
	{{"gzip;q=1."}, true},
	{{"gzip;q=0.5x"}, false},
	{{"gzip;q=0.5000"}, false},
	{{"gzip;level=9;q=0"}, false},
	{{"gzipped"}, false},
	{{"zip"}, false},
	{{"identity"}, false},
	{{"*"}, true},
	{{"*;q=0"}, false},
	{{"*;q=0, gzip"}, true},
	{{"gzip;q=0, *"}, false},
	{{"identity;q=0.5, *"}, true},
	{{"identity, gzip;q=0.5"}, false},
	{{"identity;q=0.5, gzip;q=0.5"}, true},
	{{"identity;q=0, gzip;q=0.1"}, true},
	{{"gzip, x-gzip;q=0"}, false},
	{{"deflate", "gzip"}, true},
	{{"gzip", "gzip;q=0"}, false},
	{{",,gzip,,"}, true},
	{{";;,;q=1,gzip"}, true},
	{{"gzip;"}, false},
	{{"gzip;q=1;x"}, false},
	{{"gzip; q=0.5"}, true},
	{{"x=\"a,gzip,b\""}, true},
};

static bool ask(const struct want *w)
{
	struct coding c = CODING_NONE;

	for (int i = 0; i < 3 && w->fields[i]; i++)
		coding_add(&c, w->fields[i], strlen(w->fields[i]));
	return coding_gzip(&c);
}

Test(static_coding, weights_decide)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		cr_expect_eq(ask(&wanted[i]), wanted[i].gzip, "Accept-Encoding: %s", wanted[i].fields[0]);
}

Test(static_coding, reads_no_byte_behind_the_value)
{
	struct coding c = CODING_NONE;

	coding_add(&c, "gzip;q=0", 4);
	cr_expect(coding_gzip(&c));
	c = (struct coding)CODING_NONE;
	coding_add(&c, "gzip", 3);
	cr_expect_not(coding_gzip(&c));
}

/* The response memory keeps answers apart by the trait: a gzip answer must never be kept where the trait is absent. */
Test(static_coding, gzip_implies_the_parsers_trait)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		char head[512];
		struct http_request r;
		int n = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: a\r\n");
		for (int f = 0; f < 3 && wanted[i].fields[f]; f++)
			n += snprintf(
				head + n, sizeof(head) - (size_t)n, "Accept-Encoding: %s\r\n", wanted[i].fields[f]);
		n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
		cr_assert_eq(http_head_parse(head, (size_t)n, &r), 0, "%s", head);
		if (wanted[i].gzip)
			cr_expect(r.traits & HTTP_ACCEPT_GZIP, "no trait for Accept-Encoding: %s", wanted[i].fields[0]);
	}
}
