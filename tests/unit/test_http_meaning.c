/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of what Connection, Expect, the conditions, Cache-Control and Accept-Encoding ask for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_http_heads.h"

Test(http_16_meaning, a_connection)
{
	static const struct {
		const char *fields;
		bool in_11, in_10;
	} cases[] = {
		{"", true, false},
		{"Connection: close\r\n", false, false},
		{"Connection: CLOSE\r\n", false, false},
		{"connection: keep-alive\r\n", true, true},
		{"Connection: Keep-Alive\r\n", true, true},
		{"Connection: keep-alive, close\r\n", false, false},
		{"Connection: close,keep-alive\r\n", false, false},
		{"Connection: upgrade ,\tclose\r\n", false, false},
		{"Connection: ,,keep-alive,\r\n", true, true},
		{"Connection: x\r\nConnection: close\r\n", false, false},
		{"Connection: keep-alive\r\nConnection: close\r\n", false, false},
		{"Connection: x\r\nConnection: keep-alive\r\n", true, true},
		{"Connection: closed\r\n", true, false},
		{"Connection: xclose\r\n", true, false},
		{"Connection: close x\r\n", true, false},
		{"Connection:\r\n", true, false},
		{"Proxy-Connection: close\r\n", true, false},
		{"Keep-Alive: close\r\n", true, false},
	};
	struct http_request r;
	char head[2048], lines[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(lines, sizeof(lines), "Host: a\r\n%s", cases[i].fields);
		cr_assert_eq(parse_fields(1, lines, head, &r), 0, "%s", cases[i].fields);
		cr_expect_eq(r.keep_alive, cases[i].in_11, "HTTP/1.1, %s", cases[i].fields);
		cr_assert_eq(parse_fields(0, lines, head, &r), 0, "%s", cases[i].fields);
		cr_expect_eq(r.keep_alive, cases[i].in_10, "HTTP/1.0, %s", cases[i].fields);
	}
}

Test(http_16_meaning, b_expect)
{
	static const struct {
		const char *fields;
		int status;
		bool waits;
	} cases[] = {
		{"Content-Length: 5\r\n", 0, false},
		{"Expect: 100-continue\r\nContent-Length: 5\r\n", 0, true},
		{"Content-Length: 5\r\nexpect: 100-CONTINUE\r\n", 0, true},
		{"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", 0, true},
		{"Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n", 0, true},
		{"Expect: 100-continue\r\n", 0, false},
		{"Expect: 100-continue\r\nContent-Length: 0\r\n", 0, false},
		{"Expect: 100\r\n", 417, false},
		{"Expect: 200-ok\r\n", 417, false},
		{"Expect:\r\n", 417, false},
		{"Expect: 100-continue, x\r\n", 417, false},
		{"Expect: 100-continue\r\nExpect: x\r\n", 417, false},
		{"Expect: x\r\nExpect: 100-continue\r\n", 417, false},
		{"Expect: 100-continue;a\r\n", 417, false},
	};
	struct http_request r;
	char head[2048], lines[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(lines, sizeof(lines), "Host: a\r\n%s", cases[i].fields);
		cr_expect_eq(parse_fields(1, lines, head, &r), cases[i].status, "%s", cases[i].fields);
		if (cases[i].status == 0)
			cr_expect_eq(r.expect_continue, cases[i].waits, "%s", cases[i].fields);
	}
	cr_expect_eq(parse_fields(0, "Expect: 100-continue\r\nContent-Length: 5\r\n", head, &r), 0);
	cr_expect_not(r.expect_continue);
	cr_expect_eq(parse_fields(0, "Expect: x\r\n", head, &r), 0);
}

