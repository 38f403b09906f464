/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An egg that waits among strangers: the skin on its port, many callers at once, and the organism that gets through all the same. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_95_waiting, 60);

#define EGG_PORT 7946
#define STRANGER "10.99.0.77"
#define CALLS	 400 /* of the one who hammers, at most */
#define SOURCES	 20
#define EACH	 4 /* as many as one source may have open */

/* cellctl on the daughter's host. */
static int far(const char *words)
{
	return lab_sh(&lab, "mkdir -p %s/far && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/far --bpffs %s/far",
		lab.bpffs, lab.client, lab_here(), words, lab.dir, lab.bpffs);
}

static void lay_egg(const char *more)
{
	char words[256], key[64];

	lab_ctl(&lab, "key --public");
	cr_assert_lt(snprintf(key, sizeof(key), "%s", lab.out), (int)sizeof(key));
	key[strcspn(key, "\n")] = 0;
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:%d --trust %s %s", EGG_PORT, key, more);
	far(words);
	lab_expect(&lab, 0, "an egg waits");
}

static int reproduce(void)
{
	return lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":%d", EGG_PORT);
}

static bool has_xdp(void)
{
	lab_sh(&lab, "ip -n %s link show eth0", lab.client);
	return strstr(lab.out, "xdp");
}

static bool has_no_xdp(void *arg)
{
	(void)arg;
	return !has_xdp();
}

static int call(const char *from, const char *to)
{
	struct sockaddr_in own = { .sin_family = AF_INET }, egg = { .sin_family = AF_INET, .sin_port = htons(EGG_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, from, &own.sin_addr);
	inet_pton(AF_INET, to, &egg.sin_addr);
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) || (connect(fd, (struct sockaddr *)&egg, sizeof(egg)) && errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

Test(lab_95_waiting, a_the_skin_is_on_while_it_waits_and_goes_with_it)
{
	lab_up(&lab, "", "");
	lay_egg("--for 1s");
	lab_expect(&lab, 0, "XDP in native mode");
	cr_expect(lab_wait(LAB_SOON_S, has_no_xdp, NULL), "the egg has given up, its skin is on");
	lay_egg("");
	cr_expect(has_xdp(), "%s", lab.out);
	far("down");
	cr_expect(!has_xdp(), "the skin outlives the egg");
	lay_egg("--xdp off");
	lab_expect(&lab, 0, "packets are not screened");
	cr_expect(!has_xdp(), "%s", lab.out);
	far("down");
}

Test(lab_95_waiting, b_the_organism_takes_it_over_and_a_failure_gives_it_back)
{
	lab_up(&lab, "", "");
	lay_egg("");
	/* Somebody else has the port that the organism wants. */
	int squatter = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(LAB_PORT) };

	cr_assert(!bind(squatter, (struct sockaddr *)&here, sizeof(here)) && !listen(squatter, 1));
	cr_expect_eq(reproduce(), 1, "%s", lab.out);
	cr_expect(has_xdp(), "the skin went with the attempt");
	close(squatter);
	cr_assert_eq(reproduce(), 0, "%s", lab.err);
	far("status --json");
	lab_expect(&lab, 0, "\"xdp_mode\": \"native\"");
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	/* It is the organism's now: a ban holds. */
	lab_sh(&lab, "ip -n %s addr add " STRANGER "/16 dev eth0", lab.server);
	far("immune ban " STRANGER);
	lab_expect(&lab, 0, "is banned");
	lab_sh(&lab, "nsenter --net=/run/netns/%s -- curl -s -m 1 --interface " STRANGER " http://" LAB_CLIENT_V4 ":%d/hello", lab.server, LAB_PORT);
	cr_expect_eq(lab.code, 28, "curl ended with %d", lab.code);
	far("down");
	cr_expect(!has_xdp(), "the skin is on after down");
}

/* From the mother's host, another address of it: as fast as it goes, up to a bound. */
static pid_t hammer(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	lab_enter(lab.server);
	for (int i = 0; i < CALLS; i++) {
		int fd = call(STRANGER, LAB_CLIENT_V4);

		usleep(5000);
		if (fd >= 0 && i % 2)
			close(fd);
	}
	_exit(0);
}

Test(lab_95_waiting, c_one_stranger_hammers)
{
	pid_t pid;

	lab_up(&lab, "", "");
	lab_sh(&lab, "ip -n %s addr add " STRANGER "/16 dev eth0", lab.server);
	lay_egg("");
	pid = hammer();
	usleep(300000);
	cr_expect_eq(reproduce(), 0, "%s", lab.err);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	lab_sh(&lab, "cat %s/far/egg.log", lab.dir);
	lab_expect(&lab, 0, "packets to the egg were dropped");
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	far("down");
}

/* All places are taken, and whoever loses one takes another, until the organism has come. */
static pid_t crowd(void)
{
	static int fd[SOURCES][EACH];
	char from[20], byte;
	pid_t pid = fork();

	if (pid)
		return pid;
	for (int i = 0; i < SOURCES * EACH; i++)
		fd[i / EACH][i % EACH] = -1;
	for (;;) {
		for (int i = 0; i < SOURCES * EACH; i++) {
			int *one = &fd[i / EACH][i % EACH];

			if (*one >= 0 && recv(*one, &byte, 1, 0) < 0 && errno == EAGAIN)
				continue;
			if (*one >= 0)
				close(*one);
			snprintf(from, sizeof(from), "127.0.3.%d", i / EACH + 1);
			*one = call(from, "127.0.0.1");
		}
		usleep(20000);
	}
}

Test(lab_95_waiting, d_a_crowd_of_strangers_sits_on_every_place)
{
	pid_t pid;

	lab_up(&lab, "", "");
	lay_egg("");
	pid = crowd();
	usleep(500000);
	cr_expect_eq(reproduce(), 0, "%s", lab.err);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	far("down");
}

static bool nobody_lives_far(void *arg)
{
	(void)arg;
	far("status");
	return lab.code == 3;
}

Test(lab_95_waiting, e_where_an_organism_has_died)
{
	char words[160];
	json_t *all, *egg;
	pid_t pid;

	lab_up(&lab, "", "");
	snprintf(words, sizeof(words), "up eth0 --dna %s", lab.dna);
	far(words);
	lab_expect(&lab, 0, NULL);
	far("status --json");
	all = json_loads(lab.out, 0, NULL);
	egg = json_array_get(json_object_get(all, "cells"), 0);
	pid = (pid_t)json_integer_value(json_object_get(egg, "pid"));
	json_decref(all);
	cr_assert_gt(pid, 1);
	kill(pid, SIGKILL);
	cr_assert(lab_wait(LAB_SOON_S, nobody_lives_far, NULL), "%s", lab.out);
	cr_expect(has_xdp(), "its skin has gone");
	lay_egg("");
	lab_expect(&lab, 0, "where that of the dead lab was");
	cr_assert_eq(reproduce(), 0, "%s", lab.err);
	cr_expect(has_xdp(), "%s", lab.out);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	far("status --json");
	lab_expect(&lab, 0, "\"xdp_mode\": \"native\"");
	far("down");
	cr_expect(!has_xdp(), "the skin is on after down");
}
