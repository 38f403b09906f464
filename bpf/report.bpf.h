/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every incident is also put where the reporter takes it; without a reporter the ring fills once and is left alone. */
#ifndef CELLWS_REPORT_BPF_H
#define CELLWS_REPORT_BPF_H

#include "shared/report.h"

/* Incidents for the authorities. Writer: report_put; reader: the reporter. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, REPORT_RING);
} reports SEC(".maps");

static __always_inline void report_put(__u64 seq, const struct incident *what)
{
	struct incident *to = bpf_ringbuf_reserve(&reports, sizeof(*to), 0);

	if (!to)
		return;
	*to = *what;
	to->seq = seq;
	bpf_ringbuf_submit(to, 0);
}

#endif
