// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The skin: the XDP program that judges every frame before the kernel's network stack sees it.
//
// Order: parse; own port?; never-ban list; antibodies; malformed; strays in a flood; rates of the source; SYN cookies;
// one exit that counts. An allowed source has no limits, but its SYNs get cookies like all others: its address may be
// forged. What is for other ports passes even from a banned source, so nobody is locked out of anything but the organism.
// Malformed packets are dropped from allowed sources too: no stack could use them. The policy for lengths and fragments
// stands in parse.bpf.h.
// An IPv6 packet with more extension headers than are followed has no known port: it passes unless its source is
// banned, else a chain of empty headers would carry a banned client past the skin.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "parse.bpf.h"
#include "malformed.bpf.h"
#include "immune.bpf.h"
#include "flood.bpf.h"
#include "cookie.bpf.h"
#include "verdict.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline __u32 judge_unparsed(const struct packet *p)
{
	__u32 verdict = UNDECIDED;

	if (p->family && !immune_allows(p))
		verdict = immune_judge(p);
	return verdict != UNDECIDED ? verdict : VERDICT_PASS_UNPARSED;
}

/*
 * What depends on how much comes. A stray of a flood is dropped before its source, which may be any, is looked up. Answering
 * cannot be tried without doing it, so an observer sends none.
 */
static __always_inline __u32 judge_amount(struct xdp_md *ctx, const struct packet *p, bool allowed)
{
	bool syn = flood_is_syn(p), guards = port_syn_rate && !observes(), rages = port_syn_rate && flood_rages();
	__u32 verdict = UNDECIDED;

	if (guards && !syn)
		verdict = cookie_judge_strays(ctx, p, rages);
	if (verdict == UNDECIDED && !allowed)
		verdict = flood_judge(p, syn, rages);
	if (verdict == UNDECIDED && guards && syn)
		verdict = cookie_judge_syn(ctx, p);
	return verdict;
}

static __always_inline __u32 judge(struct xdp_md *ctx, const struct packet *p)
{
	__u32 verdict = UNDECIDED;
	bool allowed;

	if (!immune_owns(p->dest_port))
		return VERDICT_PASS_FOREIGN_PORT;
	allowed = immune_allows(p);
	if (!allowed)
		verdict = immune_judge(p);
	if (verdict == UNDECIDED)
		verdict = malformed_judge(p);
	if (verdict == UNDECIDED)
		verdict = judge_amount(ctx, p, allowed);
	if (verdict != UNDECIDED)
		return verdict;
	return allowed ? VERDICT_PASS_ALLOWED : VERDICT_PASS_CLEAN;
}

SEC("xdp")
int skin_screen(struct xdp_md *ctx)
{
	struct packet p;
	__u32 verdict = parse_packet(ctx, &p);

	if (verdict == UNDECIDED)
		verdict = judge(ctx, &p);
	else if (verdict == VERDICT_PASS_UNPARSED)
		verdict = judge_unparsed(&p);
	return verdict_leave(verdict, p.c.frame);
}
