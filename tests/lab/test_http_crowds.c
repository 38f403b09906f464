/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* More clients than slots, drones or patience: who can be served is, who cannot is told so, and nobody stands in another's way. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "web.h"

LAB_SUITE(lab_71_http_crowds, 60);

#define CROWD	 300  /* more than the synapse has slots */
#define ABORTED	 1400 /* more than its order holds */
#define ONE_EACH "cells { blood { min = 1 max = 1 } drone { min = 1 max = 1 } }\n"

static struct lab_conn crowd[CROWD];

static void rest_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static void crowd_asks(unsigned n, const char *target, int narrow)
{
	for (unsigned i = 0; i < n; i++) {
		if (narrow)
			web_dial_narrow(&crowd[i], narrow);
		else
			lab_connect(&crowd[i], LAB_SERVER_V4);
		lab_say(&crowd[i], "GET %s HTTP/1.1\r\n" WEB_HOST "\r\n", target);
	}
}

static void crowd_leaves(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		web_reset(&crowd[i]);
}

/* Each is answered, or told to come back. */
Test(lab_71_http_crowds, a_more_than_slots)
{
	unsigned answered = 0, told = 0;
	struct lab_answer a;

	web_up(&lab, ONE_EACH "timeouts { queue = \"1s\" }\n");
	crowd_asks(CROWD, "/sleep", 0);
	for (unsigned i = 0; i < CROWD; i++) {
		lab_read(&crowd[i], &a, false, LAB_SOON_S);
		answered += a.status == 200 && a.whole;
		if (a.status == 503)
			told += lab_field(&a, "Retry-After") != NULL;
		lab_answer_free(&a);
		lab_hang_up(&crowd[i]);
	}
	cr_expect(
		answered > 0 && answered + told == CROWD, "of %d %u were answered and %u told", CROWD, answered, told);
	web_expect_calm(&lab, "a crowd");
}

/* Clients that read hardly anything, of every kind of answer, and one more that wants something else. */
Test(lab_71_http_crowds, b_slow_readers_hold_no_slots)
{
	static const char *const targets[] = {"/big", "/mid", "/file"};

	web_up(&lab, ONE_EACH "timeouts { queue = \"1s\" }\n");
	for (int i = 0; i < 3; i++) {
		crowd_asks(CROWD, targets[i], 2048);
		rest_ms(300);
		cr_expect_eq(web_status("GET /hello HTTP/1.1\r\n" WEB_HOST "\r\n"), 200, "beside %d readers of %s",
			CROWD, targets[i]);
		cr_expect_eq(web_status("GET /file HTTP/1.1\r\n" WEB_HOST "\r\n"), 200, "beside %d readers of %s",
			CROWD, targets[i]);
		cr_expect_eq(web_status("GET /pull HTTP/1.1\r\n" WEB_HOST "\r\n"), 200, "beside %d readers of %s",
			CROWD, targets[i]);
		crowd_leaves(CROWD);
	}
	web_expect_calm(&lab, "slow readers");
}

/* While the drone is busy, more requests come and go than the queue's order holds: one that stays is still answered. */
Test(lab_71_http_crowds, c_many_that_do_not_wait)
{
	struct lab_conn busy[3], patient;
	struct lab_answer a;

	web_up(&lab, ONE_EACH);
	for (int i = 0; i < 3; i++) {
		lab_connect(&busy[i], LAB_SERVER_V4);
		lab_say(&busy[i], "GET /sleep HTTP/1.1\r\n" WEB_HOST "\r\n");
	}
	rest_ms(100);
	lab_connect(&patient, LAB_SERVER_V4);
	lab_say(&patient, "GET /hello HTTP/1.1\r\n" WEB_HOST "\r\n");
	for (int done = 0; done < ABORTED; done += 50) {
		crowd_asks(50, "/hello", 0);
		rest_ms(4);
		crowd_leaves(50);
	}
	web_expect(&patient, &a, false, 200, "the one that waits");
	lab_answer_free(&a);
	lab_hang_up(&patient);
	for (int i = 0; i < 3; i++)
		lab_hang_up(&busy[i]);
	web_expect_calm(&lab, "many that did not wait");
}

