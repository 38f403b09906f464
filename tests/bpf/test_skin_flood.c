// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Rates of a source and SYN cookies: what is dropped, answered and passed, and near misses; v4 and v6, tagged or not.
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "deluge.h"

#define LIMIT 10

static const char *neighbour(const struct packet_recipe *r)
{
	return r->family == 4 ? "192.0.2.2" : "2001:db8:1:1::1";
}

Test(skin_flood, a_syns_of_a_source)
{
	const struct rig_limits limits = { .syn_rate = LIMIT };

	for (unsigned k = 0; k < DELUGE_KINDS; k++) {
		struct packet_recipe syn = deluge_plain[k], other = deluge_plain[k];
		struct skin_rig rig;

		rig_open_limited(&rig, false, 16, &limits);
		for (int i = 0; i < LIMIT; i++)
			deluge_expect(&rig, &syn, XDP_PASS, VERDICT_PASS_CLEAN, "within the limit");
		deluge_expect(&rig, &syn, XDP_DROP, VERDICT_DROP_SYN_RATE, "beyond the limit");
		if (syn.family == 6)
			syn.source = "2001:db8:1::ffff";
		deluge_expect(&rig, &syn, XDP_DROP, VERDICT_DROP_SYN_RATE, "elsewhere in the /64");
		other.source = neighbour(&other);
		deluge_expect(&rig, &other, XDP_PASS, VERDICT_PASS_CLEAN, "another source");
		syn.flags = ACK;
		deluge_expect(&rig, &syn, XDP_PASS, VERDICT_PASS_CLEAN, "data of the source");
		syn.flags = SYN;
		syn.dest_port = 22;
		deluge_expect(&rig, &syn, XDP_PASS, VERDICT_PASS_FOREIGN_PORT, "another port");
		rig_allow(&rig, syn.family == 4 ? "192.0.2.1" : "2001:db8:1::/64");
		syn.dest_port = RIG_PORT;
		deluge_expect(&rig, &syn, XDP_PASS, VERDICT_PASS_ALLOWED, "an allowed source");
		rig_close(&rig);
	}
}

Test(skin_flood, b_packets_of_a_source)
{
	const struct rig_limits limits = { .packet_rate = LIMIT };

	for (unsigned k = 0; k < DELUGE_KINDS; k++) {
		struct packet_recipe data = deluge_plain[k];
		struct skin_rig rig;

		data.flags = ACK;
		rig_open_limited(&rig, false, 16, &limits);
		for (int i = 0; i < LIMIT; i++)
			deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "within the limit");
		deluge_expect(&rig, &data, XDP_DROP, VERDICT_DROP_PACKET_RATE, "beyond the limit");
		usleep(250000);
		deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "a while later");
		data.source = neighbour(&data);
		deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "another source");
		rig_close(&rig);
	}
}

Test(skin_flood, c_an_observer_only_counts)
{
	const struct rig_limits limits = { .syn_rate = 1, .cookie_rate = 10 };
	struct skin_rig rig;

	rig_open_limited(&rig, true, 16, &limits);
	deluge_expect(&rig, &deluge_plain[0], XDP_PASS, VERDICT_PASS_CLEAN, "the first");
	for (int i = 0; i < 5; i++)
		deluge_expect(&rig, &deluge_plain[0], XDP_PASS, VERDICT_PASS_OBSERVED, "further ones");
	rig_close(&rig);
}

static size_t ip_at(const struct packet_recipe *r)
{
	return 14 + 4 * r->tags;
}

static size_t tcp_at(const struct packet_recipe *r)
{
	return ip_at(r) + (r->family == 4 ? 20 : 40);
}

