/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Never lock the admin out: whom nobody may ban, observing instead of dropping, an `up` that undoes itself. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_94_guard, 90);

#define BAD      "10.99.7.7"
#define ADMIN    "203.0.113.9"
#define GATEWAY  "10.99.0.254"
#define UNHEARD  1 /* seconds after which a connection attempt counts as dropped */

/* Routes with gateways of every shape, and a resolv.conf that only this organism's `up` sees. */
static void furnish(void)
{
	lab_sh(&lab,
		"set -e; n='ip -n %s'; $n route add default via " GATEWAY "; $n -6 route add default via fd99::fe; "
		"$n route add default via 10.99.0.253 table 77; $n route add 192.0.2.0/24 via 10.99.0.252; "
		"$n route add default table 78 nexthop via 10.99.0.251 dev eth0 nexthop via 10.99.0.250 dev eth0; "
		"$n route add default table 79 via inet6 fd99::fd dev eth0; "
		"printf 'search lan\\nnameserver 10.99.0.53\\nnameserver fd99::53\\n' >%s/resolv.conf",
		lab.server, lab.dir);
	lab_expect(&lab, 0, NULL);
}

/* As an administrator does it whose sudo has cleaned the environment. */
static void up_over_ssh(const char *arguments)
{
	lab_write_dna(&lab, "immune { allow = { \"192.0.2.7\" } }");
	lab_sh(&lab,
		"exec env 'SSH_CONNECTION=" ADMIN " 50022 10.99.0.1 22' unshare -m sh -c 'mount --bind %s/resolv.conf /etc/resolv.conf && "
		"env -u SSH_CONNECTION -u SSH_CLIENT nsenter --net=/run/netns/%s %s/cellctl up eth0 --dna %s --run-dir %s --bpffs %s %s; exit $?'",
		lab.dir, lab.server, lab_here(), lab.dna, lab.run_dir, lab.bpffs, arguments);
	lab_expect(&lab, 0, "never banned");
}

static const char *origin_of(json_t *list, const char *prefix)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(list, "allow"), i, entry)
		if (!strcmp(json_string_value(json_object_get(entry, "prefix")), prefix))
			return json_string_value(json_object_get(entry, "origin"));
	return "absent";
}

static void immune(int code, const char *words, const char *says)
{
	lab_ctl(&lab, "immune %s", words);
	lab_expect(&lab, code, says);
}

Test(lab_94_guard, a_the_never_ban_list_fills_itself)
{
	static const struct {
		const char *prefix, *origin;
	} wanted[] = { { ADMIN, "an administrator's SSH session" }, { GATEWAY, "a gateway of this host" },
		{ "fd99::fe", "a gateway of this host" }, { "10.99.0.253", "a gateway of this host" },
		{ "10.99.0.251", "a gateway of this host" }, { "10.99.0.250", "a gateway of this host" },
		{ "fd99::fd", "a gateway of this host" }, { "10.99.0.252", "absent" }, { "10.99.0.53", "a name server of this host" },
		{ "fd99::53", "a name server of this host" }, { LAB_SERVER_V4, "an address of this host" },
		{ LAB_SERVER_V6, "an address of this host" }, { "127.0.0.1", "an address of this host" },
		{ "192.0.2.7", "the DNA" }, { LAB_CLIENT_V4, "absent" } };
	json_t *list;

	furnish();
	up_over_ssh("");
	immune(0, "list --json", NULL);
	list = json_loads(lab.out, 0, NULL);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		cr_expect_str_eq(origin_of(list, wanted[i].prefix), wanted[i].origin, "%s: %s", wanted[i].prefix, lab.out);
	json_decref(list);
}

Test(lab_94_guard, b_none_of_them_is_banned_by_hand_or_by_a_list)
{
	static const struct {
		const char *ban, *why;
	} refused[] = { { ADMIN, "an administrator's SSH session" }, { "203.0.113.0/24", ADMIN }, { GATEWAY, "a gateway of this host" },
		{ "fd99:0:0:0::/64", "fd99::" }, { "10.99.0.53", "a name server of this host" },
		{ LAB_SERVER_V4, "an address of this host" }, { "10.99.0.0/16", "is not banned" }, { "127.0.0.1", "an address of this host" },
		{ "192.0.2.7", "the DNA" }, { "0.0.0.0/0", "is not banned" }, { "::/0", "is not banned" } };

	furnish();
	up_over_ssh("");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		char words[128];

		snprintf(words, sizeof(words), "ban %s", refused[i].ban);
		immune(1, words, refused[i].why);
		lab_sh(&lab, "echo %s >%s/list", refused[i].ban, lab.dir);
		snprintf(words, sizeof(words), "import %s/list", lab.dir);
		immune(1, words, "is not imported");
	}
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
	/* An address that the host got after `up`. */
	lab_sh(&lab, "ip -n %s addr add 198.51.100.5/32 dev eth0", lab.server);
	immune(1, "ban 198.51.100.5", "an address of this host");
}

