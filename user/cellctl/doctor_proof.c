/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The doctor's proof: the skin alone, on a private wire: a source passes, is banned and dropped, is lifted and passes. */
#include "cellctl/doctor.h"
#include "cellctl/doctor_proof.h"
#include "cellctl/probe.h"
#include "immune/ban.h"
#include "shared/hormone.h"
#include "shared/ports.h"
#include "tissue/tissue.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARRIVE_MS     1000 /* for what must come */
#define ABSENT_MS     20   /* for what must not, once it is counted as dropped */

struct block_proof {
	struct probe wire;
	struct cellws *skel;
	struct ban_maps bans;
	struct proof_result *result;
	bool observe;
	uint32_t serial;
};

static int failed(struct block_proof *p, enum proof_end end, const char *what, int error)
{
	p->result->end = end;
	snprintf(p->result->text, sizeof(p->result->text), "%s: %s", what, strerror(-error));
	return -1;
}

/* Only the skin, with small tables. */
static int load_skin(struct block_proof *p)
{
	struct bpf_program *program;
	struct bpf_map *map;
	int error;

	p->skel = cellws__open();
	if (!p->skel)
		return -errno;
	bpf_object__for_each_program(program, p->skel->obj)
		bpf_program__set_autoload(program, program == p->skel->progs.skin_screen);
	for (int i = 0; i < BAN_MAP_COUNT; i++) {
		map = bpf_object__find_map_by_name(p->skel->obj, ban_map_names[i]);
		bpf_map__set_max_entries(map, 16);
	}
	error = cellws__load(p->skel);
	for (int i = 0; i < BAN_MAP_COUNT && !error; i++)
		p->bans.fd[i] = bpf_object__find_map_fd_by_name(p->skel->obj, ban_map_names[i]);
	return error;
}

static int own_port(struct block_proof *p)
{
	static struct port_set ports;
	__u32 zero = 0;

	port_set_add(&ports, PROBE_PORT);
	return bpf_map_update_elem(bpf_map__fd(p->skel->maps.own_ports), &zero, &ports, BPF_ANY) ? -errno : 0;
}

static int set_rules(struct block_proof *p)
{
	const struct constitution rules = { .observe = p->observe };
	__u32 zero = 0;

	return bpf_map_update_elem(bpf_map__fd(p->skel->maps.constitution), &zero, &rules, BPF_ANY) ? -errno : 0;
}

/* The link lives as long as this process. */
static int attach(struct block_proof *p)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int skin = bpf_program__fd(p->skel->progs.skin_screen), native;

	native = bpf_link_create(skin, (int)p->wire.far, BPF_XDP, &opts);
	p->result->native = native >= 0;
	if (native >= 0)
		return 0;
	opts.flags = XDP_FLAGS_SKB_MODE;
	native = bpf_link_create(skin, (int)p->wire.far, BPF_XDP, &opts);
	return native < 0 ? native : 0;
}

static uint64_t counted(const struct block_proof *p, __u32 verdict)
{
	int cpus = libbpf_num_possible_cpus();
	struct immune_stat *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
	uint64_t sum = 0;

	if (each && !bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.immune_stats), &verdict, each))
		for (int i = 0; i < cpus; i++)
			sum += each[i].packets;
	free(each);
	return sum;
}

static bool counts(const struct block_proof *p, __u32 verdict, uint64_t wanted)
{
	for (int ms = 0; ms < ARRIVE_MS && counted(p, verdict) < wanted; ms++)
		usleep(1000);
	return counted(p, verdict) == wanted;
}

/* One SYN, and what must become of it: its reason counted once, and out at the other end or not. */
static int send_one(struct block_proof *p, int family, __u32 verdict, const char *when)
{
	bool pass = verdict == VERDICT_PASS_CLEAN;
	uint64_t before = counted(p, verdict);
	const char *wrong = NULL;
	int error = probe_send(&p->wire, family, ++p->serial);

	if (error)
		return failed(p, PROOF_IMPOSSIBLE, "a probe cannot be sent", error);
	if (!counts(p, verdict, before + 1))
		wrong = pass ? "was not counted as pass_clean" : "was not counted as drop_banned";
	else if (probe_arrives(&p->wire, p->serial, pass ? ARRIVE_MS : ABSENT_MS) != pass)
		wrong = pass ? "did not arrive" : "arrived all the same";
	if (!wrong)
		return 0;
	p->result->end = PROOF_FAILED;
	snprintf(p->result->text, sizeof(p->result->text), "a SYN from %s %s %s", probe_source(family), when, wrong);
	return -1;
}

static int prove(struct block_proof *p, int family)
{
	struct address source, ban;
	int error = address_parse(probe_source(family), &source, NULL);

	ban = address_of_ban(&source);
	if (send_one(p, family, VERDICT_PASS_CLEAN, "before any ban"))
		return -1;
	if (!error)
		error = ban_add(&p->bans, &ban, clock_boot_ns(), 0, ANTIBODY_BY_HAND);
	if (error)
		return failed(p, PROOF_FAILED, "the source cannot be banned", error);
	if (send_one(p, family, VERDICT_DROP_BANNED, "while banned"))
		return -1;
	error = ban_remove(&p->bans, &ban);
	if (error)
		return failed(p, PROOF_FAILED, "the ban cannot be lifted", error);
	return send_one(p, family, VERDICT_PASS_CLEAN, "after the ban was lifted");
}

static int run(struct block_proof *p)
{
	static const int families[] = { AF_INET, AF_INET6 };
	uint64_t began = clock_boot_ns();
	int error = probe_open(&p->wire);

	if (error)
		return failed(p, PROOF_IMPOSSIBLE, p->wire.step, error);
	error = load_skin(p);
	if (!error)
		error = own_port(p);
	if (!error)
		error = set_rules(p);
	if (error)
		return failed(p, PROOF_FAILED, "the skin does not load", error);
	error = attach(p);
	if (error)
		return failed(p, PROOF_FAILED, "the skin does not attach to a veth", error);
	for (unsigned i = 0; i < 2; i++)
		if (prove(p, families[i]))
			return -1;
	p->result->end = PROOF_HOLDS;
	p->result->ms = (double)(clock_boot_ns() - began) / 1e6;
	snprintf(p->result->text, sizeof(p->result->text), "%s and %s: passed; banned: dropped and counted; lifted: passed",
		probe_source(AF_INET), probe_source(AF_INET6));
	return 0;
}

static void try_it(void *proof)
{
	run(proof);
}

void doctor_prove(struct proof_result *result, bool observe)
{
	struct block_proof p = { .result = result, .observe = observe };

	proof_in_child(result, try_it, &p);
}

void doctor_proof(struct doctor *d)
{
	struct proof_result r;

	if (!d->root)
		return;
	doctor_prove(&r, false);
	if (r.end == PROOF_HOLDS)
		doctor_tell(d, FOUND_OK, "%s on a private veth pair, in %.0f ms; %s",
			r.native ? "native XDP" : "generic XDP (native is refused there)", r.ms, r.text);
	else if (r.end == PROOF_FAILED)
		doctor_tell(d, FOUND_BAD, "%s", r.text);
	else
		doctor_tell(d, FOUND_WITHOUT, "not proved: %s", r.text);
}
