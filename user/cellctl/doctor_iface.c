/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The doctor on the interface: driver, MTU, what the driver says of XDP, who is there already; nothing is attached. */
#include "cellctl/doctor.h"
#include "cellctl/netlink.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NATIVE_MTU 3498 /* one page less the room that drivers keep for headers and their own records */

/* linux/netdev.h of Linux 6.3 and later; older headers lack it. */
enum { NETDEV_DEV_GET = 1, NETDEV_DEV_IFINDEX = 1, NETDEV_DEV_XDP_FEATURES = 3, NETDEV_XDP_BASIC = 1 };

static int ask_interface(const struct doctor *d, unsigned long what, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	strncpy(r->ifr_name, d->iface, IFNAMSIZ - 1);
	if (ioctl(fd, what, r))
		error = -errno;
	close(fd);
	return error;
}

void doctor_driver(struct doctor *d)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq r = { .ifr_data = (void *)&info };

	if (!d->iface)
		return;
	if (ask_interface(d, SIOCETHTOOL, &r) || !info.driver[0])
		doctor_tell(d, FOUND_WITHOUT, "%s does not name its driver", d->iface);
	else
		doctor_tell(d, FOUND_OK, "%s is driven by %s %s", d->iface, info.driver, info.version);
}

void doctor_mtu(struct doctor *d)
{
	struct ifreq r = { 0 };

	if (!d->iface)
		return;
	if (ask_interface(d, SIOCGIFMTU, &r))
		doctor_tell(d, FOUND_WITHOUT, "the MTU of %s cannot be read", d->iface);
	else
		doctor_tell(d, r.ifr_mtu > NATIVE_MTU ? FOUND_WITHOUT : FOUND_OK, "%d bytes", r.ifr_mtu);
}

/* The number of a generic netlink family, or -errno. */
static int find_family(struct netlink *nl, const char *name)
{
	const struct genlmsghdr ask = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	const void *id;
	uint16_t number;
	int error;

	netlink_begin(nl, GENL_ID_CTRL, 0);
	netlink_put(nl, &ask, sizeof(ask));
	netlink_attribute(nl, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	error = netlink_ask(nl);
	if (error)
		return error;
	id = netlink_answer(nl, sizeof(ask), CTRL_ATTR_FAMILY_ID, sizeof(number));
	if (!id)
		return -EBADMSG;
	memcpy(&number, id, sizeof(number));
	return number;
}

/* What the driver announces of XDP, without attaching anything: the NETDEV_XDP_* bits. 0 or -errno. */
static int ask_features(unsigned ifindex, uint64_t *bits)
{
	const struct genlmsghdr ask = { .cmd = NETDEV_DEV_GET, .version = 1 };
	static struct netlink nl;
	const void *found;
	int family, error = netlink_open(&nl, NETLINK_GENERIC);

	if (error)
		return error;
	family = find_family(&nl, "netdev");
	error = family < 0 ? family : 0;
	if (!error) {
		netlink_begin(&nl, (uint16_t)family, 0);
		netlink_put(&nl, &ask, sizeof(ask));
		netlink_attribute(&nl, NETDEV_DEV_IFINDEX, &ifindex, sizeof(ifindex));
		error = netlink_ask(&nl);
	}
	if (!error) {
		found = netlink_answer(&nl, sizeof(ask), NETDEV_DEV_XDP_FEATURES, sizeof(*bits));
		if (found)
			memcpy(bits, found, sizeof(*bits));
		else
			error = -EBADMSG;
	}
	netlink_close(&nl);
	return error;
}

void doctor_xdp(struct doctor *d)
{
	uint64_t bits = 0;
	int error;

	if (!d->iface)
		return;
	error = ask_features(d->ifindex, &bits);
	if (error == -ENOENT)
		doctor_tell(d, FOUND_WITHOUT, "this kernel tells only whoever tries: `up` tries native mode first and says what it got");
	else if (error)
		doctor_tell(d, FOUND_WITHOUT, "the kernel does not say what %s can: %s", d->iface, strerror(-error));
	else if (bits & NETDEV_XDP_BASIC)
		doctor_tell(d, FOUND_OK, "native: the driver of %s says it runs XDP programs itself", d->iface);
	else
		doctor_tell(d, FOUND_WITHOUT, "generic: the driver of %s has no XDP", d->iface);
}

static void name_program(uint32_t id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = { 0 };
	uint32_t n = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	strcpy(name, "?");
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &n) && info.name[0])
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	close(fd);
}

void doctor_others(struct doctor *d)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, there);
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id;

	if (!d->iface)
		return;
	if (bpf_xdp_query((int)d->ifindex, 0, &there)) {
		doctor_tell(d, FOUND_WITHOUT, "the kernel does not say what is on %s: %s", d->iface, strerror(errno));
		return;
	}
	id = there.drv_prog_id ? there.drv_prog_id : there.skb_prog_id ? there.skb_prog_id : there.hw_prog_id;
	if (!id) {
		doctor_tell(d, FOUND_OK, "none on %s", d->iface);
		return;
	}
	name_program(id, name);
	if (!strcmp(name, "skin_screen"))
		doctor_tell(d, FOUND_OK, "the skin of an organism is on %s (program %u)", d->iface, id);
	else
		doctor_tell(d, FOUND_BAD, "%s (program %u) is on %s", name, id, d->iface);
}