static const struct {
	const char *fields;
	uint32_t traits;
} trait_cases[] = {
	{"", 0},
	{"IF-MATCH: x\r\n", HTTP_IF_MATCH},
	{"If-None-Match: x\r\n", HTTP_IF_NONE_MATCH},
	{"If-Modified-Since: x\r\n", HTTP_IF_MODIFIED_SINCE},
	{"If-Unmodified-Since: x\r\n", HTTP_IF_UNMODIFIED_SINCE},
	{"If-Range: x\r\n", HTTP_IF_RANGE},
	{"Range: x\r\n", HTTP_RANGE},
	{"Authorization: x\r\n", HTTP_AUTHORIZATION},
	{"Cookie: x\r\n", HTTP_COOKIE},
	{"Upgrade: x\r\n", HTTP_UPGRADE},
	{"Cookie:\r\nRange:\r\n", HTTP_COOKIE | HTTP_RANGE},
	{"If-Matck: x\r\nXf-match: x\r\nIf-Rangf: x\r\nRangd: x\r\nXange: x\r\nCookif: x\r\nXookie: x\r\n", 0},
	{"If-None-Matcx: x\r\nAuthorizatiox: x\r\nXuthorization: x\r\nXpgrade: x\r\nUpgradx: x\r\n", 0},
	{"Cache-Control: no-cache\r\n", HTTP_CACHE_REVALIDATE},
	{"Cache-Control: x, No-Store\r\n", HTTP_CACHE_REVALIDATE},
	{"Cache-Control: max-age=0\r\n", HTTP_CACHE_REVALIDATE},
	{"Cache-Control: MAX-AGE=00\r\n", HTTP_CACHE_REVALIDATE},
	{"Cache-Control: x\r\nCache-Control: no-cache\r\n", HTTP_CACHE_REVALIDATE},
	{"Cache-Control: max-age=10\r\n", 0},
	{"Cache-Control: max-age=\r\n", 0},
	{"Cache-Control: max-age=01\r\n", 0},
	{"Cache-Control: xno-cache, no-cachex\r\n", 0},
	{"Cache-Control: only-if-cached\r\n", 0},
	{"Pragma: no-cache\r\n", HTTP_CACHE_REVALIDATE},
	{"Pragma: x, NO-CACHE\r\n", HTTP_CACHE_REVALIDATE},
	{"Pragma: cache\r\n", 0},
	{"Pragma: max-age=0\r\n", 0},
};

Test(http_16_meaning, c_traits)
{
	struct http_request r;
	char head[2048], lines[512];

	for (size_t i = 0; i < sizeof(trait_cases) / sizeof(trait_cases[0]); i++) {
		snprintf(lines, sizeof(lines), "Host: a\r\n%s", trait_cases[i].fields);
		cr_assert_eq(parse_fields(1, lines, head, &r), 0, "%s", trait_cases[i].fields);
		cr_expect_eq(r.traits, trait_cases[i].traits, "%x: %s", r.traits, trait_cases[i].fields);
	}
}

Test(http_16_meaning, d_accept_encoding)
{
	static const char *const yes[] = {"gzip", "GZIP", "x-gzip", "gzip, deflate, br", "br,gzip",
		"deflate , gzip;q=0.5", "gzip;q=1", "gzip;q=1.000", "gzip;q=0.001", "gzip ; Q=0.1", "*", "*;q=0.1",
		"identity, *", "gzip;q=1, *;q=0", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=1.",
		"x\r\nAccept-Encoding: gzip"};
	static const char *const no[] = {"", "identity", "br", "gzipx", "xgzip", "gzip;q=0", "gzip;q=0.0",
		"gzip;q=0.000", "gzip;q=0., br", "*;q=0", "gzip;q=0, *", "*, gzip;q=0", "gzip;q=", "gzip;q=2",
		"gzip;q=1.1", "gzip;q=0.0001", "gzip;q=-1", "gzip;x=1", "gzip;q=0.1;x", "gzip x", "gzip;", "gzip;q=.5",
		"gzip;q=0x5", "gzip;q=015", "gzip;q=00.5", "br\r\nAccept-Encoding: identity"};
	struct http_request r;
	char head[2048], lines[256];

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		snprintf(lines, sizeof(lines), "Host: a\r\nAccept-Encoding: %s\r\n", yes[i]);
		cr_assert_eq(parse_fields(1, lines, head, &r), 0, "%s", yes[i]);
		cr_expect_eq(r.traits, HTTP_ACCEPT_GZIP, "%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		snprintf(lines, sizeof(lines), "Host: a\r\nAccept-Encoding: %s\r\n", no[i]);
		cr_assert_eq(parse_fields(1, lines, head, &r), 0, "%s", no[i]);
		cr_expect_eq(r.traits, 0, "%s", no[i]);
	}
}
