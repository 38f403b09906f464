/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting the skin on the interface: in the driver where it can, else in the generic hook, and saying which and why. */
#include "cellctl/up.h"
#include "cellctl/cookies.h"
#include "cellctl/egg_skin.h"
#include "cellctl/pins.h"
#include "shared/flood.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void undo_xdp(struct up *u)
{
	char path[PIN_PATH];

	if (!pin_path(u->in, u->germ.dna.organism, "link_skin", path, sizeof(path)))
		unlink(path);
}

static int attach(struct up *u, __u32 mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	char path[PIN_PATH];
	int link = bpf_link_create(bpf_program__fd(u->skel->progs.skin_screen), (int)u->ifindex, BPF_XDP, &opts), error;

	if (link < 0)
		return link;
	error = pin_path(u->in, u->germ.dna.organism, "link_skin", path, sizeof(path));
	if (!error && bpf_obj_pin(link, path))
		error = -errno;
	close(link);
	return error;
}

static int record(struct up *u, const char *mode, const char *note)
{
	int fd = bpf_map__fd(u->skel->maps.organism);
	struct organism o;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &o))
		return -errno;
	snprintf(o.xdp_mode, sizeof(o.xdp_mode), "%s", mode);
	snprintf(o.xdp_note, sizeof(o.xdp_note), "%s", note);
	return bpf_map_update_elem(fd, &zero, &o, BPF_ANY) ? -errno : 0;
}

static int refused(struct up *u, const char *mode, int error)
{
	if (error == -EBUSY || error == -EEXIST)
		return verb_say(VERB_FAILED, "another XDP program is on %s; `ip link show %s` names it, --xdp off goes without",
			u->iface, u->iface);
	return verb_say(VERB_FAILED, "%s does not take the XDP program in %s mode: %s", u->iface, mode, strerror(-error));
}

static void undo_cookies(struct up *u)
{
	cookies_setting_back(u->in, u->germ.dna.organism);
}

/* Only ports that are in the map are guarded. answers: SYNs of a flood get a cookie from the skin. */
static int guard_ports(struct up *u, bool answers)
{
	const struct port_flood calm = { .answers = answers };
	const struct dna *d = &u->germ.dna;
	int fd = bpf_map__fd(u->skel->maps.flood_ports), error = 0;

	for (uint32_t i = 0; i < d->listen_count + (d->link.family != 0) && !error; i++) {
		__u32 port = i < d->listen_count ? d->listen[i].port : d->link.port;

		if (bpf_map_update_elem(fd, &port, &calm, BPF_ANY))
			error = -errno;
	}
	return error;
}

static int without_cookies(struct up *u, const char *why)
{
	int error = guard_ports(u, false);

	printf("%s: no SYN cookies in XDP: %s; floods of SYNs are left to the kernel\n", u->germ.dna.organism, why);
	if (error)
		printf("%s: floods are not noticed: %s\n", u->germ.dna.organism, strerror(-error));
	return 0;
}

/* Never a reason not to come up: a host without cookies is served too. */
static int arm_cookies(struct up *u, bool native)
{
	struct proof_result proof;
	int error;

	if (!u->germ.dna.cookie_rate)
		return 0;
	if (native && cookies_on_veth(u->iface) && !cookies_cross_veth(u->iface))
		return without_cookies(u, "the other end of this veth pair takes no frames from XDP (there: ethtool -K IFACE gro on)");
	cookies_prove(&proof);
	if (proof.end != PROOF_HOLDS)
		return without_cookies(u, proof.text);
	up_done(u, undo_cookies);
	error = cookies_setting(u->in, u->germ.dna.organism);
	if (!error)
		error = guard_ports(u, true);
	if (error)
		return without_cookies(u, strerror(-error));
	printf("%s: SYN cookies beyond %u SYNs per second to a port\n", u->germ.dna.organism, u->germ.dna.cookie_rate);
	return 0;
}

static int attach_anew(struct up *u)
{
	char note[160] = "asked for";
	int error;

	if (strcmp(u->xdp_wish, "generic")) {
		error = attach(u, XDP_FLAGS_DRV_MODE);
		if (!error) {
			printf("%s: XDP in native mode on %s\n", u->germ.dna.organism, u->iface);
			return record(u, "native", "the driver runs the program itself") ? VERB_FAILED : arm_cookies(u, true);
		}
		if (!strcmp(u->xdp_wish, "native") || error == -EBUSY || error == -EEXIST)
			return refused(u, "native", error);
		snprintf(note, sizeof(note), "the driver of %s refuses native mode: %s", u->iface, strerror(-error));
	}
	error = attach(u, XDP_FLAGS_SKB_MODE);
	if (error)
		return refused(u, "generic", error);
	printf("%s: XDP in generic mode on %s (%s); a drop costs more than in the driver\n", u->germ.dna.organism, u->iface, note);
	return record(u, "generic", note) ? VERB_FAILED : arm_cookies(u, false);
}

/* The egg's link stays on the interface and gets the organism's program: at no moment there is none. The keeper undoes that. */
static int take_over(struct up *u)
{
	const struct egg_skin *skin = u->skin;
	const char *mode = skin->native ? "native" : "generic";
	char path[PIN_PATH];
	int error = bpf_link_update(skin->link, bpf_program__fd(u->skel->progs.skin_screen), NULL) ? -errno : 0;

	/* It was the dead namesake's, which has just been cleared away. */
	if (error == -ENOLINK)
		return attach_anew(u);
	if (!error)
		error = pin_path(u->in, u->germ.dna.organism, "link_skin", path, sizeof(path));
	if (!error && bpf_obj_pin(skin->link, path))
		error = -errno;
	if (error)
		return verb_say(VERB_FAILED, "%s does not take the organism's XDP program for the egg's: %s", u->iface, strerror(-error));
	printf("%s: XDP in %s mode on %s (%s)\n", u->germ.dna.organism, mode, u->iface, skin->note);
	return record(u, mode, skin->note) ? VERB_FAILED : arm_cookies(u, skin->native);
}

int up_screen(struct up *u)
{
	if (!strcmp(u->xdp_wish, "off")) {
		printf("%s: no XDP, as asked: packets are not screened\n", u->germ.dna.organism);
		return record(u, "off", "asked for") ? VERB_FAILED : 0;
	}
	up_done(u, undo_xdp);
	if (u->skin && u->skin->link >= 0)
		return take_over(u);
	return attach_anew(u);
}
