/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ordinary visitors are never refused: browsers, two hundred of them behind one address, curl and wrk; traps are set. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_96_ordinary, 90);

#define FILES	  30 /* of a page */
#define WIRES	  6  /* connections that a browser opens to one host */
#define CROWD	  200
#define VIDEO	  300000
#define TAG_MAX	  96

/* The defaults, and as many rules as an anxious operator writes. */
static const char rules[] =
	"immune {\n"
	" trap = { \"/wp-login.php\", \"/xmlrpc.php\", \"/.env\", \"/.git\", \"/phpmyadmin\", \"/cgi-bin\", \"/actuator\", \"/vendor/phpunit\" }\n"
	" signature \"jndi\" { match = \"${jndi:\" }\n signature \"traversal\" { match = \"../..\" }\n"
	" signature \"passwd\" { match = \"/etc/passwd\" }\n signature \"union\" { match = \"union select\" }\n"
	" signature \"or\" { match = \"' or '1'='1\" }\n signature \"script\" { match = \"<script\" }\n"
	" signature \"php\" { match = \"<?php\" }\n signature \"shell\" { match = \"/bin/sh\" }\n"
	" signature \"wget\" { match = \"; wget http\" }\n signature \"env\" { match = \"() { :;};\" }\n}\n";

static const char browser[] =
	"Host: lab:8080\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n"
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
	"Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
	"sec-ch-ua: \"Not/A)Brand\";v=\"8\", \"Chromium\";v=\"126\"\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n"
	"Referer: http://lab:8080/?q=select+a+union+hotel&from=O%27Brien%20%26%20sons&utm_source=news\r\n"
	"Cookie: session=ZXlKaGJHY2lPaUpJVXpJMU5pSjk.eyJzdWIiOiIxMjM0In0=; theme=dark; _ga=GA1.2.1234.5678\r\n";

static void lay(void)
{
	char more[sizeof(rules) + 512], page[FILES * 64 + 64] = "<!doctype html><title>page</title><link rel=icon href=/missing-icon.png>\n";

	for (int i = 0; i < FILES; i++) {
		char name[32];
		size_t n = strlen(page);

		snprintf(name, sizeof(name), "part%d.%s", i, i % 3 ? "png" : i % 2 ? "js" : "css");
		snprintf(page + n, sizeof(page) - n, "<img src=\"/%s\">\n", name);
		lab_put(&lab, name, NULL, 400u + 700u * (unsigned)i);
	}
	lab_put(&lab, "index.html", page, strlen(page));
	lab_put(&lab, "video.mp4", NULL, VIDEO);
	snprintf(more, sizeof(more), "%sroute \"/form\" { gene = \"%s/build/tests/genes/echo.so\" }", rules, lab_here());
	lab_up(&lab, more, "");
	lab_wake(&lab);
}

/* Nobody was refused, nothing dropped, nobody banned, and there is not even evidence against anybody. */
static void expect_peace(const char *after)
{
	static const char *const zero[] = { "immune.dropped", "immune.antibodies", "immune.antigens", "circulation.refused",
		"circulation.would_refuse" };

	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		cr_expect_eq(lab_number(&lab, zero[i]), 0, "%s: %s is not 0: %s", after, zero[i], lab.out);
	lab_ctl(&lab, "immune log");
	cr_expect_str_empty(lab.out, "%s: %s", after, lab.out);
}

/* Sends one request on a wire that may have been closed while it was idle, and expects that status. Keeps the tag. */
static void fetch(struct lab_conn *c, const char *from, const char *path, const char *more, int status, char *tag)
{
	struct lab_answer a;

	if (c->fd < 0) {
		c->fd = lab_dial(LAB_SERVER_V4, from);
		cr_assert_geq(c->fd, 0, "no connection: %s", strerror(-c->fd));
	}
	lab_say(c, "GET %s HTTP/1.1\r\n%s%s\r\n", path, browser, more);
	lab_read(c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, status, "%s is answered %d", path, a.status);
	cr_expect(a.whole);
	if (tag && a.status == 200 && lab_field(&a, "ETag"))
		snprintf(tag, TAG_MAX, "%s", lab_field(&a, "ETag"));
	if (a.closed)
		lab_hang_up(c);
	lab_answer_free(&a);
}

static void fetch_part(struct lab_conn *c, const char *from, int i, char *tag, bool again)
{
	char path[48], more[TAG_MAX + 32] = "";

	snprintf(path, sizeof(path), "/part%d.%s?v=3", i, i % 3 ? "png" : i % 2 ? "js" : "css");
	if (again && tag[0])
		snprintf(more, sizeof(more), "If-None-Match: %s\r\n", tag);
	fetch(c, from, path, more, more[0] ? 304 : 200, tag);
}

/* A visit as a browser makes it: the page, its files over six wires, what it asks for unasked, again with what it has. */
static void visit(const char *from, int pages)
{
	static char tags[FILES][TAG_MAX];
	struct lab_conn wires[WIRES];

	memset(tags, 0, sizeof(tags));
	for (int i = 0; i < WIRES; i++)
		wires[i] = (struct lab_conn){ .fd = -1 };
	for (int page = 0; page < pages; page++) {
		fetch(&wires[0], from, page % 2 ? "/index.html" : "/?lang=en&q=%3Ctable%3E", "", 200, NULL);
		for (int i = 0; i < FILES; i++)
			fetch_part(&wires[i % WIRES], from, i, tags[i], page > 0);
		if (!page) {
			fetch(&wires[1], from, "/favicon.ico", "", 404, NULL);
			fetch(&wires[2], from, "/apple-touch-icon.png", "", 404, NULL);
			fetch(&wires[3], from, "/.well-known/appspecific/com.chrome.devtools.json", "", 404, NULL);
		}
		fetch(&wires[1], from, "/missing-icon.png", "", 404, NULL);
		fetch(&wires[4], from, "/video.mp4", "Range: bytes=0-\r\n", 206, NULL);
		fetch(&wires[4], from, "/video.mp4", "Range: bytes=200000-299999\r\n", 206, NULL);
	}
	for (int i = 0; i < WIRES; i++)
		lab_hang_up(&wires[i]);
}

