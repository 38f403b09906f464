/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file of charts, and reading and writing them so that half-written ones are never believed. */
#include "tissue/chart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

int chart_memfd(uint32_t slots)
{
	int fd = memfd_create("cellws-charts", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), error;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("cellws-charts", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)(slots * sizeof(struct chart))) &&
		!fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	error = errno;
	close(fd);
	return -error;
}

const struct chart *chart_map(int fd, uint32_t slots)
{
	char path[40];
	void *at;
	int other, error;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDONLY | O_CLOEXEC);
	if (other < 0)
		return NULL;
	at = mmap(NULL, slots * sizeof(struct chart), PROT_READ, MAP_SHARED, other, 0);
	error = errno;
	close(other);
	errno = error;
	return at == MAP_FAILED ? NULL : at;
}

struct chart *chart_own(int fd, uint32_t slot)
{
	void *at = mmap(NULL, sizeof(struct chart), PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(slot * sizeof(struct chart)));

	return at == MAP_FAILED ? NULL : at;
}

void chart_begin(struct chart *c, uint32_t id)
{
	/* Nobody's in between: the work of a former drone is never that of this one. */
	atomic_store(&c->id, 0);
	atomic_store(&c->work, 0);
	atomic_store(&c->id, id);
}

void chart_vouch(struct chart *c, uint32_t vessel, uint32_t slot, uint64_t word, const struct answer_said *said,
	const char *lines)
{
	struct chart_answer *to = &c->answer[vessel % VESSELS_MAX][slot % SYNAPSE_SLOTS];

	atomic_store_explicit(&to->word, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	to->said = *said;
	to->seen = said->head_len < CHART_LINES ? said->head_len : CHART_LINES;
	memcpy(to->lines, lines, to->seen);
	atomic_store_explicit(&to->word, word, memory_order_release);
}

void chart_vouch_piece(struct chart *c, uint32_t vessel, uint32_t slot, uint32_t kind, uint32_t body_len)
{
	struct chart_answer *to = &c->answer[vessel % VESSELS_MAX][slot % SYNAPSE_SLOTS];
	uint64_t word = atomic_load_explicit(&to->word, memory_order_relaxed);

	atomic_store_explicit(&to->word, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	to->said.kind = kind;
	to->said.body_len = body_len;
	atomic_store_explicit(&to->word, word, memory_order_release);
}

bool chart_work(const struct chart *c, uint32_t id, uint64_t *since_ms, uint32_t *route)
{
	uint64_t work;

	if (atomic_load_explicit(&c->id, memory_order_acquire) != id)
		return false;
	work = atomic_load_explicit(&c->work, memory_order_acquire);
	*since_ms = work >> 8;
	*route = (uint32_t)(work & 0xff);
	return work && atomic_load_explicit(&c->id, memory_order_relaxed) == id;
}

bool chart_look(const struct chart *c, uint32_t vessel, uint32_t slot, uint64_t word, struct chart_answer *to)
{
	const struct chart_answer *from = &c->answer[vessel % VESSELS_MAX][slot % SYNAPSE_SLOTS];
	uint64_t before = atomic_load_explicit(&from->word, memory_order_acquire);

	/* Before anything else of it is read: reading an untouched page would make one. */
	if (!before || before != slot_word(slot_ticket(word), slot_drone(word), 0))
		return false;
	memcpy(to, from, sizeof(*to));
	atomic_thread_fence(memory_order_acquire);
	if (to->seen > CHART_LINES)
		to->seen = CHART_LINES;
	return atomic_load_explicit(&from->word, memory_order_relaxed) == before;
}
