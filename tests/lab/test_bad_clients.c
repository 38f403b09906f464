/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Clients that do not read, hardly send, or come in thousands: bounded memory, nothing spins, others are served. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_70_bad_clients, 120);

#define BIG       (20 * 1000 * 1000)
#define OTHERS    50
#define HALF_OPEN 2000
#define CELLS_MAX 64

static unsigned long pss_kb(void)
{
	pid_t pids[CELLS_MAX];
	unsigned n = lab_pids(&lab, NULL, pids, CELLS_MAX);
	unsigned long sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += lab_memory_kb(pids[i], "Pss:");
	return sum;
}

/* Of all cells together. */
static double cpu_s(void)
{
	pid_t pids[CELLS_MAX];
	unsigned n = lab_pids(&lab, NULL, pids, CELLS_MAX);
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += lab_cpu_s(pids[i]);
	return sum;
}

static void expect_idle_cpu(void)
{
	struct timespec second = { .tv_sec = 1 };
	double before = cpu_s();

	nanosleep(&second, NULL);
	double used = cpu_s() - before;

	cr_expect_lt(used, 0.2, "the cells used %.2f s of CPU in a second with nothing to do", used);
}

/* A connection with a small receive buffer that asks for a large file and reads nothing. */
static void stall(struct lab_conn *c)
{
	*c = (struct lab_conn){ .fd = lab_dial(LAB_SERVER_V4, NULL) };
	cr_assert_geq(c->fd, 0);
	lab_say(c, "GET /big HTTP/1.1\r\nHost: lab\r\n\r\n");
}

static void expect_others_served(unsigned n)
{
	static struct lab_conn c[OTHERS];
	struct lab_answer a;

	for (unsigned i = 0; i < n; i++)
		lab_connect(&c[i], i % 2 ? LAB_SERVER_V4 : LAB_SERVER_V6);
	for (unsigned i = 0; i < n; i++)
		lab_say(&c[i], "GET %s HTTP/1.1\r\nHost: lab\r\n\r\n", i % 3 ? "/hello" : "/index.html");
	for (unsigned i = 0; i < n; i++) {
		lab_read(&c[i], &a, false, LAB_SOON_S);
		cr_expect(a.status == 200 && a.whole, "client %u of %u is answered %d", i, n, a.status);
		lab_answer_free(&a);
		lab_hang_up(&c[i]);
	}
}

static void live(const char *more)
{
	lab_put(&lab, "big", NULL, BIG);
	lab_up(&lab, more, "");
	lab_wake(&lab);
}

Test(lab_70_bad_clients, a_one_that_does_not_read)
{
	struct lab_conn slow[5];
	struct lab_answer a;

	live("");
	for (int i = 0; i < 5; i++)
		stall(&slow[i]);
	expect_others_served(OTHERS);
	expect_idle_cpu();
	/* It may go on reading later. */
	lab_read(&slow[0], &a, false, LAB_SOON_S);
	cr_expect(a.whole && a.body_n == BIG, "%zu of %d bytes", a.body_n, BIG);
	lab_answer_free(&a);
	for (int i = 0; i < 5; i++)
		lab_hang_up(&slow[i]);
}

Test(lab_70_bad_clients, b_one_that_never_reads_is_given_up)
{
	struct lab_conn c;

	live("timeouts { send = \"1s\" }");
	stall(&c);
	double until = lab_now() + LAB_SOON_S;

	while (lab_now() < until && lab_number(&lab, "circulation.errors") < 1)
		;
	cr_expect_geq(lab_number(&lab, "circulation.errors"), 1, "still waited for");
	cr_expect_eq(lab_number(&lab, "circulation.connections"), 0);
	lab_hang_up(&c);
	expect_others_served(4);
}

Test(lab_70_bad_clients, c_one_byte_at_a_time_is_408)
{
	static const char request[] = "GET /index.html HTTP/1.1\r\nHost: a.rather.long.name.example\r\n";
	struct lab_conn c;
	struct lab_answer a;
	double began;

	live("timeouts { head = \"1s\" }");
	lab_connect(&c, LAB_SERVER_V4);
	began = lab_now();
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		struct pollfd p = { .fd = c.fd, .events = POLLIN };

		lab_send(&c, request + i, 1);
		if (poll(&p, 1, 200) > 0)
			break;
	}
	cr_expect_gt(lab_now() - began, 0.9, "given up after %.2f s", lab_now() - began);
	cr_expect_lt(lab_now() - began, LAB_SOON_S, "given up after %.2f s only", lab_now() - began);
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 408);
	cr_expect(lab_closes(&c, LAB_SOON_S));
	lab_answer_free(&a);
	lab_hang_up(&c);
	expect_others_served(4);
}