Test(lab_96_ordinary, a_browsers)
{
	lay();
	lab_sh(&lab, "for i in 1 2 3 4 5; do ip -n %s addr add 10.99.1.$i/16 dev eth0; done", lab.client);
	for (int i = 1; i <= 5; i++) {
		char from[32];

		snprintf(from, sizeof(from), "10.99.1.%d", i);
		visit(from, 6);
	}
	expect_peace("browsers");
}

/* One school, one address: everybody opens the site within the same seconds, and comes back. */
Test(lab_96_ordinary, b_a_crowd_behind_one_address)
{
	static struct lab_conn wire[CROWD];
	static char tags[FILES][TAG_MAX];

	lay();
	for (int i = 0; i < CROWD; i++)
		wire[i] = (struct lab_conn){ .fd = -1 };
	for (int page = 0; page < 3; page++) {
		for (int i = 0; i < CROWD; i++) {
			fetch(&wire[i], NULL, "/", "", 200, NULL);
			fetch(&wire[i], NULL, "/favicon.ico", "", 404, NULL);
			fetch(&wire[i], NULL, "/missing-icon.png", "", 404, NULL);
		}
		for (int part = 0; part < FILES; part++)
			for (int i = 0; i < CROWD; i++)
				fetch_part(&wire[i], NULL, part, tags[part], page > 0);
	}
	for (int i = 0; i < CROWD; i++)
		lab_hang_up(&wire[i]);
	expect_peace("a crowd");
}

/* Texts that contain words of attacks without being any. */
Test(lab_96_ordinary, c_forms)
{
	static const char *const bodies[] = { "name=O%27Brien&comment=I+select+the+union+hotel+or+1+of+the+others",
		"text=a+%3Ctable%3E+and+a+script%2C+..%2F+and+etc%2Fpassword", "{\"path\":\"../img/a.png\",\"price\":\"${amount}\"}" };
	struct lab_answer a;
	struct lab_conn c;

	lay();
	lab_connect(&c, LAB_SERVER_V4);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		lab_say(&c, "POST /form HTTP/1.1\r\n%sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
			browser, strlen(bodies[i]), bodies[i]);
		lab_read(&c, &a, false, LAB_SOON_S);
		cr_expect_eq(a.status, 200, "\"%s\" is answered %d", bodies[i], a.status);
		lab_answer_free(&a);
	}
	lab_hang_up(&c);
	expect_peace("forms");
}

Test(lab_96_ordinary, d_tools)
{
	lay();
	lab_sh(&lab,
		"set -e; u=http://" LAB_SERVER_V4 ":8080; curl -sSf -o /dev/null --compressed $u/ $u/part1.png $u/hello; "
		"curl -sSf -r 0-999 -o %s/v $u/video.mp4; curl -sSf -C - -o %s/v $u/video.mp4; cmp %s/v %s/video.mp4; "
		"curl -sSf -I $u/video.mp4 >/dev/null; curl -sS -o /dev/null $u/no-such-file; "
		"curl -sSf -d 'a=b' $u/form >/dev/null; curl -sSf -Z -o /dev/null \"$u/part[1-2].png\"",
		lab.dir, lab.dir, lab.dir, lab.root);
	lab_expect(&lab, 0, NULL);
	lab_sh(&lab, "wrk -t1 -c32 -d3s http://" LAB_SERVER_V4 ":8080/part1.png");
	lab_expect(&lab, 0, "requests in");
	cr_expect(!strstr(lab.out, "Non-2xx") && !strstr(lab.out, "Socket errors"), "%s", lab.out);
	expect_peace("tools");
}

/* The rules are awake: else the above would prove nothing. */
Test(lab_96_ordinary, e_the_same_rules_refuse_an_attack)
{
	lay();
	lab_ctl(&lab, "immune allow " LAB_CLIENT_V4);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/.env", NULL), 403);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/?x=${jndi:ldap://a/b}", NULL), 403);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/?x=%2e%2e/%2e%2e/etc/passwd", NULL), 403);
	cr_expect_eq(lab_number(&lab, "circulation.refused"), 3);
}

/* Many different paths that are not there are a scan, also from one address; the same one again and again is a broken link. */
Test(lab_96_ordinary, f_a_scan_is_not_ordinary)
{
	struct lab_conn c = { .fd = -1 };
	char path[64];

	lay();
	for (int i = 0; i < 300; i++)
		fetch(&c, NULL, "/missing-icon.png", "", 404, NULL);
	expect_peace("a broken link");
	for (int i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "/admin%d.bak", i);
		fetch(&c, NULL, path, "", 404, NULL);
	}
	cr_expect_gt(lab_number(&lab, "immune.antigens"), 0, "%s", lab.out);
	lab_hang_up(&c);
}