static int listen_at(const char *address, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(inet_pton(AF_INET, address, &at.sin_addr), 1);
	cr_assert(fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)) && !listen(fd, 5));
	return fd;
}

/* No word of the session in any environment: only the connection that a process called sshd holds tells. */
Test(lab_94_guard, m_the_connection_of_an_sshd_among_the_ancestors)
{
	int fd = listen_at(LAB_CLIENT_V4, 2222);
	json_t *list;

	lab_write_dna(&lab, "");
	lab_sh(&lab,
		"cp /bin/bash %s/sshd; exec env -u SSH_CONNECTION -u SSH_CLIENT nsenter --net=/run/netns/%s %s/sshd -c "
		"'exec 5<>/dev/tcp/" LAB_CLIENT_V4 "/2222; %s/cellctl up eth0 --dna %s --run-dir %s --bpffs %s 5>&-; exit $?'",
		lab.dir, lab.server, lab.dir, lab_here(), lab.dna, lab.run_dir, lab.bpffs);
	lab_expect(&lab, 0, "never banned: " LAB_CLIENT_V4 " (an administrator's SSH session)");
	immune(0, "list --json", NULL);
	list = json_loads(lab.out, 0, NULL);
	cr_expect_str_eq(origin_of(list, LAB_CLIENT_V4), "an administrator's SSH session", "%s", lab.out);
	json_decref(list);
	close(fd);
}

static bool refused_by_screen(void)
{
	return lab_get(LAB_SERVER_V4, "/trap", NULL) == 403;
}

static void observe_up(const char *arguments)
{
	lab_sh(&lab, "ip -n %s addr add " BAD "/16 dev eth0", lab.client);
	lab_up(&lab, "immune { trap = { \"/trap\" } requests_per_second = 1000 }", arguments);
	lab_put(&lab, "trap", "bait\n", 5);
	lab_wake(&lab);
}

Test(lab_94_guard, c_observing_counts_and_enforcing_drops_at_once)
{
	observe_up("--observe");
	immune(0, "ban " BAD, "is banned");
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S), "an observer drops");
	cr_expect_gt(lab_number(&lab, "immune.would_drop.drop_banned"), 0, "%s", lab.out);
	cr_expect_eq(lab_number(&lab, "immune.dropped"), 0);
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, "observing");
	immune(0, "list", "observing");
	immune(0, "enforce", "enforces");
	cr_expect(!lab_reaches(LAB_SERVER_V4, BAD, UNHEARD));
	cr_expect_gt(lab_number(&lab, "immune.reasons.drop_banned"), 0, "%s", lab.out);
	lab_ctl(&lab, "status");
	cr_expect(!strstr(lab.out, "observing"), "%s", lab.out);
	immune(0, "observe", "observes");
	cr_expect(lab_reaches(LAB_SERVER_V4, BAD, LAB_SOON_S));
}

Test(lab_94_guard, d_blood_refuses_nothing_while_observing)
{
	observe_up("--observe");
	cr_expect(!refused_by_screen(), "an observer refuses");
	cr_expect_geq(lab_number(&lab, "circulation.would_refuse"), 1, "%s", lab.out);
	cr_expect_eq(lab_number(&lab, "circulation.refused"), 0);
	cr_expect_eq(lab_number(&lab, "immune.antibodies"), 0);
	immune(0, "enforce", NULL);
	immune(0, "allow " LAB_CLIENT_V4, NULL);
	cr_expect(refused_by_screen());
	immune(0, "observe", NULL);
	cr_expect(!refused_by_screen());
}

static bool is_gone(void *arg)
{
	char path[256];

	(void)arg;
	snprintf(path, sizeof(path), "%s/cellws/lab", lab.bpffs);
	return access(path, F_OK) && !lab_processes(&lab);
}

Test(lab_94_guard, e_unconfirmed_it_undoes_itself)
{
	double began = lab_now();

	lab_up(&lab, "", "--confirm 2s");
	lab_expect(&lab, 0, "unless `cellctl confirm` comes");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	cr_expect(lab_wait(2 + LAB_SOON_S, is_gone, NULL), "it is still there");
	cr_expect_geq(lab_now() - began, 2, "too early");
	lab_expect_nothing_left(&lab);
	lab_ctl(&lab, "confirm");
	lab_expect(&lab, 3, "not running");
}

