/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's ring of evidence, read in place by the one T cell; what it has not read waits for the next. */
#include "cells/tcell.h"
#include "tissue/plan.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As the kernel lays it out: consumer page (ours), producer page, data mapped twice in a row. */
static struct {
	_Atomic unsigned long *consumer;
	const _Atomic unsigned long *producer;
	const char *data;
} ring;

int evidence_ring_open(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, FD_ANTIGENS, 0), *producer;

	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * ANTIGEN_RING, PROT_READ, MAP_SHARED, FD_ANTIGENS, (off_t)page);
	if (producer == MAP_FAILED)
		return -errno;
	ring.consumer = (_Atomic unsigned long *)consumer;
	ring.producer = (const _Atomic unsigned long *)producer;
	ring.data = producer + page;
	return 0;
}

void evidence_ring_drain(void (*f)(void *ctx, const struct antigen *a), void *ctx)
{
	unsigned long at = atomic_load_explicit(ring.consumer, memory_order_acquire);

	while (at < atomic_load_explicit(ring.producer, memory_order_acquire)) {
		const char *record = ring.data + (at & (ANTIGEN_RING - 1));
		uint32_t header = atomic_load_explicit((const _Atomic uint32_t *)record, memory_order_acquire);
		uint32_t n = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		struct antigen a;

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(header & BPF_RINGBUF_DISCARD_BIT) && n == sizeof(a)) {
			memcpy(&a, record + BPF_RINGBUF_HDR_SZ, sizeof(a));
			f(ctx, &a);
		}
		at += (n + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		atomic_store_explicit(ring.consumer, at, memory_order_release);
	}
}