Test(lab_70_bad_clients, d_one_that_says_nothing_is_closed)
{
	struct lab_conn c;

	live("timeouts { head = \"1s\" }");
	lab_connect(&c, LAB_SERVER_V4);
	cr_expect(lab_closes(&c, LAB_SOON_S));
	cr_expect_eq(c.n, 0, "it was told %.*s", (int)c.n, c.in);
	lab_hang_up(&c);
}

Test(lab_70_bad_clients, e_half_a_body_is_408)
{
	struct lab_conn c;
	struct lab_answer a;

	live("timeouts { body = \"1s\" }");
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /hello HTTP/1.1\r\nHost: lab\r\nContent-Length: 10\r\n\r\nhalf");
	lab_read(&c, &a, false, LAB_SOON_S);
	cr_expect_eq(a.status, 408);
	cr_expect(lab_closes(&c, LAB_SOON_S));
	lab_answer_free(&a);
	lab_hang_up(&c);
}

struct number {
	const char *path;
	long long least;
};

static bool has_reached(void *arg)
{
	const struct number *n = arg;

	return lab_number(&lab, n->path) >= n->least;
}

Test(lab_70_bad_clients, f_thousands_of_half_requests)
{
	static struct lab_conn c[HALF_OPEN];
	struct number open = { "circulation.connections", HALF_OPEN };
	unsigned long before, after;

	cr_assert(lab_allow_files(HALF_OPEN + 200));
	live("timeouts { head = \"1m\" }");
	expect_others_served(4);
	before = pss_kb();
	for (int i = 0; i < HALF_OPEN; i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], "GET /%d HTTP/1.1\r\nHost: la", i);
	}
	cr_expect(lab_wait(LAB_SOON_S, has_reached, &open), "%lld connections are open", lab_number(&lab, open.path));
	expect_others_served(OTHERS);
	after = pss_kb();
	/* A record each, and some pages. */
	cr_expect_lt(after, before + HALF_OPEN + 1024, "from %lu to %lu KiB", before, after);
	expect_idle_cpu();
	for (int i = 0; i < HALF_OPEN; i++)
		lab_hang_up(&c[i]);
	expect_others_served(4);
}

/* A large head needs a buffer of its own; there are fewer of them than connections. */
Test(lab_70_bad_clients, g_hundreds_of_large_half_heads)
{
	static struct lab_conn c[400];
	char field[8001];
	unsigned long before;

	live("timeouts { head = \"1m\" }");
	memset(field, 'x', sizeof(field) - 1);
	field[sizeof(field) - 1] = 0;
	before = pss_kb();
	for (int i = 0; i < 400; i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], "GET / HTTP/1.1\r\nHost: lab\r\nX-Long: %s", field);
	}
	expect_others_served(OTHERS);
	cr_expect_lt(pss_kb(), before + 400 * 16 + 1024, "from %lu to %lu KiB", before, pss_kb());
	for (int i = 0; i < 400; i++)
		lab_hang_up(&c[i]);
}

static bool answered(struct lab_conn *c, double seconds)
{
	struct lab_answer a;
	bool ok;

	lab_read(c, &a, false, seconds);
	ok = a.status == 200 && a.whole;
	lab_answer_free(&a);
	return ok;
}

/* Those who wait are not refused: they get their turn when others leave. */
Test(lab_70_bad_clients, h_more_than_there_is_room_for)
{
	static struct lab_conn c[40];
	unsigned first = 0, later = 0;

	live("limits { connections = 16 } cells { blood { min = 1 max = 1 } }");
	for (int i = 0; i < 40; i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	}
	for (int i = 0; i < 16; i++)
		first += answered(&c[i], LAB_SOON_S);
	cr_expect_eq(first, 16, "%u of 16 are answered", first);
	expect_idle_cpu();
	cr_expect_leq(lab_number(&lab, "circulation.connections"), 16);
	for (int i = 0; i < 40; i++) {
		if (i >= 16)
			later += answered(&c[i], LAB_SOON_S);
		lab_hang_up(&c[i]);
	}
	cr_expect_eq(later, 24, "%u of 24 who waited are answered", later);
	expect_others_served(4);
}

