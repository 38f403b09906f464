// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Keeps processes outside the family off the organism's addresses: their bind() to one of them is refused with EPERM.
#include "bus.bpf.h"
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define AF_INET     2
#define AF_INET6    10
#define BIND_REFUSE 0 /* the kernel makes EPERM of it */
#define BIND_ALLOW  1

/* Where the organism listens. Writer: `up`, once its own sockets are bound. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct own_binds);
} own_binds SEC(".maps");

/* A bind as the rules see it: what IPv6 sockets ask for in IPv4 is IPv4. */
struct bind_wish {
	__u32 addr[4]; /* as in struct own_bind */
	__u16 family;
	__u16 port; /* host order */
	bool both;  /* every address of both families */
};

static __always_inline bool addr_is_any(const __u32 *addr)
{
	return !(addr[0] | addr[1] | addr[2] | addr[3]);
}

static __always_inline bool addr_is_same(const __u32 *a, const __u32 *b)
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/* As the kernel finds two sockets in conflict: one family and port, one address, or either of them every address. */
static __always_inline bool cuticle_is_ours(const struct bind_wish *w, const struct own_bind *b)
{
	if (b->port != w->port)
		return false;
	if (w->both)
		return true;
	return b->family == w->family && (addr_is_any(b->addr) || addr_is_any(w->addr) || addr_is_same(b->addr, w->addr));
}

static __always_inline int cuticle_refuse(void)
{
	__u32 zero = 0;
	struct foreign *f = bpf_map_lookup_elem(&foreign, &zero);

	if (f)
		__sync_fetch_and_add(&f->refused_binds, 1);
	stranger_seen(bpf_get_current_pid_tgid() >> 32, 2);
	return BIND_REFUSE;
}

static __always_inline int cuticle_judge(struct bpf_sock_addr *ctx, const struct bind_wish *w)
{
	__u32 zero = 0;
	struct own_binds *own = bpf_map_lookup_elem(&own_binds, &zero);

	if (!own || ctx->protocol != IPPROTO_TCP || !w->port || bpf_get_netns_cookie(ctx) != own->netns || cell_calling())
		return BIND_ALLOW;
	for (__u32 i = 0; i < OWN_BINDS_MAX; i++)
		if (i < own->count && cuticle_is_ours(w, &own->bind[i]))
			return cuticle_refuse();
	return BIND_ALLOW;
}

static __always_inline __u16 cuticle_port(const struct bpf_sock_addr *ctx)
{
	return bpf_ntohs((__u16)ctx->user_port);
}

SEC("cgroup/bind4")
int cuticle_bind4(struct bpf_sock_addr *ctx)
{
	struct bind_wish w = { .family = AF_INET, .port = cuticle_port(ctx), .addr = { ctx->user_ip4 } };

	return cuticle_judge(ctx, &w);
}

/* Whether a socket takes no IPv4 beside IPv6; one that cannot be looked into counts as taking it. */
static __always_inline bool cuticle_is_v6only(struct bpf_sock_addr *ctx)
{
	struct tcp6_sock *tcp = ctx->sk ? bpf_skc_to_tcp6_sock(ctx->sk) : NULL;
	struct sock_common *common;

	if (!tcp)
		return false;
	common = &tcp->tcp.inet_conn.icsk_inet.sk.__sk_common;
	return BPF_CORE_READ_BITFIELD(common, skc_ipv6only);
}

SEC("cgroup/bind6")
int cuticle_bind6(struct bpf_sock_addr *ctx)
{
	struct bind_wish w = {
		.family = AF_INET6,
		.port = cuticle_port(ctx),
		.addr = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] },
	};

	if (addr_is_any(w.addr)) {
		w.both = !cuticle_is_v6only(ctx);
	} else if (!w.addr[0] && !w.addr[1] && w.addr[2] == bpf_htonl(0xffff)) {
		w.family = AF_INET;
		w.addr[0] = w.addr[3];
		w.addr[2] = w.addr[3] = 0;
	}
	return cuticle_judge(ctx, &w);
}
