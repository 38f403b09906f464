/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The signatures' automaton, built once for the socket filter and the cells alike, and the filter on the listeners. */
#include "cellctl/up.h"
#include "immune/automaton.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* From up_fit_mucosa to up_fill_mucosa. */
static struct automaton_table table;

static int build(const struct dna *d)
{
	const char *match[DNA_SIGNS_MAX];
	size_t n[DNA_SIGNS_MAX];

	for (uint32_t i = 0; i < d->signature_count; i++) {
		match[i] = d->signature[i].match;
		n[i] = strlen(match[i]);
	}
	automaton_done(&table);
	return automaton_build(&table, match, n, d->signature_count);
}

/* Without signatures there is no filter, and nothing that only it needs. */
static void leave_out(struct cellws *skel)
{
	bpf_program__set_autoload(skel->progs.mucosa_screen, false);
	bpf_map__set_autocreate(skel->maps.flow_scans, false);
	bpf_map__set_autocreate(skel->maps.flow_tags, false);
	bpf_map__set_autocreate(skel->maps.mucosa_window, false);
}

int up_fit_mucosa(struct up *u)
{
	const struct dna *d = &u->germ.dna;
	int error = build(d);

	if (error)
		return error;
	if (!d->signature_count)
		leave_out(u->skel);
	/* Connections that have ended stay until others push them out. */
	bpf_map__set_max_entries(u->skel->maps.flow_scans, 2 * d->connections);
	bpf_map__set_max_entries(u->skel->maps.signatures, table.cells * sizeof(*table.cell) / sizeof(struct signature_cells));
	return 0;
}

static int fill_cells(int fd)
{
	const uint32_t block = sizeof(struct signature_cells) / sizeof(*table.cell);

	for (__u32 i = 0; i < table.cells / block; i++)
		if (bpf_map_update_elem(fd, &i, table.cell + i * block, BPF_ANY))
			return -errno;
	return 0;
}

int up_fill_mucosa(struct up *u)
{
	__u32 zero = 0;
	int error = fill_cells(bpf_map__fd(u->skel->maps.signatures));

	if (!error && bpf_map_update_elem(bpf_map__fd(u->skel->maps.signature_head), &zero, &table.head, BPF_ANY))
		error = -errno;
	automaton_done(&table);
	return error;
}

int up_attach_mucosa(struct up *u, int fd)
{
	int program = bpf_program__fd(u->skel->progs.mucosa_screen);

	if (!u->germ.dna.signature_count)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) ? -errno : 0;
}

int up_lock_mucosa(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)) ? -errno : 0;
}
