/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The proof that cookies work: by hand SYNs, a SYN-ACK from the skin, the ACK, and the stack accepts a connection. */
#include "cellctl/cookies.h"
#include "cellctl/probe.h"
#include "shared/flood.h"
#include "shared/ports.h"
#include "shared/verdict.h"
#include "cellws.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARRIVE_MS     1000
#define SERIAL	      1000
#define PROOF_CPUS    1024
#define SYNS	      50 /* the first ones are the stack's, and what it answers finds no way back */
#define STEP_MS	      20

struct cookie_proof {
	struct probe wire;
	struct cellws *skel;
	struct proof_result *result;
};

static int failed(struct cookie_proof *p, enum proof_end end, const char *what, int error)
{
	p->result->end = end;
	snprintf(p->result->text, sizeof(p->result->text), "%s: %s", what, strerror(-error));
	return -1;
}

/* Only the skin, in a flood that lasts as long as the proof. */
static int load_skin(struct cookie_proof *p)
{
	const struct port_flood flood = { .answer_until_ns = ~0ULL, .answers = 1 };
	const struct flood_state state = { .judge_until_ns = ~0ULL };
	static struct port_set ports;
	struct bpf_program *program;
	__u32 port = PROBE_PORT, zero = 0;
	int error;

	p->skel = cellws__open();
	if (!p->skel)
		return -errno;
	bpf_object__for_each_program(program, p->skel->obj)
		bpf_program__set_autoload(program, program == p->skel->progs.skin_screen);
	p->skel->data_limits->port_syn_rate = 1;
	error = cellws__load(p->skel);
	port_set_add(&ports, PROBE_PORT);
	if (!error && (bpf_map_update_elem(bpf_map__fd(p->skel->maps.own_ports), &zero, &ports, BPF_ANY) ||
		bpf_map_update_elem(bpf_map__fd(p->skel->maps.flood_ports), &port, &flood, BPF_ANY) ||
		bpf_map_update_elem(bpf_map__fd(p->skel->maps.flood_state), &zero, &state, BPF_ANY)))
		error = -errno;
	return error;
}

/* The generic hook: sending back needs no help from the other end of the wire there. The link goes with the process. */
static int attach(struct cookie_proof *p)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	int link = bpf_link_create(bpf_program__fd(p->skel->progs.skin_screen), (int)p->wire.far, BPF_XDP, &opts);

	return link < 0 ? link : 0;
}

/* With 2 the stack takes cookies once it has made one itself, without an overflow. In this namespace only. */
static int setting(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_syncookies", "we");
	int error = 0;

	if (!f)
		return -errno;
	if (fputs("2\n", f) < 0)
		error = -EIO;
	return fclose(f) ? -errno : error;
}

static int listen_on(int family)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(PROBE_PORT), .sin6_addr = in6addr_any };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(PROBE_PORT) };
	const struct sockaddr *at = family == AF_INET ? (const void *)&v4 : (const void *)&v6;
	int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return bind(fd, at, family == AF_INET ? sizeof(v4) : sizeof(v6)) || listen(fd, 1) ? -errno : fd;
}

static bool skin_has_answered(const struct cookie_proof *p)
{
	struct immune_stat stats[PROOF_CPUS];
	__u32 verdict = VERDICT_ANSWER_COOKIE;
	uint64_t n = 0;
	int cpus = libbpf_num_possible_cpus();

	if (cpus > PROOF_CPUS || bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.immune_stats), &verdict, stats))
		return false;
	for (int i = 0; i < cpus; i++)
		n += stats[i].packets;
	return n;
}

static void forget_answers(const struct cookie_proof *p)
{
	static const struct immune_stat none[PROOF_CPUS];
	__u32 verdict = VERDICT_ANSWER_COOKIE;

	if (libbpf_num_possible_cpus() <= PROOF_CPUS)
		bpf_map_update_elem(bpf_map__fd(p->skel->maps.immune_stats), &verdict, none, BPF_ANY);
}

/* SYNs until the skin has answered one; its cookie. The first one makes the stack ready to take cookies. */
static int ask_for_cookie(struct cookie_proof *p, int family, uint32_t *cookie)
{
	forget_answers(p);
	for (uint32_t i = 0; i < SYNS; i++) {
		int error = probe_segment(&p->wire, family, TH_SYN, SERIAL + i, 0);

		if (error)
			return failed(p, PROOF_IMPOSSIBLE, "a probe cannot be sent", error);
		if (probe_answers(&p->wire, family, SERIAL + i + 1, STEP_MS, cookie) && skin_has_answered(p))
			return (int)i;
	}
	return failed(p, PROOF_FAILED, "the skin answers no SYN", -ETIMEDOUT);
}

static int prove(struct cookie_proof *p, int family)
{
	struct pollfd wait = { .events = POLLIN };
	uint32_t cookie;
	int error, nth;

	wait.fd = listen_on(family);
	if (wait.fd < 0)
		return failed(p, PROOF_IMPOSSIBLE, "no listener", wait.fd);
	nth = ask_for_cookie(p, family, &cookie);
	if (nth < 0)
		return nth;
	error = probe_segment(&p->wire, family, TH_ACK, SERIAL + (uint32_t)nth + 1, cookie + 1);
	if (error || poll(&wait, 1, ARRIVE_MS) != 1)
		return failed(p, PROOF_FAILED, family == AF_INET ? "the stack makes no connection of the cookie (IPv4)"
			: "the stack makes no connection of the cookie (IPv6)", error ? error : -ETIMEDOUT);
	close(wait.fd);
	return 0;
}

static int run(struct cookie_proof *p)
{
	int error = probe_open(&p->wire);

	if (!error)
		error = probe_address(&p->wire);
	if (error)
		return failed(p, PROOF_IMPOSSIBLE, p->wire.step, error);
	error = load_skin(p);
	if (error)
		return failed(p, PROOF_FAILED, "the skin does not load", error);
	error = attach(p);
	if (error)
		return failed(p, PROOF_FAILED, "the skin does not attach to a veth", error);
	error = setting();
	if (error)
		return failed(p, PROOF_FAILED, "net.ipv4.tcp_syncookies cannot be set", error);
	if (prove(p, AF_INET) || prove(p, AF_INET6))
		return -1;
	p->result->end = PROOF_HOLDS;
	strcpy(p->result->text, "SYN, cookie, ACK, connection: IPv4 and IPv6");
	return 0;
}

static void try_it(void *proof)
{
	libbpf_set_print(NULL);
	run(proof);
}

void cookies_prove(struct proof_result *result)
{
	struct cookie_proof p = { .result = result };

	proof_in_child(result, try_it, &p);
}
