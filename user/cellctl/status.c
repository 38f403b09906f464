/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl status: the organism, its cells, its traffic and what the skin has seen, read from pinned maps and /proc. */
#include "cellctl/confirm.h"
#include "cellctl/hosts.h"
#include "cellctl/levels.h"
#include "cellctl/verb.h"
#include "cellctl/pins.h"
#include "cellctl/reporter.h"
#include "cellctl/vital.h"
#include "immune/ban.h"
#include "shared/verdict.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *organism_json(const struct invocation *in, const struct family *f)
{
	const struct organism *o = &f->self;
	uint64_t left_ms;
	bool waits = !confirm_ask(in, o->name, CONFIRM_LEFT, &left_ms);
	const char *state = !f->living ? "dead" : f->count[CLASS_EGG].living ? "dormant" : "awake";

	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:f, s:o}", "name", o->name, "id", o->id, "dna_sha256",
		o->dna_sha256, "generation", (json_int_t)o->generation, "iface", o->iface, "xdp_mode", o->xdp_mode, "xdp_note",
		o->xdp_note, "state", state, "uptime_s", (double)(clock_boot_ns() - o->laid_ns) / 1e9, "confirm_s",
		waits ? json_real((double)left_ms / 1000) : json_null());
}

static json_t *cell_json(const struct family *f, const struct levels *l, uint32_t slot)
{
	const struct cell *c = &f->cell[slot];
	const struct vitals *v = &f->vital[slot];
	struct proc_look look;
	json_t *mother = c->mother == CELL_NOBODY ? json_null() : json_integer(c->mother);

	vital_look(c->pid, &look);
	return json_pack("{s:I, s:I, s:s, s:o, s:s, s:f, s:I, s:I, s:b, s:o}", "slot", (json_int_t)slot, "pid",
		(json_int_t)c->pid, "class", class_name((int)c->class), "mother", mother, "state", look.leaving ? "leaving" : "living",
		"age_s", (double)(clock_boot_ns() - c->born_ns) / 1e9, "rss_kb", (json_int_t)look.rss_kb, "requests",
		(json_int_t)(v->requests + v->expressed - v->base_requests), "sealed", vital_is_sealed(v, &look), "levels",
		levels_json(l, slot));
}

static json_t *census_json(const struct family *f)
{
	json_t *o = json_object();

	for (int i = CLASS_EGG + 1; i < CLASS_COUNT; i++)
		json_object_set_new(o, class_name(i), json_integer(f->count[i].living));
	return o;
}

static json_t *circulation_json(const struct family *f)
{
	struct circulation c;

	vital_sum(f, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "vessels", (json_int_t)f->self.vessels, "connections",
		(json_int_t)c.connections, "requests", (json_int_t)c.sum.requests, "reflex_hits", (json_int_t)c.sum.reflex_hits,
		"requeued", (json_int_t)c.sum.requeued, "adopted", (json_int_t)c.sum.adopted, "errors",
		(json_int_t)c.sum.errors, "refused", (json_int_t)c.sum.refused, "would_refuse", (json_int_t)c.sum.observed);
}

static json_t *reasons_json(const struct immune_stat by[VERDICT_COUNT])
{
	json_t *reasons = json_object();

	for (int i = 0; i < VERDICT_COUNT; i++)
		if (by[i].packets)
			json_object_set_new(reasons, verdict_name(i), json_integer((json_int_t)by[i].packets));
	return reasons;
}

static json_t *immune_json(const struct invocation *in, const char *name)
{
	struct immune_sum sum;

	if (vital_immune(in, name, &sum))
		return json_pack("{s:{}}", "reasons");
	return json_pack("{s:b, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:b}", "observing", sum.observes, "packets",
		(json_int_t)(sum.passed + sum.dropped), "passed", (json_int_t)sum.passed, "dropped", (json_int_t)sum.dropped, "reasons",
		reasons_json(sum.by), "would_drop", reasons_json(sum.would), "antibodies", (json_int_t)sum.antibodies, "antigens", (json_int_t)sum.lymph.antigens, "pathogens", (json_int_t)sum.lymph.pathogens, "antigens_lost",
		(json_int_t)sum.lymph.lost, "alarm", (int)sum.lymph.alarm);
}

/* Not a cell, but a process of the organism's all the same. */
static json_t *reporter_json(const struct invocation *in, const char *name)
{
	pid_t pid = reporter_find(in, name);

	if (pid < 0)
		return json_null();
	return json_pack("{s:I, s:s}", "pid", (json_int_t)pid, "state", pid ? "living" : "dead");
}

static void print_reporter(const struct invocation *in, const char *name)
{
	pid_t pid = reporter_find(in, name);

	if (pid > 0)
		printf("\nincidents are reported by process %d\n", pid);
	else if (!pid)
		printf("\nincidents are not reported: the reporter is dead; `cellctl down` and `up` start another\n");
}

static json_t *status_json(const struct invocation *in, const char *name, const struct family *f, const struct levels *l)
{
	json_t *cells = json_array();

	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++)
		if (f->cell[i].state == CELL_LIVING)
			json_array_append_new(cells, cell_json(f, l, i));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "organism", organism_json(in, f), "cells", cells, "census",
		census_json(f), "circulation", circulation_json(f), "immune", immune_json(in, name), "reporter",
		reporter_json(in, name), "hosts", hosts_json(in, name));
}

