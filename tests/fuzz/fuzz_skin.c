// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Feeds frames of exact size to the skin's parser and checks: no byte beyond the frame is read, and what it says is so.
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "skin_shim.h"
#include "../../bpf/parse.bpf.h"
#include "../../bpf/malformed.bpf.h"

#define FRAME_MAX 4096
#define ALIGN     2 /* what drivers put before a frame so that the IP header is aligned */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* A copy in memory of its own, so that the byte behind the frame is poisoned. */
static __u32 parse(const uint8_t *bytes, size_t n, struct packet *p)
{
	uint8_t *room = malloc(n + ALIGN);
	struct xdp_md ctx;
	__u32 verdict;

	assert(room);
	memcpy(room + ALIGN, bytes, n);
	ctx.data = (unsigned long)(room + ALIGN);
	ctx.data_end = ctx.data + n;
	verdict = parse_packet(&ctx, p);
	if (verdict == UNDECIDED)
		verdict = malformed_judge(p);
	free(room);
	return verdict;
}

/* The packet is clean: then its TCP header is whole, inside the packet and inside the frame, and was read right. */
static void check_clean(const uint8_t *bytes, size_t n, const struct packet *p)
{
	const uint8_t *tcp = bytes + p->c.at;

	assert(p->family == 4 || p->family == 6);
	assert(p->c.at + 20 <= p->c.end && p->c.end <= n);
	assert(p->c.at + (tcp[12] >> 4) * 4u <= p->c.end && tcp[12] >> 4 >= 5);
	assert(p->dest_port == (tcp[2] << 8 | tcp[3]) && !memcmp(&p->source_port, tcp, 2));
	assert(p->flags == tcp[13] && p->flags & (0x02 | 0x04 | 0x10));
}

/* Padding makes no difference; a packet that lacks its last byte is no longer clean. */
static void check_shorter(const uint8_t *bytes, size_t n, const struct packet *p)
{
	struct packet shorter;
	__u32 verdict = parse(bytes, n - 1, &shorter);

	if (p->c.end < n)
		assert(verdict == UNDECIDED && shorter.c.end == p->c.end && shorter.c.at == p->c.at);
	else
		assert(verdict == VERDICT_DROP_TRUNCATED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct packet p;
	__u32 verdict;

	if (n > FRAME_MAX)
		return 0;
	verdict = parse(bytes, n, &p);
	assert(verdict <= UNDECIDED);
	assert(p.c.frame == n);
	if (verdict == UNDECIDED) {
		check_clean(bytes, n, &p);
		check_shorter(bytes, n, &p);
	}
	return 0;
}
