/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cell's inbox: one kernel ring buffer, read in place. */
#include "tissue/tissue.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The ring as the kernel lays it out: consumer page (ours), producer page, data mapped twice in a row. */
static struct {
	_Atomic unsigned long *consumer;
	const _Atomic unsigned long *producer;
	const char *data;
} ring;

int inbox_open(const struct tissue *t)
{
	int fd = plan_inbox(t->plan, t->slot);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *consumer, *producer;

	/* A daughter has inherited her mother's. */
	if (ring.consumer) {
		munmap((void *)(uintptr_t)ring.consumer, page);
		munmap((char *)(uintptr_t)ring.producer, page + 2 * INBOX_BYTES);
	}
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * INBOX_BYTES, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED)
		return -errno;
	ring.consumer = (_Atomic unsigned long *)consumer;
	ring.producer = (const _Atomic unsigned long *)producer;
	ring.data = producer + page;
	return 0;
}

unsigned inbox_drain(const struct tissue *t, void (*f)(void *ctx, const struct message *m), void *ctx)
{
	unsigned long at = atomic_load_explicit(ring.consumer, memory_order_acquire);
	unsigned taken = 0;

	(void)t;
	while (at < atomic_load_explicit(ring.producer, memory_order_acquire)) {
		const char *record = ring.data + (at & (INBOX_BYTES - 1));
		uint32_t header = atomic_load_explicit((const _Atomic uint32_t *)record, memory_order_acquire);
		uint32_t n = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		struct message m;

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(header & BPF_RINGBUF_DISCARD_BIT) && n == sizeof(m)) {
			memcpy(&m, record + BPF_RINGBUF_HDR_SZ, sizeof(m));
			f(ctx, &m);
			taken++;
		}
		at += (n + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		atomic_store_explicit(ring.consumer, at, memory_order_release);
	}
	return taken;
}
