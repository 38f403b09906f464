// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Prints what a packet costs in the skin and in xdp-filter with the same lists, in turn; nothing fails by being slow.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>
#include "cellws.skel.h"
#include "packet.h"
#include "skin_rig.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

#define PEER_PATH "/usr/lib/%s-linux-gnu/bpf/xdpfilt_alw_%s.o"
#define BY_SOURCE 1 /* xdp-filter's flag of an entry: as source */
#define MOST	  1000000
#define RUNS	  200000
#define ROUNDS	  7

/* As xdp-filter loads it by default, and the smallest that can hold such a list. */
static const char *const kinds[] = { "all", "ip" };
#define PEERS 2

struct peer {
	struct bpf_object *object;
	int program, v4;
};

struct both {
	struct skin_rig skin;
	struct peer peers[PEERS];
	unsigned bans;
};

static bool peer_open(struct peer *p, const char *kind)
{
	const char *machines[] = { "x86_64", "aarch64" };
	struct bpf_program *program;
	struct bpf_map *map;
	char path[128];
	libbpf_print_fn_t old = libbpf_set_print(NULL); /* its sections for its own loader are remarked on */

	for (unsigned i = 0; i < 2 && !p->object; i++) {
		snprintf(path, sizeof(path), PEER_PATH, machines[i], kind);
		p->object = bpf_object__open_file(path, NULL);
	}
	libbpf_set_print(old);
	if (!p->object)
		return false;
	bpf_object__for_each_map(map, p->object)
		bpf_map__set_pin_path(map, NULL); /* they would stay, and be those of an xdp-filter that is in use */
	program = bpf_object__next_program(p->object, NULL);
	bpf_program__set_type(program, BPF_PROG_TYPE_XDP);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(p->object, "filter_ipv4"), MOST + 16);
	cr_assert(!bpf_object__load(p->object), "xdp-filter's program does not load");
	p->program = bpf_program__fd(program);
	p->v4 = bpf_object__find_map_fd_by_name(p->object, "filter_ipv4");
	return true;
}

static void both_ban(struct both *b, uint32_t source)
{
	static uint64_t *flags;
	struct address a;
	int cpus = libbpf_num_possible_cpus();

	if (!flags)
		flags = calloc((size_t)cpus, sizeof(*flags));
	for (int i = 0; i < cpus; i++)
		flags[i] = BY_SOURCE;
	cr_assert(!address_make(AF_INET, (const uint8_t *)&source, 32, &a) && !ban_add(&b->skin.maps, &a, 1, 0, ANTIBODY_BY_HAND));
	for (int i = 0; i < PEERS; i++)
		cr_assert(!b->peers[i].object || !bpf_map_update_elem(b->peers[i].v4, &source, flags, BPF_ANY));
}

/* None of these is the source of a packet below. */
static void both_fill(struct both *b, unsigned count)
{
	for (; b->bans < count; b->bans++)
		both_ban(b, htonl(0x14000000U + b->bans));
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int median(int *of)
{
	qsort(of, ROUNDS, sizeof(*of), compare);
	return of[ROUNDS / 2];
}

static int cost(int program, const uint8_t *frame, size_t n)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)n, .repeat = RUNS);

	cr_assert(!bpf_prog_test_run_opts(program, &opts));
	return (int)opts.duration;
}

static void show(struct both *b, const char *what, const struct packet_recipe *r, double most)
{
	int skin[ROUNDS], peers[PEERS][ROUNDS], s, all, ip;
	uint8_t frame[PACKET_MAX];
	size_t n = packet_build(r, frame);

	for (int i = 0; i < ROUNDS; i++) {
		skin[i] = cost(b->skin.prog, frame, n);
		for (int k = 0; k < PEERS; k++)
			peers[k][i] = b->peers[k].object ? cost(b->peers[k].program, frame, n) : 0;
	}
	s = median(skin);
	all = median(peers[0]);
	ip = median(peers[1]);
	printf("  %-16s %8u bans %4d ns", what, b->bans + 1, s);
	if (all && ip)
		printf(", xdp-filter %2d, ratio %.2f (at most %.2f: %s); of addresses only %2d, %.2f", all, (double)s / all, most,
			s <= most * all ? "holds" : "DOES NOT HOLD", ip, (double)s / ip);
	printf("\n");
	fflush(stdout);
}

Test(skin_cost, zzz_beside_xdp_filter, .timeout = 120)
{
	static const unsigned counts[] = { 0, 1000 - 1, 100000 - 1, MOST - 1 };
	static const struct packet_recipe clean = { PACKET_V4, .flags = ACK }, syn = { PACKET_V4 };
	static const struct packet_recipe banned = { PACKET_V4, .source = "198.51.100.1", .flags = ACK };
	const struct rig_limits limits = { .syn_rate = 1000000000, .cookie_rate = 4000000000, .cookie_scale = COOKIE_NO_STAMPS };
	struct both b = { 0 };
	bool found = true;

	for (int i = 0; i < PEERS; i++)
		found &= peer_open(&b.peers[i], kinds[i]);
	rig_open_limited(&b.skin, false, MOST + 16, &limits);
	printf("\nskin, as by default, %s\n", found ? "beside xdp-filter with the same list, v4:" :
		"v4; xdp-filter (Debian: xdp-tools) is not installed:");
	both_ban(&b, inet_addr("198.51.100.1"));
	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		both_fill(&b, counts[i]);
		show(&b, "blocked source", &banned, 1.0);
	}
	show(&b, "pass, data", &clean, 2.0);
	show(&b, "pass, SYN", &syn, 2.0);
	rig_close(&b.skin);
	for (int i = 0; i < PEERS; i++)
		bpf_object__close(b.peers[i].object);
}
