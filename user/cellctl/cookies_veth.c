/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether XDP can send across a veth pair: only if the other end has XDP or GRO, which is tried with a frame of our own. */
#include "cellctl/cookies.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME	   60
#define LOCAL_TYPE 0x88b5 /* EtherType for local experiments: no stack reads it */
#define STATS_MAX  4096

static int ask(const char *iface, void *question)
{
	struct ifreq r = { .ifr_data = question };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", iface);
	if (ioctl(fd, SIOCETHTOOL, &r))
		error = -errno;
	close(fd);
	return error;
}

bool cookies_on_veth(const char *iface)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	return !ask(iface, &info) && !strcmp(info.driver, "veth");
}

static bool is_of_sending(const char *name)
{
	return strstr(name, "tx_queue_") && strstr(name, "_xdp_xmit") && !strstr(name, "errors");
}

static uint64_t sum_up(const struct ethtool_gstrings *names, const struct ethtool_stats *numbers, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		char name[ETH_GSTRING_LEN + 1] = { 0 };

		memcpy(name, names->data + i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
		sum += is_of_sending(name) ? numbers->data[i] : 0;
	}
	return sum;
}

/* Frames that XDP has brought to the other end so far; 0 as well when that cannot be known. */
static uint64_t sent_so_far(const char *iface)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_gstrings *names = NULL;
	struct ethtool_stats *numbers = NULL;
	uint64_t sum = 0;

	if (ask(iface, &info) || info.n_stats > STATS_MAX)
		return 0;
	names = calloc(1, sizeof(*names) + (size_t)info.n_stats * ETH_GSTRING_LEN);
	numbers = calloc(1, sizeof(*numbers) + info.n_stats * sizeof(uint64_t));
	if (names && numbers) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_STATS;
		names->len = info.n_stats;
		numbers->cmd = ETHTOOL_GSTATS;
		numbers->n_stats = info.n_stats;
		if (!ask(iface, names) && !ask(iface, numbers))
			sum = sum_up(names, numbers, info.n_stats);
	}
	free(names);
	free(numbers);
	return sum;
}

/*
 * A program that sends everything back, run once on a frame to our own hardware address, which the other end ignores. The
 * kernel makes a redirect of XDP_TX there, so it takes the way that the skin's answers take.
 */
static int send_one(const char *iface)
{
	const struct bpf_insn back[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_TX },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	uint8_t frame[FRAME] = { [12] = LOCAL_TYPE >> 8, [13] = LOCAL_TYPE & 0xff };
	struct xdp_md at = { .data_end = FRAME, .ingress_ifindex = if_nametoindex(iface) };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME, .ctx_in = &at, .ctx_size_in = sizeof(at),
		.repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	struct ifreq own = { 0 };
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "cookies_back", "GPL", back, 2, NULL), error = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(own.ifr_name, sizeof(own.ifr_name), "%s", iface);
	if (program < 0 || fd < 0 || ioctl(fd, SIOCGIFHWADDR, &own))
		error = -errno;
	memcpy(frame, own.ifr_hwaddr.sa_data, 6);
	memcpy(frame + 6, own.ifr_hwaddr.sa_data, 6);
	if (!error && bpf_prog_test_run_opts(program, &opts))
		error = -errno;
	if (program >= 0)
		close(program);
	if (fd >= 0)
		close(fd);
	return error;
}

bool cookies_cross_veth(const char *iface)
{
	uint64_t before = sent_so_far(iface);

	return !send_one(iface) && sent_so_far(iface) > before;
}