/* A large body stands still because no drone takes it: the client has done its part and is not blamed. */
Test(lab_71_http_crowds, d_a_body_that_nobody_takes)
{
	char *body = web_bytes(300000);
	struct pollfd p = {.events = POLLIN};
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, ONE_EACH "timeouts { queue = \"1s\" body = \"500ms\" }\n");
	crowd_asks(8, "/sleep", 0);
	rest_ms(100);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "POST /echo HTTP/1.1\r\n" WEB_HOST "Content-Length: 300000\r\n\r\n");
	/* Not more than the buffers hold: nobody reads the rest now. */
	lab_send(&c, body, 66000);
	p.fd = c.fd;
	cr_expect_eq(poll(&p, 1, LAB_SOON_S * 1000), 1);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 503, "%d", a.status);
	lab_answer_free(&a);
	lab_hang_up(&c);
	crowd_leaves(8);
	free(body);
	web_expect_calm(&lab, "a body that nobody took");
}

Test(lab_71_http_crowds, e_too_many_requests)
{
	unsigned taken = 0, refused = 0;
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, "immune { requests_per_second = 20 }\n");
	rest_ms(1100);
	for (int i = 0; i < 60; i++) {
		lab_connect(&c, LAB_SERVER_V4);
		lab_say(&c, "GET /small HTTP/1.1\r\n" WEB_HOST "\r\nGET /small HTTP/1.1\r\n" WEB_HOST "\r\n");
		lab_read(&c, &a, false, LAB_SOON_S);
		taken += a.status == 200;
		if (a.status == 429) {
			refused++;
			cr_expect(lab_field(&a, "Retry-After"), "no Retry-After");
			cr_expect_str_eq(lab_field(&a, "Connection") ?: "", "close");
			web_expect_closed(&c, "too many requests");
		}
		lab_answer_free(&a);
		lab_hang_up(&c);
	}
	cr_expect(taken >= 5 && refused >= 20 && taken + refused == 60, "%u taken, %u refused", taken, refused);
	/* Another source is not meant. */
	rest_ms(1100);
	cr_expect_eq(web_status("GET /small HTTP/1.1\r\n" WEB_HOST "\r\n"), 200, "a second later");
	web_expect_calm(&lab, "too many requests");
}

static char *read_file(const char *path, size_t n)
{
	char *name = NULL, *bytes = malloc(n);
	FILE *f;

	cr_assert_gt(asprintf(&name, "%s/%s", lab.root, path), 0);
	f = fopen(name, "re");
	cr_assert(f && bytes && fread(bytes, 1, n, f) == n);
	fclose(f);
	free(name);
	return bytes;
}

/* Slow at first: the answer has to wait in every place there is, and comes whole. */
Test(lab_71_http_crowds, f_slow_readers_get_all)
{
	struct lab_answer a;
	struct lab_conn c[3];
	char *mid, *big;

	web_up(&lab, "");
	mid = read_file("mid", WEB_MID);
	big = read_file("big", WEB_BIG);
	for (int i = 0; i < 3; i++)
		web_dial_narrow(&c[i], i ? 30000 : 2048);
	for (int k = 0; k < 100; k++)
		lab_say(&c[0], "GET /mid HTTP/1.1\r\n" WEB_HOST "\r\n");
	lab_say(&c[1], "GET /big HTTP/1.1\r\n" WEB_HOST "\r\n");
	lab_say(&c[2], "GET /pull?length=5000000&unknown=1 HTTP/1.1\r\n" WEB_HOST "\r\n");
	rest_ms(500);
	for (int k = 0; k < 100; k++) {
		web_expect(&c[0], &a, false, 200, "a slow reader from memory");
		cr_expect(a.body_n == WEB_MID && !memcmp(a.body, mid, WEB_MID), "answer %d", k);
		lab_answer_free(&a);
	}
	web_expect(&c[1], &a, false, 200, "a slow reader of a file");
	cr_expect(a.body_n == WEB_BIG && !memcmp(a.body, big, WEB_BIG));
	lab_answer_free(&a);
	web_expect(&c[2], &a, false, 200, "a slow reader of a stream");
	cr_expect(a.body_n == 5000000 && web_bytes_are(a.body, 5000000));
	lab_answer_free(&a);
	for (int i = 0; i < 3; i++)
		lab_hang_up(&c[i]);
	free(mid);
	free(big);
	web_expect_calm(&lab, "slow readers");
}
