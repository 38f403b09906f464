/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The common parts of every cell: mappings, log, clock, gland calls, process title. */
#include "tissue/tissue.h"
#include "http/date.h"
#include "immune/crowd.h"
#include "tissue/pair.h"
#include "tissue/synapse.h"
#include "tissue/vessel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

_Noreturn void tissue_bug(const char *file, int line, const char *what)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "cellws: bug at %s:%d: %s does not hold; this cell ends\n", file, line, what);

	if (n > 0)
		(void)!write(FD_ERR, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	__builtin_trap();
}

const char *class_name(int class)
{
	static const char *const names[CLASS_COUNT] = {
		[CLASS_NONE] = "none",
#define X(NAME, name, text) [CLASS_##NAME] = #name,
		CELL_CLASSES(X)
#undef X
	};

	return class > 0 && class < CLASS_COUNT ? names[class] : names[0];
}

const char *gland_answer_text(uint32_t answer)
{
	static const char *const texts[] = {
#define X(NAME, text) [GLAND_##NAME] = text,
		GLAND_ANSWERS(X)
#undef X
	};

	return answer < sizeof(texts) / sizeof(texts[0]) ? texts[answer] : "unknown answer";
}

const char *reason_text(uint32_t reason)
{
	static const char *const texts[REASON_COUNT] = {
#define X(NAME, name, text) [REASON_##NAME] = text,
		REASONS(X)
#undef X
	};

	return reason > 0 && reason < REASON_COUNT ? texts[reason] : "unknown reason";
}

void tissue_log(const struct tissue *t, const char *format, ...)
{
	char line[512];
	char date[HTTP_DATE_BYTES];
	struct timespec now;
	va_list args;
	int n, m;

	/* Not gmtime(): it opens the time zone's file, and a cell opens nothing. */
	clock_gettime(CLOCK_REALTIME, &now);
	http_date_format(now.tv_sec, date);
	n = snprintf(line, sizeof(line), "%.*s.%03ld %s %u: ", (int)HTTP_DATE_BYTES - 4, date, now.tv_nsec / 1000000,
		class_name(t->class), t->slot);
	va_start(args, format);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
	va_end(args);
	if (m < 0)
		return;
	n += m < (int)sizeof(line) - n - 1 ? m : (int)sizeof(line) - n - 2;
	line[n++] = '\n';
	(void)!write(FD_LOG, line, (size_t)n);
}

uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t clock_wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *map_array(int fd, size_t value, size_t entries, int protection)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = ((value + 7) / 8 * 8 * entries + page - 1) / page * page;
	void *p = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void *map_shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int tissue_map_family(struct tissue *t)
{
	t->cells = map_array(FD_CELLS, sizeof(struct cell), CELL_SLOTS_MAX, PROT_READ);
	t->census = map_array(FD_CENSUS, sizeof(struct census), CLASS_COUNT, PROT_READ);
	t->organism = map_array(FD_ORGANISM, sizeof(struct organism), 1, PROT_READ);
	t->vessels = map_array(FD_VESSELS, sizeof(struct vessel_owner), VESSELS_MAX, PROT_READ);
	t->vitals = map_array(FD_VITALS, sizeof(struct vitals), CELL_SLOTS_MAX, PROT_READ | PROT_WRITE);
	t->loads = map_array(FD_LOADS, sizeof(struct vessel_load), VESSELS_MAX, PROT_READ | PROT_WRITE);
	t->mutations = map_array(FD_MUTATIONS, sizeof(struct mutation), MUTATION_ROWS, PROT_READ);
	if (!t->mutations)
		return -errno;
	return t->cells && t->census && t->organism && t->vessels && t->vitals && t->loads ? 0 : -errno;
}

static int tissue_map_bus(struct tissue *t)
{
	t->rules = map_array(FD_CONSTITUTION, sizeof(struct constitution), 1, PROT_READ);
	t->receptors = map_array(FD_RECEPTORS, sizeof(struct receptors), CELL_SLOTS_MAX, PROT_READ);
	t->pulses = map_array(FD_PULSES, sizeof(struct pulse), CELL_SLOTS_MAX, PROT_READ);
	t->proofs = map_array(FD_PROOFS, sizeof(struct proof), CELL_SLOTS_MAX, PROT_READ);
	t->pathogens = map_array(FD_PATHOGENS, sizeof(struct pathogen), PATHOGEN_SETS * PATHOGEN_WAYS, PROT_READ);
	return t->rules && t->receptors && t->pulses && t->proofs && t->pathogens ? 0 : -errno;
}

static int tissue_map_signatures(struct tissue *t)
{
	const size_t blocks = (size_t)SIGNATURE_BANKS * t->germ->signature_room / 4;

	t->signature_head = map_array(FD_SIGNATURE_HEAD, sizeof(*t->signature_head), SIGNATURE_BANKS, PROT_READ);
	t->signature_cell = map_array(FD_SIGNATURES, sizeof(struct signature_cells), blocks, PROT_READ);
	if (!t->signature_head || !t->signature_cell)
		return -errno;
	tissue_sign(t);
	return 0;
}

void tissue_sign(struct tissue *t)
{
	const struct signature_head *h = &t->signature_head[signature_bank_of(t->germ->signature_now)];

	t->signatures = (struct automaton){ .head = h, .cell = t->signature_cell + h->at };
}

int tissue_open(struct tissue *t)
{
	const struct dna *dna = &t->germ->dna;
	int error = tissue_map_family(t);

	if (!error)
		error = tissue_map_bus(t);
	if (!error)
		error = tissue_map_signatures(t);
	if (error)
		return error;
	t->commons = map_shared(sizeof(struct commons));
	if (!t->commons)
		return -errno;
	for (uint32_t v = 0; v < t->plan->vessels; v++) {
		t->synapse[v] = map_shared(SYNAPSE_BYTES);
		t->vessel[v] = map_shared(vessel_bytes(dna->connections));
		t->crowd[v] = map_shared(crowd_bytes(dna->connections));
		if (!t->synapse[v] || !t->vessel[v] || !t->crowd[v])
			return -errno;
	}
	return 0;
}

void tissue_forget_vessels(struct tissue *t)
{
	for (uint32_t v = 0; v < t->plan->vessels; v++) {
		munmap(t->vessel[v], vessel_bytes(t->germ->dna.connections));
		t->vessel[v] = NULL;
	}
}

void tissue_forget_pair(struct tissue *t)
{
	if (t->pair)
		pair_unmap(t->pair);
	t->pair = NULL;
}

static int program_run(int fd, void *call, uint32_t n)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = call, .ctx_size_in = n);
	int error = bpf_prog_test_run_opts(fd, &run);

	return error < 0 ? error : 0;
}

int gland_run(int fd, struct gland_call *call)
{
	return program_run(fd, call, sizeof(*call));
}

int bus_run(int fd, struct bus_call *call)
{
	return program_run(fd, call, sizeof(*call));
}

int lymph_run(int fd, void *call, uint32_t n)
{
	return program_run(fd, call, n);
}

/* The memory of argv[0], blank-padded by `up`; found once by the egg. */
static char *title;
static size_t title_room;

void tissue_title_at(char *at, size_t room)
{
	title = at;
	title_room = room;
}

void tissue_title(const struct tissue *t)
{
	char name[16];

	snprintf(name, sizeof(name), "cellws-%s", class_name(t->class));
	prctl(PR_SET_NAME, name, 0, 0, 0);
	if (!title || title_room < 8)
		return;
	memset(title, 0, title_room);
	snprintf(title, title_room, "cellws: %s %u of %s", class_name(t->class), t->slot, t->germ->dna.organism);
}
