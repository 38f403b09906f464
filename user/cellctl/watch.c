/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl watch: a line for everything that happens in the family, until Ctrl-C or the end of the organism. */
#include "cellctl/events.h"
#include "cellctl/pins.h"
#include "cellctl/verb.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STEP_NS 50000000L

struct watch {
	const struct invocation *in;
	char name[32];
	char pin[PIN_PATH]; /* of the events; another file there is another organism */
	ino_t inode;
	const volatile struct cell *cells;
	struct events_reader reader;
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Nanoseconds since 1970 of a time of the boot clock; the clock on the wall may have been set meanwhile. */
static uint64_t wall_ns(uint64_t boot_ns)
{
	return clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_BOOTTIME) - boot_ns);
}

/* Maps a map for reading; the kernel wants a writable descriptor even so. NULL with the exit code, said. */
static const volatile void *map(const struct watch *w, const char *leaf, size_t bytes, int *code)
{
	int fd = pin_map(w->in, w->name, leaf, false), error = 0;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *at = MAP_FAILED;

	if (fd >= 0)
		at = mmap(NULL, (bytes + page - 1) / page * page, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		error = fd < 0 ? -fd : errno;
	if (fd >= 0)
		close(fd);
	if (!error)
		return at;
	if (error == ENOENT)
		*code = verb_say(VERB_NOT_RUNNING, "%s has no map %s: it is not running, or of another version", w->name, leaf);
	else
		*code = verb_say(VERB_FAILED, "the map %s of %s cannot be read: %s", leaf, w->name, strerror(error));
	return NULL;
}

static bool anybody_lives(const struct watch *w)
{
	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++)
		if (w->cells[i].state == CELL_LIVING)
			return true;
	return false;
}

static bool is_there(const struct watch *w)
{
	struct stat st;

	return !stat(w->pin, &st) && st.st_ino == w->inode && anybody_lives(w);
}

static void print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(16));
	putchar('\n');
	json_decref(o);
}

static void print_line(uint64_t ns, const char *text)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%s.%03llu  %s\n", clock, (unsigned long long)(ns / 1000000 % 1000), text);
}

static void print_event(const struct watch *w, const struct event *e)
{
	uint64_t ns = wall_ns(e->time_ns);
	char text[256];

	if (w->in->json) {
		print_json(events_json(e, w->cells, (double)(ns / 1000) / 1e6));
		return;
	}
	events_write(e, w->cells, text, sizeof(text));
	print_line(ns, text);
}

static void print_missed(const struct watch *w, uint64_t missed)
{
	uint64_t ns = clock_ns(CLOCK_REALTIME);
	char text[96];

	if (w->in->json) {
		print_json(json_pack("{s:f, s:s, s:I}", "time", (double)(ns / 1000) / 1e6, "event", "missed", "count",
			(json_int_t)missed));
		return;
	}
	snprintf(text, sizeof(text), "%llu events are no longer kept and were missed", (unsigned long long)missed);
	print_line(ns, text);
}

static void print_all(struct watch *w)
{
	struct event e;
	uint64_t missed;
	int n;

	while (!stopped && (n = events_next(&w->reader, &e, &missed))) {
		if (n > 0)
			print_event(w, &e);
		else
			print_missed(w, missed);
	}
}

static int follow(struct watch *w)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	bool there = true;

	/* What happened before the end was seen is printed, too. */
	while (!stopped && there && !ferror(stdout)) {
		there = is_there(w);
		print_all(w);
		if (there)
			nanosleep(&step, NULL);
	}
	return stopped || there ? VERB_DONE : verb_say(VERB_DONE, "%s has ended", w->name);
}

static int open_maps(struct watch *w, bool since_start)
{
	int code = VERB_FAILED;
	struct stat st;

	w->cells = map(w, "cells", sizeof(struct cell) * CELL_SLOTS_MAX, &code);
	if (w->cells)
		w->reader.ring = map(w, "events", sizeof(struct event) * EVENTS_MAX, &code);
	if (!w->cells || !w->reader.ring)
		return code;
	if (pin_path(w->in, w->name, "events", w->pin, sizeof(w->pin)) || stat(w->pin, &st) || !anybody_lives(w))
		return verb_say(VERB_NOT_RUNNING, "%s is not running: every cell is dead", w->name);
	w->inode = st.st_ino;
	w->reader.next = since_start ? 1 : events_newest(w->reader.ring) + 1;
	return VERB_DONE;
}

int verb_watch(const struct invocation *in)
{
	static struct watch w;
	struct sigaction stop = { .sa_handler = on_stop };
	struct invocation mine = *in;
	bool since_start = verb_flag(&mine, "--since-start");
	int code;

	w = (struct watch){ .in = in };
	if (mine.argc != 1)
		return verb_usage("watch");
	code = verb_organism(in, w.name);
	if (!code)
		code = open_maps(&w, since_start);
	if (code)
		return code;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	return follow(&w);
}
