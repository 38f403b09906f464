// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the skin is measured against: a program of a few instructions that drops the flood's sources and passes the rest.
#include "flood.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#define LOAD(bytes, to, from, at) { .code = BPF_LDX | bytes | BPF_MEM, .dst_reg = to, .src_reg = from, .off = at }
#define MOVE(to, from)		  { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to, .src_reg = from }
#define SET(to, n)		  { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = to, .imm = n }
#define ADD(to, n)		  { .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = to, .imm = n }
#define AND(to, n)		  { .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = to, .imm = n }
#define IF_ABOVE(a, b, skip)	  { .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = a, .src_reg = b, .off = skip }
#define IF_IS(a, n, skip)	  { .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = a, .imm = n, .off = skip }
#define IF_NOT(a, n, skip)	  { .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = a, .imm = n, .off = skip }
#define END			  { .code = BPF_JMP | BPF_EXIT }

/* Two bytes of the frame as a little-endian machine loads them. */
#define TWO(high, low) ((low) << 8 | (high))

/* at_v4, at_v6: of the address in the frame. */
static int load_list(short at_v4, short at_v6)
{
	const struct bpf_insn list[] = {
		SET(0, XDP_PASS),
		LOAD(BPF_W, 2, 1, 0), /* data */
		LOAD(BPF_W, 3, 1, 4), /* data_end */
		MOVE(4, 2),
		ADD(4, 42),
		IF_ABOVE(4, 3, 11),
		LOAD(BPF_H, 5, 2, 12),
		IF_IS(5, TWO(0x08, 0x00), 5),
		IF_NOT(5, TWO(0x86, 0xdd), 8),
		LOAD(BPF_H, 5, 2, at_v6), /* IPv6: fd98 */
		IF_NOT(5, TWO(0xfd, 0x98), 6),
		SET(0, XDP_DROP),
		END,
		LOAD(BPF_H, 5, 2, at_v4), /* IPv4: 100.64/10 */
		AND(5, TWO(0xff, 0xc0)),
		IF_NOT(5, TWO(0x64, 0x40), 1),
		SET(0, XDP_DROP),
		END,
	};

	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_XDP); /* as the skin's, or they are not exchanged */

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "flood_list", "GPL", list, sizeof(list) / sizeof(*list), &opts);
}

void flood_list_open(struct flood_list *l, const char *path)
{
	struct bpf_link_info info = { 0 };
	__u32 n = sizeof(info);
	int echo;

	l->link = bpf_obj_get(path);
	cr_assert(l->link >= 0 && !bpf_obj_get_info_by_fd(l->link, &info, &n), "no XDP link at %s", path);
	l->own = bpf_prog_get_fd_by_id(info.prog_id);
	l->list = load_list(26, 22);
	echo = load_list(30, 38);
	cr_assert(l->own >= 0 && l->list >= 0 && echo >= 0, "the list does not load");
	l->echo = bpf_link_create(echo, (int)if_nametoindex("eth0"), BPF_XDP, NULL);
	cr_assert_geq(l->echo, 0, "no XDP on this end of the wire");
	close(echo);
}

void flood_list_use(const struct flood_list *l, bool plain)
{
	cr_assert(!bpf_link_update(l->link, plain ? l->list : l->own, NULL), "the XDP program cannot be exchanged");
}

void flood_list_close(struct flood_list *l)
{
	close(l->link);
	close(l->own);
	close(l->list);
	close(l->echo);
}