static uint32_t sum_up(const uint8_t *b, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* A right checksum makes the sum of everything 0xffff. */
static void expect_sums(const struct packet_recipe *r, const uint8_t *out, size_t n)
{
	size_t ip = ip_at(r), tcp = tcp_at(r), addresses = r->family == 4 ? 8 : 32;
	uint32_t pseudo = sum_up(out + tcp - addresses, addresses, (uint32_t)(6 + n - tcp));

	cr_expect_eq(fold(sum_up(out + tcp, n - tcp, pseudo)), 0xffff, "TCP checksum, family %d", r->family);
	if (r->family == 4)
		cr_expect_eq(fold(sum_up(out + ip, 20, 0)), 0xffff, "IP checksum");
}

static uint32_t cookie_of(const uint8_t *tcp)
{
	uint32_t n;

	memcpy(&n, tcp + 4, sizeof(n));
	return ntohl(n);
}

static uint32_t answer(struct skin_rig *rig, const struct packet_recipe *r)
{
	uint8_t frame[PACKET_MAX], out[PACKET_MAX];
	size_t n = packet_build(r, frame), out_n, at = tcp_at(r);

	cr_assert_eq(rig_turn(rig, frame, n, out, &out_n), XDP_TX, "family %d, %u tags", r->family, r->tags);
	cr_expect_eq(out_n, at + 24, "%zu bytes", out_n);
	cr_expect(!memcmp(out, frame + 6, 6) && !memcmp(out + 6, frame, 6), "hardware addresses");
	cr_expect(!memcmp(out + 12, frame + 12, ip_at(r) - 12), "tags");
	cr_expect(!memcmp(out + at, frame + at + 2, 2) && !memcmp(out + at + 2, frame + at, 2), "ports");
	cr_expect_eq(out[at + 13], SYN | ACK);
	cr_expect(out[at + 20] == 2 && out[at + 21] == 4, "the segment size is offered");
	cr_expect_eq(out[at + 11] - frame[at + 7], 1, "the SYN is acknowledged");
	expect_sums(r, out, out_n);
	return cookie_of(out + at);
}

/* An ACK with this number acknowledged, as it would come back. */
static uint32_t come_back(struct skin_rig *rig, const struct packet_recipe *r, uint32_t acknowledged)
{
	struct packet_recipe ack = *r;
	uint8_t frame[PACKET_MAX];
	size_t n;

	ack.flags = ACK;
	n = packet_build(&ack, frame);
	frame[tcp_at(r) + 7]++;
	acknowledged = htonl(acknowledged);
	memcpy(frame + tcp_at(r) + 8, &acknowledged, sizeof(acknowledged));
	return rig_run(rig, frame, n);
}

Test(skin_flood, d_a_cookie_comes_back)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	int fds[] = { deluge_listen(AF_INET, true), deluge_listen(AF_INET6, true) };

	for (unsigned k = 0; k < DELUGE_KINDS; k++) {
		const struct packet_recipe *r = &deluge_plain[k];
		struct skin_rig rig;
		uint32_t cookie;

		rig_open_limited(&rig, false, 16, &limits);
		deluge_expect(&rig, r, XDP_PASS, VERDICT_PASS_CLEAN, "no flood");
		deluge_start(&rig, r);
		cookie = answer(&rig, r);
		cr_expect_eq(come_back(&rig, r, cookie + 1), XDP_PASS);
		cr_expect_eq(deluge_counted(&rig, VERDICT_PASS_COOKIE), 1);
		cr_expect_eq(come_back(&rig, r, cookie + 101), XDP_DROP, "a cookie that is off by more than the segment size it holds");
		cr_expect_eq(come_back(&rig, r, cookie ^ 1 << 30), XDP_DROP, "a cookie that is off by a bit");
		cr_expect_eq(deluge_counted(&rig, VERDICT_DROP_STRAY), 2);
		rig_close(&rig);
	}
	close(fds[0]);
	close(fds[1]);
}

/* As long as the kernel would not take a cookie, giving one out would make a client wait for nothing. */
Test(skin_flood, da_no_cookie_before_the_kernel_takes_it)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	int fds[] = { deluge_listen(AF_INET, false), deluge_listen(AF_INET6, false) };

	for (unsigned k = 0; k < DELUGE_KINDS; k++) {
		struct skin_rig rig;

		rig_open_limited(&rig, false, 16, &limits);
		deluge_start(&rig, &deluge_plain[k]);
		deluge_expect(&rig, &deluge_plain[k], XDP_PASS, VERDICT_PASS_CLEAN, "a listener with room");
		rig_close(&rig);
	}
	close(fds[0]);
	close(fds[1]);
}

