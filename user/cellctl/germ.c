/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the germ and the genes of a living organism through /proc: the sealed memory that its cells hold. */
#include "cellctl/germ.h"
#include "cellctl/pins.h"
#include "cellctl/vital.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNCHANGEABLE (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Memory of a cell that nobody can change any more; anything else that may stand there is not read. */
static int open_sealed(uint32_t pid, int number)
{
	char path[64];
	int fd, seals;

	snprintf(path, sizeof(path), "/proc/%u/fd/%d", pid, number);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & UNCHANGEABLE) != UNCHANGEABLE) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

/* Who has left the shared table has what was there then. */
static bool view_cell(const struct cell *c, struct germ_view *v)
{
	const struct plan there = { .bank = v->generation % BANKS };
	int fd = c->state == CELL_LIVING && vital_is_cell(c->pid) ? open_sealed(c->pid, plan_germ(&there)) : -1;

	if (fd < 0)
		return false;
	v->germ = germ_map(fd);
	v->pid = c->pid;
	close(fd);
	return v->germ && v->germ->generation == v->generation;
}

int germ_view(const struct invocation *in, const char *name, struct germ_view *v)
{
	static struct family f;
	bool found = false;
	int code = family_open(in, name, &f);

	if (code)
		return code;
	v->generation = f.self.generation;
	for (uint32_t i = 0; i < CELL_SLOTS_MAX && !found; i++)
		found = view_cell(&f.cell[i], v);
	family_close(&f);
	if (found)
		return 0;
	return f.living ? verb_say(VERB_FAILED, "no cell of %s can be read; this needs root", name)
			: verb_say(VERB_NOT_RUNNING, "%s is not running: every cell is dead", name);
}

int germ_gene(const struct germ_view *v, uint32_t route, const uint8_t **bytes, uint64_t *n)
{
	int fd = open_sealed(v->pid, plan_gene(&v->germ->plan, route)), error = 0;
	struct stat st;
	void *at;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || st.st_size <= 0)
		error = -EINVAL;
	at = error ? NULL : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		error = -errno;
	close(fd);
	if (error)
		return error;
	*bytes = at;
	*n = (uint64_t)st.st_size;
	return 0;
}

int germ_previous_key_s(const struct invocation *in, const char *name, uint64_t *seconds)
{
	struct germ_view v;
	int code = germ_view(in, name, &v);

	if (!code)
		*seconds = v.germ->dna.link_previous_key_ms / 1000;
	return code;
}