static void expect_answer(struct lab_conn *c, const char *who)
{
	lab_say(c, "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	cr_expect(answered(c, LAB_SOON_S), "%s is not answered", who);
}

/* Long before their time is up; who speaks now and then keeps its connection. */
Test(lab_70_bad_clients, m_who_says_nothing_makes_room)
{
	struct timespec pause = { .tv_nsec = 200000000 };
	struct lab_conn silent[15], busy, c;

	live("limits { connections = 16 } timeouts { head = \"5m\"  idle = \"5m\" } cells { blood { min = 1 max = 1 } }");
	struct number open = { "circulation.connections", 16 };

	lab_connect(&busy, LAB_SERVER_V4);
	for (int i = 0; i < 15; i++)
		lab_connect(&silent[i], LAB_SERVER_V4);
	cr_assert(lab_wait(LAB_SOON_S, has_reached, &open));
	for (int i = 0; i < 8; i++) {
		expect_answer(&busy, "who has been there all the time");
		lab_connect(&c, LAB_SERVER_V4);
		expect_answer(&c, "who is new");
		lab_hang_up(&c);
		nanosleep(&pause, NULL);
	}
	for (int i = 0; i < 15; i++)
		lab_hang_up(&silent[i]);
	lab_hang_up(&busy);
}

/* Reads until the connection ends or the time is over; how many bytes came. */
static size_t drink(struct lab_conn *c, bool *closed)
{
	*closed = lab_closes(c, LAB_SOON_S);
	return c->n;
}

Test(lab_70_bad_clients, i_a_file_that_shrinks_while_it_is_sent)
{
	struct lab_conn c;
	char path[160];
	bool closed;
	size_t n;

	live("");
	pid_t blood = lab_pid(&lab, "blood");

	stall(&c);
	struct number open = { "circulation.connections", 1 };

	cr_assert(lab_wait(LAB_SOON_S, has_reached, &open));
	/* The head is here, so the file is open; what is beyond the socket buffers is not sent yet. */
	cr_assert_eq(recv(c.fd, path, 12, MSG_PEEK | MSG_WAITALL), 12);
	snprintf(path, sizeof(path), "%s/big", lab.root);
	cr_assert_eq(truncate(path, 100000), 0);
	n = drink(&c, &closed);
	cr_expect(closed, "the connection stays open");
	cr_expect_lt(n, BIG, "all %zu bytes came", n);
	lab_hang_up(&c);
	expect_others_served(OTHERS);
	cr_expect_eq(lab_pid(&lab, "blood"), blood, "the blood cell has died of it");
}

Test(lab_70_bad_clients, j_clients_that_vanish)
{
	struct linger at_once = { .l_onoff = 1 };

	live("");
	for (int i = 0; i < 200; i++) {
		struct lab_conn c;

		lab_connect(&c, LAB_SERVER_V4);
		lab_say(&c, "GET %s HTTP/1.1\r\nHost: lab\r\n\r\n", i % 3 == 0 ? "/big" : i % 3 == 1 ? "/hello" : "/sleep");
		setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		lab_hang_up(&c);
	}
	expect_others_served(4);
	double until = lab_now() + LAB_SOON_S;

	while (lab_now() < until && lab_number(&lab, "circulation.connections") > 0)
		;
	cr_expect_eq(lab_number(&lab, "circulation.connections"), 0, "connections of nobody are kept");
	cr_expect_eq(lab_number(&lab, "census.blood"), 1);
}

/* Each of them holds a file open as well: twice the descriptors that connections alone would take. */
Test(lab_70_bad_clients, k_a_file_for_every_connection)
{
	static struct lab_conn c[150];
	struct lab_answer a;
	unsigned whole = 0;

	live("limits { connections = 200 } cells { blood { min = 1 max = 1 } }");
	for (int i = 0; i < 150; i++)
		stall(&c[i]);
	expect_idle_cpu();
	expect_others_served(20);
	for (int i = 0; i < 150; i++) {
		lab_read(&c[i], &a, false, LAB_SOON_S);
		whole += a.status == 200 && a.whole;
		lab_answer_free(&a);
		lab_hang_up(&c[i]);
	}
	cr_expect_eq(whole, 150, "%u of 150 came whole", whole);
	expect_others_served(20);
}

/* Two blood cells, and one limit for both. */
Test(lab_70_bad_clients, l_the_limit_is_one_for_all)
{
	static struct lab_conn c[60];
	unsigned answers = 0;

	live("limits { connections = 16 } cells { blood { min = 2 max = 2 } }");
	for (int i = 0; i < 60; i++) {
		lab_connect(&c[i], LAB_SERVER_V4);
		lab_say(&c[i], "GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n");
	}
	struct number open = { "circulation.connections", 16 };

	cr_expect(lab_wait(LAB_SOON_S, has_reached, &open));
	expect_idle_cpu();
	/* Both may have looked at the same moment. */
	cr_expect_leq(lab_number(&lab, open.path), 18, "%lld are open", lab_number(&lab, open.path));
	lab_sh(&lab, "grep -c 'no room' %s/lab/log", lab.run_dir);
	cr_expect_leq(atoi(lab.out), 4, "the log repeats itself %s times", lab.out);
	for (double until = lab_now() + LAB_SOON_S; answers < 60 && lab_now() < until;)
		for (int i = 0; i < 60; i++) {
			struct pollfd p = { .fd = c[i].fd, .events = POLLIN };

			if (c[i].fd < 0 || poll(&p, 1, 0) <= 0)
				continue;
			answers += answered(&c[i], LAB_SOON_S);
			lab_hang_up(&c[i]);
		}
	cr_expect_eq(answers, 60, "%u of 60 are answered", answers);
}