Test(skin_flood, e_odd_syns_are_not_answered)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	static const struct packet_recipe odd[] = {
		{ PACKET_V4, .ip_words = 6 },
		{ PACKET_V4, .fragment = PACKET_MORE },
		{ PACKET_V6, .chain = { PACKET_DEST, PACKET_END } },
	};
	int fds[] = { deluge_listen(AF_INET, true), deluge_listen(AF_INET6, true) };
	struct skin_rig rig;

	rig_open_limited(&rig, false, 16, &limits);
	deluge_start(&rig, &deluge_plain[0]);
	for (unsigned i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		deluge_expect(&rig, &odd[i], XDP_DROP, VERDICT_DROP_SYN_ODD, "an odd SYN");
	rig_close(&rig);
	close(fds[0]);
	close(fds[1]);
}

Test(skin_flood, f_a_living_connection_is_untouched)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	struct packet_recipe data = { PACKET_V4, .source = "127.0.0.1", .dest = "127.0.0.1", .flags = ACK };
	int listening = deluge_listen(AF_INET, true), fd, served;
	struct skin_rig rig;

	data.source_port = deluge_connect(listening, &fd, &served);
	rig_open_limited(&rig, false, 16, &limits);
	deluge_start(&rig, &deluge_plain[0]);
	deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "data of a connection");
	data.flags = RST;
	deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "its reset");
	data.flags = SYN;
	deluge_expect(&rig, &data, XDP_PASS, VERDICT_PASS_CLEAN, "a SYN with its addresses and ports");
	data.source_port ^= 1;
	deluge_expect(&rig, &data, XDP_TX, VERDICT_ANSWER_COOKIE, "a SYN from another port");
	data.flags = RST;
	deluge_expect(&rig, &data, XDP_DROP, VERDICT_DROP_STRAY, "a reset of no connection");
	rig_close(&rig);
	close(fd);
	close(served);
	close(listening);
}

/* A cookie for it would come back to the old connection: one client in some thousands hung. */
Test(skin_flood, fa_a_port_used_again_is_the_stacks)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	struct packet_recipe syn = { PACKET_V4, .source = "127.0.0.1", .dest = "127.0.0.1" };
	int listening = deluge_listen(AF_INET, true), fd, served;
	struct skin_rig rig;

	syn.source_port = deluge_connect(listening, &fd, &served);
	close(served); /* the server closes first, so it is the one that waits */
	cr_assert_eq(recv(fd, &(char){ 0 }, 1, 0), 0);
	close(fd);
	rig_open_limited(&rig, false, 16, &limits);
	deluge_start(&rig, &deluge_plain[0]);
	deluge_expect(&rig, &syn, XDP_PASS, VERDICT_PASS_CLEAN, "a port whose last connection still waits");
	syn.source_port ^= 1;
	deluge_expect(&rig, &syn, XDP_TX, VERDICT_ANSWER_COOKIE, "a fresh port");
	rig_close(&rig);
	close(listening);
}

Test(skin_flood, g_a_flood_ends, .timeout = 30)
{
	const struct rig_limits limits = { .cookie_rate = 10, .cookie_scale = COOKIE_NO_STAMPS };
	int listening = deluge_listen(AF_INET, true);
	struct skin_rig rig;

	rig_open_limited(&rig, false, 16, &limits);
	deluge_start(&rig, &deluge_plain[0]);
	usleep(FLOOD_HOLD / 1000 / 2);
	deluge_expect(&rig, &deluge_plain[0], XDP_TX, VERDICT_ANSWER_COOKIE, "half way through");
	usleep(FLOOD_HOLD / 1000 + 300000);
	deluge_expect(&rig, &deluge_plain[0], XDP_PASS, VERDICT_PASS_CLEAN, "after a quiet while");
	rig_close(&rig);
	close(listening);
}
