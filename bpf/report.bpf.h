/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every incident is also put where the reporter takes it; without a reporter the ring fills once and is left alone. */
#ifndef CELLWS_REPORT_BPF_H
#define CELLWS_REPORT_BPF_H

#include "shared/report.h"

/* Incidents for the authorities. Writer: report_put; reader: the reporter. */
LYMPH_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, REPORT_RING);
} reports SEC(".maps");

static __always_inline void report_put(struct incident *what)
{
	bpf_ringbuf_output(&reports, what, sizeof(*what), 0);
}

#endif
