// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Floods of packets that belong to no connection, ports whose SYNs are not answered, and what an alarm changes.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "cellws.skel.h"
#include "deluge.h"
#include "shared/hormone.h"

#define MANY 20000

/* A source that draws its port: none of the packets has a connection. */
static void send_strays(struct skin_rig *rig, struct packet_recipe r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t frame[PACKET_MAX];

		r.source_port = (uint16_t)(1024 + i % 50000);
		rig_run(rig, frame, packet_build(&r, frame));
	}
}

Test(skin_strays, a_strays_are_a_flood, .timeout = 60)
{
	static const uint8_t flags[] = { ACK, RST, FIN | ACK, SYN | ACK };
	const struct rig_limits limits = { .cookie_rate = 6000, .cookie_scale = COOKIE_NO_STAMPS };
	int fds[] = { deluge_listen(AF_INET, false), deluge_listen(AF_INET6, false) };

	for (unsigned k = 0; k < DELUGE_KINDS; k++) {
		struct packet_recipe stray = deluge_plain[k];
		struct skin_rig rig;

		rig_open_limited(&rig, false, 16, &limits);
		stray.flags = flags[k];
		deluge_expect(&rig, &stray, XDP_PASS, VERDICT_PASS_CLEAN, "a single stray");
		for (int i = 0; i < 20 && !deluge_counted(&rig, VERDICT_DROP_STRAY); i++)
			send_strays(&rig, stray, MANY);
		deluge_expect(&rig, &stray, XDP_DROP, VERDICT_DROP_STRAY, "one of a flood");
		stray.flags = SYN;
		deluge_expect(&rig, &stray, XDP_PASS, VERDICT_PASS_CLEAN, "a SYN in a flood of others");
		rig_close(&rig);
	}
	close(fds[0]);
	close(fds[1]);
}

Test(skin_strays, b_a_living_connection_among_them, .timeout = 60)
{
	const struct rig_limits limits = { .cookie_rate = 6000, .cookie_scale = COOKIE_NO_STAMPS };
	struct packet_recipe data = { PACKET_V4, .source = "127.0.0.1", .dest = "127.0.0.1", .flags = ACK }, stray = deluge_plain[0];
	int listening = deluge_listen(AF_INET, false), fd, served;
	struct skin_rig rig;

	data.source_port = deluge_connect(listening, &fd, &served);
	stray.flags = ACK;
	rig_open_limited(&rig, false, 16, &limits);
	for (int i = 0; i < 20 && !deluge_counted(&rig, VERDICT_DROP_STRAY); i++)
		send_strays(&rig, stray, MANY);
	cr_expect_gt(deluge_counted(&rig, VERDICT_DROP_STRAY), 0);
	deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "data of a connection");
	data.source_port ^= 1;
	deluge_expect(&rig, &data, XDP_DROP, VERDICT_DROP_STRAY, "data of none");
	rig_close(&rig);
	close(fd);
	close(served);
	close(listening);
}

/* Many packets of living connections are no flood, whatever the limit. */
Test(skin_strays, c_much_data_is_none)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	struct packet_recipe data = { PACKET_V4, .source = "127.0.0.1", .dest = "127.0.0.1", .flags = ACK };
	int listening = deluge_listen(AF_INET, false), fd, served;
	struct skin_rig rig;
	uint8_t frame[PACKET_MAX];
	size_t n;

	data.source_port = deluge_connect(listening, &fd, &served);
	n = packet_build(&data, frame);
	rig_open_limited(&rig, false, 16, &limits);
	for (int i = 0; i < MANY; i++)
		rig_run(&rig, frame, n);
	cr_expect_eq(deluge_counted(&rig, VERDICT_PASS_CLEAN), MANY);
	data.source_port ^= 1;
	deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "a stray while there is no flood");
	rig_close(&rig);
	close(fd);
	close(served);
	close(listening);
}

static void set_answers(struct skin_rig *rig, uint32_t answers)
{
	const struct port_flood calm = { .answers = answers };
	__u32 port = RIG_PORT;

	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig->skel->maps.flood_ports), &port, &calm, BPF_ANY));
}

Test(skin_strays, d_without_answers_syns_are_the_stacks)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	int listening = deluge_listen(AF_INET, true);
	struct packet_recipe stray = deluge_plain[0];
	struct skin_rig rig;

	rig_open_limited(&rig, false, 16, &limits);
	set_answers(&rig, 0);
	deluge_start(&rig, &deluge_plain[0]);
	deluge_expect(&rig, &deluge_plain[0], XDP_PASS, VERDICT_PASS_CLEAN, "a SYN");
	stray.flags = ACK;
	deluge_expect(&rig, &stray, XDP_DROP, VERDICT_DROP_STRAY, "a stray in a flood of SYNs");
	rig_close(&rig);
	close(listening);
}

/* Half-lives that have passed are short ones: on a host that has just started, none lies minutes back. */
static void set_alarm(struct skin_rig *rig, uint32_t level_q16, uint32_t half_lives)
{
	struct flood_alarm a = { .level_q16 = level_q16, .half_life_ms = half_lives ? 100 : 60000 };
	struct timespec t;
	__u32 zero = 0;

	clock_gettime(CLOCK_MONOTONIC, &t);
	a.at_ns = (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec - half_lives * 100000000ULL;
	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig->skel->maps.flood_alarm), &zero, &a, BPF_ANY));
}

/* 80 in a second are 8 in a window; in full alarm 1. */
Test(skin_strays, e_an_alarm_lowers_the_threshold)
{
	const struct rig_limits limits = { .cookie_rate = 80, .cookie_scale = COOKIE_NO_STAMPS };
	static const struct {
		uint32_t level_q16;
		uint32_t half_lives;
		bool floods;
	} cases[] = { { 0, 0, false }, { Q16_ONE, 0, true }, { Q16_ONE, 3, false }, { Q16_ONE, 100, false }, { 1000, 0, false } };
	int listening = deluge_listen(AF_INET, true);

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct skin_rig rig;

		rig_open_limited(&rig, false, 16, &limits);
		set_alarm(&rig, cases[i].level_q16, cases[i].half_lives);
		deluge_start(&rig, &deluge_plain[0]);
		if (cases[i].floods)
			deluge_expect(&rig, &deluge_plain[0], XDP_TX, VERDICT_ANSWER_COOKIE, "the fourth SYN in alarm");
		else
			deluge_expect(&rig, &deluge_plain[0], XDP_PASS, VERDICT_PASS_CLEAN, "the fourth SYN");
		rig_close(&rig);
	}
	close(listening);
}
