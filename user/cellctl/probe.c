/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A private piece of wire: the veth pair, made over netlink, and the packets, written byte by byte. */
#include "cellctl/probe.h"
#include "cellctl/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NEAR "probe0"
#define FAR  "probe1"

static const struct {
	int family;
	const char *source, *target;
} ends[] = {
	{ AF_INET, "198.51.100.66", "198.51.100.1" },
	{ AF_INET6, "2001:db8:66::1", "2001:db8::1" },
};

static unsigned end_of(int family)
{
	return family == AF_INET6;
}

const char *probe_source(int family)
{
	return ends[end_of(family)].source;
}

static int make_pair(struct netlink *nl)
{
	const struct ifinfomsg link = { 0 };
	size_t info, data, peer;

	netlink_begin(nl, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	netlink_put(nl, &link, sizeof(link));
	netlink_attribute(nl, IFLA_IFNAME, NEAR, sizeof(NEAR));
	info = netlink_nest(nl, IFLA_LINKINFO);
	netlink_attribute(nl, IFLA_INFO_KIND, "veth", 4);
	data = netlink_nest(nl, IFLA_INFO_DATA);
	peer = netlink_nest(nl, VETH_INFO_PEER);
	netlink_put(nl, &link, sizeof(link));
	netlink_attribute(nl, IFLA_IFNAME, FAR, sizeof(FAR));
	netlink_nest_end(nl, peer);
	netlink_nest_end(nl, data);
	netlink_nest_end(nl, info);
	return netlink_ask(nl);
}

static int switch_on(struct netlink *nl, unsigned ifindex)
{
	const struct ifinfomsg up = { .ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	netlink_begin(nl, RTM_NEWLINK, NLM_F_ACK);
	netlink_put(nl, &up, sizeof(up));
	return netlink_ask(nl);
}

static int make_wire(struct probe *p)
{
	static struct netlink nl;
	int error = netlink_open(&nl, NETLINK_ROUTE);

	if (!error)
		error = make_pair(&nl);
	p->near = if_nametoindex(NEAR);
	p->far = if_nametoindex(FAR);
	if (!error)
		error = switch_on(&nl, p->near);
	if (!error)
		error = switch_on(&nl, p->far);
	netlink_close(&nl);
	return error;
}

static int open_end(unsigned ifindex, uint16_t protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)ifindex };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int probe_open(struct probe *p)
{
	int error;

	p->step = "a network namespace";
	if (unshare(CLONE_NEWNET))
		return -errno;
	p->step = "a veth pair";
	error = make_wire(p);
	if (error)
		return error;
	p->step = "a packet socket";
	p->send = open_end(p->near, 0);
	p->tap = open_end(p->far, ETH_P_ALL);
	return p->send < 0 ? p->send : p->tap < 0 ? p->tap : 0;
}

static uint16_t checksum(const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static size_t put_ip(uint8_t *to, int family)
{
	unsigned end = end_of(family);

	if (family == AF_INET) {
		struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP };

		ip.tot_len = htons(sizeof(ip) + sizeof(struct tcphdr));
		inet_pton(family, ends[end].source, &ip.saddr);
		inet_pton(family, ends[end].target, &ip.daddr);
		ip.check = checksum(&ip, sizeof(ip));
		memcpy(to, &ip, sizeof(ip));
		return sizeof(ip);
	}
	struct ip6_hdr ip = { .ip6_flow = htonl(6U << 28), .ip6_nxt = IPPROTO_TCP, .ip6_hlim = 64 };

	ip.ip6_plen = htons(sizeof(struct tcphdr));
	inet_pton(family, ends[end].source, &ip.ip6_src);
	inet_pton(family, ends[end].target, &ip.ip6_dst);
	memcpy(to, &ip, sizeof(ip));
	return sizeof(ip);
}

static struct tcphdr make_tcp(uint8_t flags, uint32_t sequence)
{
	struct tcphdr tcp = { .th_sport = htons(40000), .th_dport = htons(PROBE_PORT), .th_seq = htonl(sequence), .th_off = 5 };

	tcp.th_flags = flags;
	tcp.th_win = htons(1024);
	return tcp;
}

static int send_frame(const struct probe *p, int family, const uint8_t *to, const struct tcphdr *tcp)
{
	struct ethhdr ether = { .h_source = { 2 } };
	uint8_t frame[128];
	size_t n = sizeof(ether);

	memcpy(ether.h_dest, to, sizeof(ether.h_dest));
	ether.h_proto = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	memcpy(frame, &ether, n);
	n += put_ip(frame + n, family);
	memcpy(frame + n, tcp, sizeof(*tcp));
	n += sizeof(*tcp);
	return send(p->send, frame, n, 0) == (ssize_t)n ? 0 : -errno;
}

int probe_send(const struct probe *p, int family, uint32_t serial)
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct tcphdr tcp = make_tcp(TH_SYN, serial);

	return send_frame(p, family, everybody, &tcp);
}

