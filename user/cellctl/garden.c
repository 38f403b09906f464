/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making the cells' mount namespace: what the host mounts and unmounts goes on to be seen, what is mounted here is not seen there. */
#include "cellctl/garden.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

/* Over the run directory, in which cells have no business. It goes with the last process of the namespace. */
void garden_plant(struct up *u)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s", u->in->run_dir, u->germ.dna.organism);

	if (n < 0 || n >= (int)sizeof(path) || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
		mount("cellws", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m"))
		return;
	up_plan_fd(u, FD_GARDEN, open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}
