// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Loads the skin alone: every other program and map of the object is left out, so this floor depends on the skin only.
#include "skin_rig.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include "cellws.skel.h"
#include "shared/hormone.h"
#include "shared/ports.h"

uint64_t rig_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

const char *rig_verdict_name(unsigned int verdict)
{
	static const char *const names[] = {
#define X(NAME, name, drop, text) #name,
		VERDICTS(X)
#undef X
	};

	return verdict < VERDICT_COUNT ? names[verdict] : "none";
}

static bool is_skins(const char *map)
{
	static const char *const others[] = { "own_ports", "immune_stats", "rate_sources", "flood_ports", "flood_state", "flood_alarm",
		"observed_stats", "constitution" };
	bool ours = strstr(map, ".rodata") || strstr(map, ".data");

	for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++)
		ours |= !strcmp(map, others[i]);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		ours |= !strcmp(map, ban_map_names[i]);
	return ours;
}

static void leave_out_the_rest(struct cellws *skel, uint32_t bans)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, prog == skel->progs.skin_screen);
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_autocreate(map, is_skins(bpf_map__name(map)));
	bpf_map__set_max_entries(skel->maps.antibody_v4, bans);
	bpf_map__set_max_entries(skel->maps.antibody_v6, bans);
	bpf_map__set_max_entries(skel->maps.prefix_v4, bans);
	bpf_map__set_max_entries(skel->maps.prefix_v6, bans);
}

static void own_ports(struct cellws *skel)
{
	static struct port_set ports;
	__u32 zero = 0;

	port_set_add(&ports, RIG_PORT);
	port_set_add(&ports, RIG_PORT_LAST);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(skel->maps.own_ports), &zero, &ports, BPF_ANY), "own_ports");
}

static void set_limits(struct cellws *skel, const struct rig_limits *l)
{
	skel->data_limits->syn_cost_ns = l->syn_rate ? FLOOD_SECOND / l->syn_rate : 0;
	skel->data_limits->packet_cost_ns = l->packet_rate ? FLOOD_SECOND / l->packet_rate : 0;
	skel->data_limits->packet_sample = l->packet_rate >= PACKET_SAMPLE_FROM ? PACKET_SAMPLE : 1;
	skel->data_limits->port_syn_rate = l->cookie_rate;
	skel->rodata->cookie_scale = l->cookie_scale;
}

static void guard_port(struct cellws *skel)
{
	struct port_flood none = { .answers = 1 };
	__u32 port = RIG_PORT;

	cr_assert(!bpf_map_update_elem(bpf_map__fd(skel->maps.flood_ports), &port, &none, BPF_ANY));
}

void rig_observe(struct skin_rig *rig, bool observe)
{
	const struct constitution rules = { .observe = observe };
	__u32 zero = 0;

	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig->skel->maps.constitution), &zero, &rules, BPF_ANY));
}

void rig_open(struct skin_rig *rig, bool observe, uint32_t bans)
{
	const struct rig_limits none = { .cookie_scale = COOKIE_NO_STAMPS };

	rig_open_limited(rig, observe, bans, &none);
}

void rig_open_limited(struct skin_rig *rig, bool observe, uint32_t bans, const struct rig_limits *limits)
{
	rig->skel = cellws__open();
	cr_assert(rig->skel, "the skeleton does not open");
	leave_out_the_rest(rig->skel, bans);
	set_limits(rig->skel, limits);
	cr_assert(!cellws__load(rig->skel), "the skin does not load; this floor needs root");
	rig->prog = bpf_program__fd(rig->skel->progs.skin_screen);
	rig->stats = bpf_map__fd(rig->skel->maps.immune_stats);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		rig->maps.fd[i] = bpf_object__find_map_fd_by_name(rig->skel->obj, ban_map_names[i]);
	own_ports(rig->skel);
	rig_observe(rig, observe);
	if (limits->cookie_rate)
		guard_port(rig->skel);
}

void rig_close(struct skin_rig *rig)
{
	cellws__destroy(rig->skel);
}

static struct address parse(const char *prefix)
{
	struct address a;

	cr_assert(!address_parse(prefix, &a, NULL), "%s", prefix);
	return a;
}

void rig_ban(struct skin_rig *rig, const char *prefix, uint64_t expires_in_ns)
{
	struct address a = parse(prefix);
	uint64_t now = rig_now(), expires_ns = expires_in_ns ? now + expires_in_ns : 0;

	cr_assert(!ban_add(&rig->maps, &a, now, expires_ns, ANTIBODY_BY_HAND), "%s", prefix);
}

void rig_ban_over(struct skin_rig *rig, const char *prefix)
{
	struct address a = parse(prefix);
	uint64_t now = rig_now();

	cr_assert(!ban_add(&rig->maps, &a, now - 2, now - 1, ANTIBODY_BY_HAND), "%s", prefix);
}

void rig_allow(struct skin_rig *rig, const char *prefix)
{
	struct address a = parse(prefix);

	cr_assert(!ban_allow(&rig->maps, &a, ALLOWANCE_BY_HAND), "%s", prefix);
}

uint32_t rig_run(const struct skin_rig *rig, const uint8_t *frame, size_t n)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)n, .repeat = 1);

	cr_assert(!bpf_prog_test_run_opts(rig->prog, &opts), "a frame of %zu bytes cannot be run", n);
	return opts.retval;
}

uint32_t rig_turn(const struct skin_rig *rig, const uint8_t *frame, size_t n, uint8_t *out, size_t *out_n)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)n, .data_out = out, .data_size_out = 2048,
		.repeat = 1);

	cr_assert(!bpf_prog_test_run_opts(rig->prog, &opts), "a frame of %zu bytes cannot be run", n);
	*out_n = opts.data_size_out;
	return opts.retval;
}

uint32_t rig_cost(const struct skin_rig *rig, const uint8_t *frame, size_t n, int runs)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)n, .repeat = runs);

	cr_assert(!bpf_prog_test_run_opts(rig->prog, &opts));
	return opts.duration;
}

static void sum(int map, struct rig_counts *to)
{
	int cpus = libbpf_num_possible_cpus();
	struct immune_stat *per_cpu = calloc((size_t)cpus, sizeof(*per_cpu));

	memset(to, 0, sizeof(*to));
	for (__u32 v = 0; v < VERDICT_COUNT; v++) {
		cr_assert(!bpf_map_lookup_elem(map, &v, per_cpu));
		for (int cpu = 0; cpu < cpus; cpu++) {
			to->of[v].packets += per_cpu[cpu].packets;
			to->of[v].bytes += per_cpu[cpu].bytes;
		}
	}
	free(per_cpu);
}

void rig_counts(const struct skin_rig *rig, struct rig_counts *to)
{
	sum(rig->stats, to);
}

void rig_observed(const struct skin_rig *rig, struct rig_counts *to)
{
	sum(bpf_map__fd(rig->skel->maps.observed_stats), to);
}
