/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Phases of a flood in turn, so that whatever else the machine does meets both alike; medians of their ratios. */
#include "flood_lab.h"
#include "flood.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 15

struct plan {
	unsigned rate, rounds;
	double warm_s, phase_s, floor;
};

static const struct plan short_one = { .rate = 40000, .rounds = 3, .warm_s = 0.15, .phase_s = 0.2, .floor = 0.5 };
static const struct plan long_one = { .rate = 50000, .rounds = 5, .warm_s = 0.25, .phase_s = 0.5, .floor = 0.9 };

static struct flood_list list;
static struct live *live;
static bool headed;

static const struct plan *plan(void)
{
	return getenv("FLOOD_LONG") ? &long_one : &short_one;
}

unsigned flood_lab_rate(void)
{
	return plan()->rate;
}

void flood_lab_mac(struct lab *l, uint8_t mac[6])
{
	const char *at;

	lab_sh(l, "ip -n %s -o link show eth0", l->server);
	at = strstr(l->out, "link/ether ");
	cr_assert(at && sscanf(at + 11, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) == 6);
}

void flood_lab_route(struct lab *l)
{
	/* Gateways are never banned and never limited, so none of the clients may be one. */
	lab_sh(l, "set -e; c='ip -n %s' s='ip -n %s'; $c addr add 10.99.255.254/16 dev eth0; $c addr add fd99::fffe/64 dev eth0 nodad; "
		"$s route add default via 10.99.255.254; $s route add default via fd99::fffe", l->client, l->server);
	cr_assert_eq(l->code, 0, "%s", l->err);
	/* Frames that XDP sends back cross a veth pair only if the other end takes them. */
	lab_sh(l, "ethtool -K eth0 gro on");
	cr_assert_eq(l->code, 0, "%s", l->err);
}

void flood_lab_open(struct lab *l, const char *more, struct live *clients)
{
	char path[128];

	flood_lab_route(l);
	lab_up(l, more, "--xdp native");
	cr_assert(strstr(l->out, "SYN cookies beyond"), "not armed: %s%s", l->out, l->err);
	lab_wake(l);
	snprintf(path, sizeof(path), "%s/cellws/lab/link_skin", l->bpffs);
	flood_list_open(&list, path);
	live = clients;
	if (live->sources)
		live_sources(live->sources);
	live_start(live);
}

static void pass_time(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

/* Answers per second of one phase. */
struct goodput {
	double kept, anew;
};

static struct goodput phase(bool plain, struct siege *siege)
{
	struct live_counts before, after;
	double seconds;

	flood_list_use(&list, plain);
	if (siege)
		siege_start(siege);
	pass_time(plan()->warm_s);
	seconds = lab_now();
	before = *live->so_far;
	pass_time(plan()->phase_s);
	after = *live->so_far;
	seconds = lab_now() - seconds;
	if (siege)
		siege_end(siege);
	return (struct goodput){ (double)(after.kept - before.kept) / seconds, (double)(after.anew - before.anew) / seconds };
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *of, unsigned n)
{
	qsort(of, n, sizeof(*of), compare);
	return n & 1 ? of[n / 2] : (of[n / 2 - 1] + of[n / 2]) / 2;
}

struct series {
	double plain[ROUNDS_MAX], skin[ROUNDS_MAX], ratio[ROUNDS_MAX];
};

static void note(struct series *s, unsigned i, double plain, double skin)
{
	s->plain[i] = plain;
	s->skin[i] = skin;
	s->ratio[i] = plain > 0 ? skin / plain : 0;
}

/* Prints its part of the line. The ratio. */
static double tell(struct series *s, unsigned n)
{
	double ratio = median(s->ratio, n);

	printf(" %9.0f %9.0f %6.2f", median(s->plain, n), median(s->skin, n), ratio);
	return ratio;
}

void flood_lab_measure(const char *what, struct siege *siege)
{
	struct series kept, anew;
	unsigned n = plan()->rounds;
	double a, b;

	for (unsigned i = 0; i < n; i++) {
		struct goodput plain = phase(true, siege), skin = phase(false, siege);

		note(&kept, i, plain.kept, skin.kept);
		note(&anew, i, plain.anew, skin.anew);
	}
	if (!headed)
		printf("\nanswers per second, %-12s  connections kept: list, skin           anew: list, skin    mean\n", "");
	headed = true;
	printf("%-32s", what);
	a = tell(&kept, n);
	b = tell(&anew, n);
	printf(" %6.2f\n", (a + b) / 2);
	fflush(stdout);
	/* What one kind gets less for a while the other gets more, so each by itself may be a sixth below. */
	cr_expect((a + b) / 2 >= plan()->floor && a >= plan()->floor * 5 / 6 && b >= plan()->floor * 5 / 6,
		"%s: live clients keep %.2f and %.2f of what a list leaves them", what, a, b);
}

void flood_lab_close(struct lab *l)
{
	struct live_counts all = live_end(live);

	flood_list_close(&list);
	cr_expect(all.kept && all.anew);
	cr_expect_eq(all.lost, 0, "%llu of %llu live requests were lost", (unsigned long long)all.lost,
		(unsigned long long)(all.kept + all.anew + all.lost));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
	lab_ctl(l, "immune export");
	cr_expect(!strstr(l->out, "10.99."), "a live client is banned: %s", l->out);
}