/* Over what stands in the IP header: addresses, protocol, length; then the segment. */
static uint16_t tcp_checksum(int family, const struct tcphdr *tcp)
{
	uint8_t ip[sizeof(struct ip6_hdr)], all[2 * sizeof(struct in6_addr) + 4 + sizeof(*tcp)] = { 0 };
	size_t addresses = family == AF_INET ? 8 : 32, n = addresses, header = put_ip(ip, family);

	memcpy(all, ip + header - addresses, addresses);
	all[n + 1] = IPPROTO_TCP;
	all[n + 3] = sizeof(*tcp);
	memcpy(all + n + 4, tcp, sizeof(*tcp));
	return checksum(all, n + 4 + sizeof(*tcp));
}

int probe_segment(const struct probe *p, int family, uint8_t flags, uint32_t sequence, uint32_t acknowledged)
{
	struct tcphdr tcp = make_tcp(flags, sequence);

	tcp.th_ack = htonl(acknowledged);
	tcp.th_sum = tcp_checksum(family, &tcp);
	return send_frame(p, family, p->mac, &tcp);
}

static int put_address(struct netlink *nl, const struct probe *p, int family)
{
	const struct ifaddrmsg m = { .ifa_family = (uint8_t)family, .ifa_prefixlen = family == AF_INET ? 24 : 32,
		.ifa_flags = family == AF_INET ? 0 : IFA_F_NODAD, .ifa_index = p->far };
	uint8_t address[16];

	inet_pton(family, ends[end_of(family)].target, address);
	netlink_begin(nl, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE);
	netlink_put(nl, &m, sizeof(m));
	netlink_attribute(nl, IFA_LOCAL, address, family == AF_INET ? 4 : 16);
	return netlink_ask(nl);
}

int probe_address(struct probe *p)
{
	static struct netlink nl;
	struct ifreq far = { .ifr_name = FAR };
	int error = netlink_open(&nl, NETLINK_ROUTE);

	p->step = "addresses";
	if (!error)
		error = put_address(&nl, p, AF_INET);
	if (!error)
		error = put_address(&nl, p, AF_INET6);
	netlink_close(&nl);
	if (!error && ioctl(p->send, SIOCGIFHWADDR, &far))
		error = -errno;
	memcpy(p->mac, far.ifr_hwaddr.sa_data, sizeof(p->mac));
	p->back = open_end(p->near, ETH_P_ALL);
	return error ? error : p->back < 0 ? p->back : 0;
}

/* A frame of ours ends with the TCP header; others (neighbour discovery and the like) have other lengths or ports. */
static bool is_probe(const uint8_t *frame, ssize_t n, uint32_t serial)
{
	struct tcphdr tcp;

	if (n < (ssize_t)(sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(tcp)))
		return false;
	memcpy(&tcp, frame + n - sizeof(tcp), sizeof(tcp));
	return tcp.th_dport == htons(PROBE_PORT) && tcp.th_seq == htonl(serial);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool probe_arrives(const struct probe *p, uint32_t serial, int ms)
{
	int64_t until = now_ms() + ms;
	uint8_t frame[256];
	ssize_t n;

	do {
		struct pollfd wait = { .fd = p->tap, .events = POLLIN };
		int64_t left = until - now_ms();

		if (poll(&wait, 1, left > 0 ? (int)left : 0) <= 0)
			return false;
		while ((n = recv(p->tap, frame, sizeof(frame), 0)) >= 0)
			if (is_probe(frame, n, serial))
				return true;
	} while (now_ms() < until);
	return false;
}

/* A SYN-ACK to the probes' port, whatever options it has. */
static bool is_answer(const uint8_t *frame, ssize_t n, int family, uint32_t acknowledged, uint32_t *sequence)
{
	size_t at = sizeof(struct ethhdr) + (family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ip6_hdr));
	struct tcphdr tcp;

	if (n < (ssize_t)(at + sizeof(tcp)))
		return false;
	memcpy(&tcp, frame + at, sizeof(tcp));
	*sequence = ntohl(tcp.th_seq);
	return tcp.th_sport == htons(PROBE_PORT) && tcp.th_flags == (TH_SYN | TH_ACK) && tcp.th_ack == htonl(acknowledged);
}

bool probe_answers(const struct probe *p, int family, uint32_t acknowledged, int ms, uint32_t *sequence)
{
	int64_t until = now_ms() + ms;
	uint8_t frame[256];

	while (now_ms() < until) {
		struct pollfd wait = { .fd = p->back, .events = POLLIN };
		ssize_t n = recv(p->back, frame, sizeof(frame), 0);

		if (n >= 0 && is_answer(frame, n, family, acknowledged, sequence))
			return true;
		if (n < 0)
			poll(&wait, 1, 10);
	}
	return false;
}
