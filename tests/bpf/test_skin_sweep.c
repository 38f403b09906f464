// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Whole ranges instead of single frames: every cut of good packets, every set of TCP flags, every port.
#include <string.h>
#include <linux/bpf.h>
#include <criterion/criterion.h>
#include "packet.h"
#include "skin_rig.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

#define FRAME_MIN 14 /* shorter ones the kernel does not run */

static struct immune_stat spent(const struct skin_rig *rig, unsigned int verdict, struct rig_counts *last)
{
	struct rig_counts next;
	struct immune_stat grown;

	rig_counts(rig, &next);
	grown.packets = next.of[verdict].packets - last->of[verdict].packets;
	grown.bytes = next.of[verdict].bytes - last->of[verdict].bytes;
	*last = next;
	return grown;
}

/* A packet for an own port that is cut anywhere is dropped as cut. */
Test(skin_sweep, a_cut_at_every_byte)
{
	static const struct packet_recipe good[] = {
		{ PACKET_V4, .flags = ACK, .data = 5 },
		{ PACKET_V4, .tags = 4, .ip_words = 15, .tcp_words = 15, .tcp_bytes = 60 },
		{ PACKET_V6, .flags = ACK, .data = 5 },
		{ PACKET_V6, .tags = 2, .chain = { PACKET_HOP, PACKET_FRAGMENT, PACKET_AH, PACKET_DEST, PACKET_END } },
		{ PACKET_V6, .chain = { PACKET_FRAGMENT, PACKET_END }, .fragment = PACKET_MORE_V6, .data = 4 },
	};
	struct rig_counts last;
	struct skin_rig rig;
	uint8_t frame[PACKET_MAX];

	rig_open(&rig, false, 16);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		size_t n = packet_build(&good[i], frame);

		cr_expect(rig_run(&rig, frame, n) == XDP_PASS, "packet %zu is not good to begin with", i);
		rig_counts(&rig, &last);
		for (size_t cut = FRAME_MIN; cut < n; cut++) {
			uint32_t action = rig_run(&rig, frame, cut);
			struct immune_stat grown = spent(&rig, VERDICT_DROP_TRUNCATED, &last);

			cr_expect(action == XDP_DROP && grown.packets == 1 && grown.bytes == cut,
				"packet %zu cut to %zu of %zu bytes: action %u, counted as cut %llu times", i, cut, n,
				action, grown.packets);
		}
	}
	rig_close(&rig);
}

/* Which flags are sane, said in another way than the skin says it. */
static bool flags_sane(unsigned int flags)
{
	bool fin = flags & FIN, syn = flags & SYN, rst = flags & RST, ack = flags & ACK;

	if (!fin && !syn && !rst && !ack)
		return false;
	return !(syn && fin) && !(syn && rst) && !(rst && fin) && !(fin && !ack);
}

Test(skin_sweep, b_every_set_of_flags)
{
	struct packet_recipe r = { PACKET_V4 };
	struct rig_counts last;
	struct skin_rig rig;
	uint8_t frame[PACKET_MAX];

	rig_open(&rig, false, 16);
	rig_counts(&rig, &last);
	for (unsigned int flags = 0; flags < 256; flags++) {
		bool sane = flags_sane(flags);
		struct immune_stat grown;
		uint32_t action;

		r.flags = (uint8_t)flags;
		action = rig_run(&rig, frame, packet_build(&r, frame));
		cr_expect(action == (sane ? XDP_PASS : XDP_DROP), "flags %#x", flags);
		grown = spent(&rig, sane ? VERDICT_PASS_CLEAN : VERDICT_DROP_BAD_TCP_FLAGS, &last);
		cr_expect(grown.packets == 1, "flags %#x are not counted as expected", flags);
	}
	rig_close(&rig);
}

Test(skin_sweep, c_every_port)
{
	struct packet_recipe r = { PACKET_V6 };
	struct rig_counts counts;
	struct skin_rig rig;
	uint8_t frame[PACKET_MAX];

	rig_open(&rig, false, 16);
	for (unsigned int port = 0; port < 65536; port++) {
		r.dest_port = (uint16_t)port;
		cr_expect(rig_run(&rig, frame, packet_build(&r, frame)) == XDP_PASS);
	}
	rig_counts(&rig, &counts);
	cr_expect(counts.of[VERDICT_PASS_CLEAN].packets == 2, "two ports are ours, %llu were taken for ours",
		counts.of[VERDICT_PASS_CLEAN].packets);
	cr_expect(counts.of[VERDICT_PASS_FOREIGN_PORT].packets == 65534);
	rig_close(&rig);
}
