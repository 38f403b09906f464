/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strangers who call where hosts link: the silence they meet, the evidence it leaves, the ban in the skin, and whom it must not hit. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_97_foreign_host, 60);

#define LINK_PORT 7946
#define FIRST	  264 /* bytes of a first message */
#define STRANGER  "10.99.0.66"
#define ATTEMPTS  6

static void lay(const char *more)
{
	char text[256];

	snprintf(text, sizeof(text), "link { listen = \"0.0.0.0:%d\" }\n%s", LINK_PORT, more);
	lab_up(&lab, text, "");
	lab_sh(&lab, "ip -n %s addr add " STRANGER "/16 dev eth0", lab.client);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
}

/* Calls from there and says n bytes that no key has made. A socket, or -1 when nobody answers a SYN within a second. */
static int call(const char *from, size_t n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LINK_PORT) }, own = { .sin_family = AF_INET };
	struct timeval second = { .tv_sec = 1 };
	static const char garbage[FIRST] = "GET / HTTP/1.1\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, LAB_SERVER_V4, &to.sin_addr);
	inet_pton(AF_INET, from, &own.sin_addr);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	if (n)
		cr_assert_eq(send(fd, garbage, n, MSG_NOSIGNAL), (ssize_t)n);
	return fd;
}

/* So many attempts, each to its end: he leaves by himself, and hears nothing before. */
static void attempt(const char *from, int times, size_t n)
{
	for (int i = 0; i < times; i++) {
		int fd = call(from, n);
		char byte;

		if (fd < 0)
			return;
		shutdown(fd, SHUT_WR);
		cr_expect_leq(recv(fd, &byte, 1, 0), 0, "a stranger is answered");
		close(fd);
	}
}

static bool is_banned(void *from)
{
	lab_ctl(&lab, "immune list --json");
	return strstr(lab.out, from) != NULL;
}

static bool is_evidence(void *from)
{
	lab_ctl(&lab, "immune why %s", (const char *)from);
	return strstr(lab.out, "failed the key proof of a host") != NULL;
}

Test(lab_97_foreign_host, a_who_fails_again_and_again_is_dropped)
{
	long long before;
	int fd;

	lay("");
	attempt(STRANGER, ATTEMPTS, FIRST);
	cr_assert(lab_wait(LAB_SOON_S, is_banned, STRANGER), "%s", lab.out);
	lab_ctl(&lab, "immune why " STRANGER);
	lab_expect(&lab, 0, "failed the key proof of a host");
	before = lab_number(&lab, "immune.reasons.drop_banned");
	cr_expect_eq(call(STRANGER, FIRST), -1, "he is let in");
	cr_expect_lt(before, lab_number(&lab, "immune.reasons.drop_banned"), "the skin has not dropped him");
	/* Others are let in, to requests and to links. */
	fd = call(LAB_CLIENT_V4, 0);
	cr_expect_geq(fd, 0);
	close(fd);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}

Test(lab_97_foreign_host, b_one_mistake_bans_nobody)
{
	lay("");
	attempt(STRANGER, 1, 20);
	cr_expect(lab_wait(LAB_SOON_S, is_evidence, STRANGER), "%s", lab.out);
	/* Who says nothing at all has not failed. */
	attempt(LAB_CLIENT_V4, 2 * ATTEMPTS, 0);
	attempt(STRANGER, 1, FIRST);
	lab_ctl(&lab, "immune list --json");
	cr_expect(!strstr(lab.out, STRANGER) && !strstr(lab.out, "\"" LAB_CLIENT_V4), "%s", lab.out);
	lab_ctl(&lab, "immune why " LAB_CLIENT_V4);
	cr_expect(!strstr(lab.out, "key proof"), "%s", lab.out);
}

Test(lab_97_foreign_host, c_a_host_of_the_family_is_not_banned)
{
	char words[512], key[64];

	lay("");
	lab_ctl(&lab, "key --public");
	cr_assert_lt(snprintf(key, sizeof(key), "%s", lab.out), (int)sizeof(key));
	key[strcspn(key, "\n")] = 0;
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:%d --trust %s --run-dir %s/far --bpffs %s/far", LINK_PORT, key, lab.dir,
		lab.bpffs);
	lab_sh(&lab, "mkdir -p %s/far && exec nsenter --net=/run/netns/%s -- %s/cellctl %s", lab.bpffs, lab.client, lab_here(), words);
	lab_expect(&lab, 0, "an egg waits");
	lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":%d", LINK_PORT);
	lab_expect(&lab, 0, "lab is laid there");
	attempt(LAB_CLIENT_V4, 2 * ATTEMPTS, FIRST);
	attempt(STRANGER, ATTEMPTS, FIRST);
	cr_assert(lab_wait(LAB_SOON_S, is_banned, STRANGER), "%s", lab.out);
	lab_ctl(&lab, "immune list");
	cr_expect(strstr(lab.out, "a host of this family"), "%s", lab.out);
	lab_ctl(&lab, "immune why " LAB_CLIENT_V4);
	cr_expect(strstr(lab.out, "is not banned"), "%s", lab.out);
	lab_sh(&lab, "nsenter --net=/run/netns/%s -- %s/cellctl down --run-dir %s/far --bpffs %s/far", lab.client, lab_here(), lab.dir, lab.bpffs);
}

Test(lab_97_foreign_host, d_the_port_of_links_is_screened)
{
	lay("immune { syn_rate = 5 }\n");
	for (int i = 0; i < 60; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LINK_PORT) };

		inet_pton(AF_INET, LAB_SERVER_V4, &to.sin_addr);
		connect(fd, (struct sockaddr *)&to, sizeof(to));
		close(fd);
	}
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_syn_rate"), 0, "SYNs to the port of links are not counted");
}
