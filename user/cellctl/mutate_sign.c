/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* New signatures: an automaton of their own in the bank that does not count, until the DNA comes into force. */
#include "cellctl/mutate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int mutate_sign(struct mutate *m)
{
	const struct germ *living = m->living.germ;
	const struct dna *d = &m->germ.dna;
	int error;

	m->germ.signature_room = living->signature_room;
	m->germ.signature_now = living->signature_now;
	if (signatures_are_same(&living->dna, d))
		return 0;
	m->germ.signature_now = signature_numbered(m->germ.generation, !signature_bank_of(living->signature_now));
	error = signatures_build(d, &m->signatures);
	if (error)
		return verb_say(VERB_FAILED, "the signatures cannot be made ready: %s", strerror(-error));
	if (m->signatures.cells <= m->germ.signature_room)
		return 0;
	return verb_say(VERB_USAGE, "%s:%u: immune.signature: together they need a table of %u cells, %u are kept in the living organism: "
		"a change takes `cellctl down` and `cellctl up`", d->file, d->signature[0].line, m->signatures.cells,
		m->germ.signature_room);
}

/* Where there were none at `up`, listeners have no filter, and nobody can give them one. */
static void tell_without_filter(const struct mutate *m)
{
	int fd = pin_map(m->in, m->name, "flow_scans", true);

	if (fd >= 0)
		close(fd);
	else if (m->germ.dna.signature_count)
		printf("%s: there were no signatures at `up`: requests are searched, packets are not before the next `up`\n", m->name);
}

int mutate_write_signatures(const struct mutate *m)
{
	int heads, cells, error;

	if (!m->signatures.cell)
		return 0;
	heads = pin_map(m->in, m->name, "signature_head", false);
	cells = pin_map(m->in, m->name, "signatures", false);
	error = heads < 0 ? heads : cells < 0 ? cells : 0;
	if (!error)
		error = signatures_fill(heads, cells, &m->signatures, signature_bank_of(m->germ.signature_now), m->germ.signature_room);
	if (heads >= 0)
		close(heads);
	if (cells >= 0)
		close(cells);
	if (error)
		return verb_say(VERB_FAILED, "the signatures cannot be written: %s", strerror(-error));
	tell_without_filter(m);
	return 0;
}
