/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A kernel's ring, read in place by one cell; what it has not given back waits for the next. */
#include "tissue/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORD_MOST 256u /* bytes of the largest record that is read */

/* As the kernel lays it out: consumer page (ours), producer page, data mapped twice in a row. */
int ring_open(struct ring *r, int fd, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *producer;

	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * bytes, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED)
		return -errno;
	r->consumer = (_Atomic unsigned long *)consumer;
	r->producer = (const _Atomic unsigned long *)producer;
	r->data = producer + page;
	r->bytes = bytes;
	r->at = atomic_load_explicit(r->consumer, memory_order_acquire);
	return 0;
}

unsigned ring_read(struct ring *r, size_t n, unsigned most, void (*f)(void *ctx, const void *record), void *ctx)
{
	_Alignas(8) char copy[RECORD_MOST];
	unsigned found = 0;

	while (found < most && r->at < atomic_load_explicit(r->producer, memory_order_acquire)) {
		const char *record = r->data + (r->at & (r->bytes - 1));
		uint32_t header = atomic_load_explicit((const _Atomic uint32_t *)record, memory_order_acquire);
		uint32_t its = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		r->at += (its + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if ((header & BPF_RINGBUF_DISCARD_BIT) || its != n || n > sizeof(copy))
			continue;
		memcpy(copy, record + BPF_RINGBUF_HDR_SZ, n);
		f(ctx, copy);
		found++;
	}
	return found;
}

void ring_release(struct ring *r)
{
	atomic_store_explicit(r->consumer, r->at, memory_order_release);
}