static bool nobody_waits(void *arg)
{
	(void)arg;
	lab_sh(&lab, "pgrep -f -- '[-]-undo-after.*%s'", lab.run_dir);
	return lab.code == 1;
}

Test(lab_94_guard, f_confirmed_it_stays)
{
	lab_up(&lab, "", "--confirm 3s");
	cr_expect_eq(lab_processes(&lab), 2);
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, "taken down again in");
	lab_ctl(&lab, "confirm");
	lab_expect(&lab, 0, "lab stays");
	lab_ctl(&lab, "confirm");
	lab_expect(&lab, 1, "nothing waits for confirmation");
	cr_expect(lab_wait(LAB_SOON_S, nobody_waits, NULL));
	cr_expect_eq(lab_processes(&lab), 1);
	sleep(4);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200, "it was confirmed");
	lab_sh(&lab, "cat %s/lab/log", lab.run_dir);
	lab_expect(&lab, 0, "confirmed: it stays");
}

/* The terminal is gone, and with it the administrator: that is what it is for. */
Test(lab_94_guard, g_a_hang_up_does_not_stop_it)
{
	lab_up(&lab, "", "--confirm 2s");
	lab_sh(&lab, "for p in $(pgrep -f -- '[-]-undo-after.*%s'); do kill -HUP $p; ps -o sid= -o tty= -p $p; done", lab.run_dir);
	lab_expect(&lab, 0, "?");
	cr_expect(lab_wait(2 + LAB_SOON_S, is_gone, NULL), "it is still there");
}

Test(lab_94_guard, h_down_ends_the_wait)
{
	lab_up(&lab, "", "--confirm 1h");
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, "down");
	cr_expect(lab_wait(LAB_SOON_S, nobody_waits, NULL));
	lab_expect_nothing_left(&lab);
	lab_up(&lab, "", "");
	lab_ctl(&lab, "confirm");
	lab_expect(&lab, 1, "nothing waits for confirmation");
}

/* Killed, it undoes nothing, and nobody is told otherwise. */
Test(lab_94_guard, i_a_killed_one_is_not_waited_for)
{
	lab_up(&lab, "", "--confirm 1h");
	lab_sh(&lab, "kill -KILL $(pgrep -f -- '[-]-undo-after.*%s')", lab.run_dir);
	lab_expect(&lab, 0, NULL);
	cr_expect(lab_wait(LAB_SOON_S, nobody_waits, NULL));
	lab_ctl(&lab, "confirm");
	lab_expect(&lab, 1, "nothing waits for confirmation");
	lab_ctl(&lab, "status --json");
	lab_expect(&lab, 0, "\"confirm_s\": null");
	lab_ctl(&lab, "down");
	lab_expect_nothing_left(&lab);
}

/* A later organism of the same name is another one. */
Test(lab_94_guard, j_an_earlier_lifes_wait_does_not_end_the_next)
{
	lab_up(&lab, "", "--confirm 1h");
	cr_assert_eq(lab_kill(&lab, NULL, 1), 1);
	lab_up(&lab, "", "");
	cr_expect(lab_wait(LAB_SOON_S, nobody_waits, NULL), "it still waits for the dead one");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}

Test(lab_94_guard, k_wrong_words)
{
	static const char *const bad[] = { "soon", "2d", "0s", "forever" };

	lab_write_dna(&lab, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		lab_ctl(&lab, "up eth0 --dna %s --confirm %s", lab.dna, bad[i]);
		lab_expect(&lab, 2, "is no duration");
	}
	lab_expect_nothing_left(&lab);
}

static void doctor(void)
{
	json_t *all, *one;
	bool proved = false;
	size_t i;

	lab_ctl(&lab, "doctor eth0 --json");
	lab_expect(&lab, 0, NULL);
	all = json_loads(lab.out, 0, NULL);
	cr_assert(json_is_true(json_object_get(all, "fit")), "%s", lab.out);
	json_array_foreach(json_object_get(all, "findings"), i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name")), *state = json_string_value(json_object_get(one, "state"));

		cr_assert(name && state && json_is_string(json_object_get(one, "found")), "%s", lab.out);
		proved |= !strcmp(name, "proof") && !strcmp(state, "ok");
		cr_expect(!strcmp(state, "ok") || json_is_string(json_object_get(one, "without")), "%s does not say what is done without", name);
	}
	json_decref(all);
	cr_expect(proved, "%s", lab.out);
}

Test(lab_94_guard, l_the_doctor_with_and_without_an_organism)
{
	doctor();
	lab_expect_nothing_left(&lab);
	lab_up(&lab, "", "");
	doctor();
	cr_expect_eq(lab_processes(&lab), 1);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}
