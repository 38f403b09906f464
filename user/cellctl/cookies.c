/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The settings of the host that SYN cookies depend on: read, and where cookies are forbidden, changed and put back. */
#include "cellctl/cookies.h"
#include "cellctl/doctor.h"
#include "shared/flood.h"
#include "cellws.skel.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTING "/proc/sys/net/ipv4/tcp_syncookies"
#define LEAF	"syncookies" /* in the run directory: what the setting was */
#define NEEDED	1 /* cookies once half-open connections overflow: what a kernel does unless it is told otherwise */
#define ROOM	512

static long number(const char *path, long otherwise)
{
	long n;

	return doctor_number(path, &n) ? n : otherwise;
}

/* As the stack chooses it for a socket whose buffer nobody has fixed. */
static __u8 window_scale(void)
{
	long most = number("/proc/sys/net/core/rmem_max", 212992), third = 0;
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_rmem", "re");
	__u8 scale = 0;

	if (f && fscanf(f, "%*d %*d %ld", &third) == 1 && third > most)
		most = third;
	if (f)
		fclose(f);
	while (scale < 14 && most >> (scale + 16))
		scale++;
	return scale;
}

static int mtu_of(const char *iface)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 1500;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", iface);
	if (fd >= 0 && !ioctl(fd, SIOCGIFMTU, &r))
		mtu = r.ifr_mtu;
	if (fd >= 0)
		close(fd);
	return mtu < 1280 ? 1280 : mtu > 65000 ? 65000 : mtu;
}

void cookies_fit(struct cellws *skel, const char *iface)
{
	int mtu = mtu_of(iface);
	bool plain_clock = number("/proc/sys/net/ipv4/tcp_timestamps", 1) == 2 && number("/proc/sys/net/ipv4/tcp_sack", 0) == 1 &&
		number("/proc/sys/net/ipv4/tcp_window_scaling", 0) == 1;

	skel->rodata->cookie_mss_v4 = (__u16)(mtu - 40);
	skel->rodata->cookie_mss_v6 = (__u16)(mtu - 60);
	skel->rodata->answer_ifindex = cookies_on_veth(iface) ? if_nametoindex(iface) : 0;
	skel->rodata->cookie_scale = plain_clock ? window_scale() : COOKIE_NO_STAMPS;
}

void cookies_demand_all(struct cellws *skel)
{
	skel->data_limits->syn_cost_ns = skel->data_limits->packet_cost_ns = 1;
	skel->data_limits->packet_sample = 2;
	skel->data_limits->port_syn_rate = 1;
	skel->rodata->cookie_scale = 7;
	skel->rodata->answer_ifindex = 1;
}

static int write_number(const char *path, long n)
{
	FILE *f = fopen(path, "we");
	int error = 0;

	if (!f)
		return -errno;
	if (fprintf(f, "%ld\n", n) < 0)
		error = -EIO;
	if (fclose(f))
		error = -errno;
	return error;
}

static int leaf_path(const struct invocation *in, const char *name, char *to)
{
	return snprintf(to, ROOM, "%s/%s/" LEAF, in->run_dir, name) < ROOM ? 0 : -ENAMETOOLONG;
}

/* What another organism has found before it changed the setting; -1 when none has. */
static long found_by_another(const struct invocation *in, const char *name)
{
	DIR *d = opendir(in->run_dir);
	struct dirent *e;
	char path[ROOM];
	long found = -1;

	while (d && found < 0 && (e = readdir(d)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, name) && !leaf_path(in, e->d_name, path))
			found = number(path, -1);
	if (d)
		closedir(d);
	return found;
}

int cookies_setting(const struct invocation *in, const char *name)
{
	long other = found_by_another(in, name), was = other >= 0 ? other : number(SETTING, -1);
	char path[ROOM];
	int error = leaf_path(in, name, path);

	if (!error && was < 0)
		error = -ENOENT;
	if (error || was > 0)
		return error;
	/* A crash may have left the number that counts. */
	if (access(path, F_OK))
		error = write_number(path, was);
	return error ? error : write_number(SETTING, NEEDED);
}

int cookies_setting_back(const struct invocation *in, const char *name)
{
	char path[ROOM];
	int error = leaf_path(in, name, path);
	long was = error ? -1 : number(path, -1);

	if (was < 0)
		return 0;
	/* Whoever has changed it meanwhile meant it. */
	if (found_by_another(in, name) < 0 && number(SETTING, -1) == NEEDED)
		error = write_number(SETTING, was);
	unlink(path);
	return error;
}
