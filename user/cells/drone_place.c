/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which processor a drone runs on. Touches its own scheduling only. */
#include "cells/drone.h"

void drone_place_init(struct drone *d)
{
	d->roams = true;
	/* On failure the set stays empty, and the drone stays where the kernel puts it. */
	if (sched_getaffinity(0, sizeof(d->born), &d->born))
		CPU_ZERO(&d->born);
}

void drone_follow(struct drone *d, uint32_t vessel)
{
	uint32_t cpu = atomic_load_explicit(&d->t->synapse[vessel]->cpu, memory_order_relaxed);
	cpu_set_t one;

	if ((!d->roams && cpu == d->beside) || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &d->born))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return;
	d->roams = false;
	d->beside = cpu;
}

void drone_roam(struct drone *d)
{
	if (d->roams)
		return;
	sched_setaffinity(0, sizeof(d->born), &d->born);
	d->roams = true;
}