static void print_levels(const struct levels *l, uint32_t slot)
{
	char heard[256];

	levels_write_slot(l, slot, heard, sizeof(heard));
	if (heard[0])
		printf("%14s has heard: %s\n", "", heard);
}

static void print_cells(const struct family *f, const struct levels *l)
{
	printf("%5s %8s %-7s %7s %9s %9s %10s  %s\n", "slot", "pid", "class", "mother", "age", "memory", "requests", "sealed");
	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++) {
		const struct cell *c = &f->cell[i];
		const struct vitals *v = &f->vital[i];
		struct proc_look look;
		char mother[16] = "-";

		if (c->state != CELL_LIVING)
			continue;
		vital_look(c->pid, &look);
		if (c->mother != CELL_NOBODY)
			snprintf(mother, sizeof(mother), "%u", c->mother);
		printf("%5u %8u %-7s %7s %8.1fs %7lu K %10llu  ", i, c->pid, class_name((int)c->class), mother,
			(double)(clock_boot_ns() - c->born_ns) / 1e9, look.rss_kb,
			(unsigned long long)(v->requests + v->expressed - v->base_requests));
		vital_print_seal(v, &look);
		print_levels(l, i);
	}
}

/* When nobody lives: what ended the last cells. */
static void print_deaths(const struct family *f)
{
	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++) {
		const struct cell *c = &f->cell[i];
		char death[160];

		if (c->state != CELL_DEAD)
			continue;
		vital_death(c, death, sizeof(death));
		printf("  %s\n", death);
	}
}

static void print_reasons(const struct immune_stat by[VERDICT_COUNT])
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (by[i].packets)
			printf("%12llu  %-20s %s\n", (unsigned long long)by[i].packets, verdict_name(i), verdict_text(i));
}

/* What observing has shown stays to be read after it has ended. */
static void print_observed(const struct immune_sum *sum)
{
	uint64_t packets = 0;

	for (int i = 0; i < VERDICT_COUNT; i++)
		packets += sum->would[i].packets;
	if (sum->observes)
		printf("\nobserving: nothing is dropped, refused or banned; `cellctl immune enforce` ends that\n");
	if (packets)
		printf("\n%llu packets that were observed would have been dropped\n", (unsigned long long)packets);
	print_reasons(sum->would);
}

static void print_immune(const struct invocation *in, const char *name)
{
	struct immune_sum sum;

	if (vital_immune(in, name, &sum))
		return;
	printf("\n%llu packets seen by the skin, %llu passed, %llu dropped; %llu ban%s\n",
		(unsigned long long)(sum.passed + sum.dropped), (unsigned long long)sum.passed,
		(unsigned long long)sum.dropped, (unsigned long long)sum.antibodies, sum.antibodies == 1 ? "" : "s");
	print_reasons(sum.by);
	print_observed(&sum);
}

static void print_status(const struct invocation *in, const char *name, const struct family *f, const struct levels *l)
{
	const struct organism *o = &f->self;
	struct circulation c;
	uint64_t left_ms;

	printf("%s on %s, %s, up %.0f s, XDP %s (%s)\n", o->name, o->iface, f->count[CLASS_EGG].living ? "dormant" : "awake",
		(double)(clock_boot_ns() - o->laid_ns) / 1e9, o->xdp_mode, o->xdp_note);
	if (!confirm_ask(in, name, CONFIRM_LEFT, &left_ms))
		printf("taken down again in %.1f s unless `cellctl confirm` comes\n", (double)left_ms / 1000);
	print_cells(f, l);
	vital_sum(f, &c);
	printf("\n%llu requests, %llu of them answered from memory, %llu connections open, %llu ended by an error\n",
		(unsigned long long)c.sum.requests, (unsigned long long)c.sum.reflex_hits, (unsigned long long)c.connections,
		(unsigned long long)c.sum.errors);
	print_immune(in, name);
	print_reporter(in, name);
	hosts_print(in, name);
}

int verb_status(const struct invocation *in)
{
	static struct family f;
	static struct levels l;
	char name[32];
	int code;

	if (in->argc != 1)
		return verb_usage("status");
	code = verb_organism(in, name);
	if (!code)
		code = family_open(in, name, &f);
	if (code)
		return code;
	levels_read(in, name, &l);
	if (!f.living) {
		verb_say(VERB_NOT_RUNNING, "%s is not running: every cell is dead;%s `cellctl up` takes over", name,
			strcmp(f.self.xdp_mode, "off") ? " the skin is still on;" : "");
		if (!in->json)
			print_deaths(&f);
	}
	if (in->json) {
		json_t *status = status_json(in, name, &f, &l);

		json_dumpf(status, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
		putchar('\n');
		json_decref(status);
	} else if (f.living) {
		print_status(in, name, &f, &l);
	}
	family_close(&f);
	return f.living ? VERB_DONE : VERB_NOT_RUNNING;
}
