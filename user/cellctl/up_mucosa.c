/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The signatures' automaton, built once for the socket filter and the cells alike, and the filter on the listeners. */
#include "cellctl/up.h"
#include "cellctl/signatures.h"
#include "cellws.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/socket.h>

/* From up_fit_mucosa to up_fill_mucosa. */
static struct automaton_table table;

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
	int error;

	automaton_done(&table);
	error = signatures_build(d, &table);
	if (error)
		return error;
	u->germ.signature_room = signatures_room(&table);
	u->germ.signature_now = signature_numbered(u->germ.generation, 0);
	u->skel->data_limits->signature_now = u->germ.signature_now;
	if (!d->signature_count)
		leave_out(u->skel);
	/* Connections that have ended stay until others push them out. */
	bpf_map__set_max_entries(u->skel->maps.flow_scans, 2 * d->connections);
	bpf_map__set_max_entries(u->skel->maps.signatures,
		SIGNATURE_BANKS * u->germ.signature_room * sizeof(*table.cell) / sizeof(struct signature_cells));
	return 0;
}

int up_fill_mucosa(struct up *u)
{
	int error = signatures_fill(bpf_map__fd(u->skel->maps.signature_head), bpf_map__fd(u->skel->maps.signatures), &table, 0,
		u->germ.signature_room);

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
