// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Requests that have killed drones on other hosts: the gamete hands them over, each death counts once, with those of this host.
#include "pathogen.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline __u32 infect_check(const struct cell *c, const struct link_state *l, const struct infect_call *call)
{
	if (c->class != CLASS_GAMETE)
		return GLAND_CLASS;
	if (!call->what.fingerprint || !call->what.host || call->what.host == l->self)
		return GLAND_RANGE;
	return !call->deaths || call->deaths > PATHOGEN_DEADLY ? GLAND_RANGE : GLAND_OK;
}

/* How many of the deaths are new; they count from now on. */
static __always_inline __u32 infect_news(const struct infect_call *call)
{
	struct contagion_key what = call->what;
	__u32 *heard = bpf_map_lookup_elem(&contagion_heard, &what), was = heard ? *heard : 0, deaths = call->deaths;

	if (deaths <= was)
		return 0;
	bpf_map_update_elem(&contagion_heard, &what, &deaths, BPF_ANY);
	return deaths - was;
}

/* Counts the deaths that another host has seen at a request, once: with those of here the second makes it deadly. */
SEC("syscall")
int gland_infect(struct infect_call *call)
{
	struct pathogen_deaths d = { .fingerprint = call->what.fingerprint, .now = bpf_ktime_get_boot_ns(), .route = call->route,
		.cause = call->cause };
	struct cell *c = cell_or_stranger();
	struct link_state *l = link_get();
	struct lymph *count = lymph_get();
	struct incident what = { .time_ns = d.now, .act = INCIDENT_CONTAGION, .reason = ANTIGEN_PATHOGEN };
	struct contagion_key key = call->what;

	call->total = 0;
	call->answer = GLAND_STRANGER;
	if (!c || !l || !count)
		return 0;
	call->answer = infect_check(c, l, call);
	if (call->answer != GLAND_OK)
		return 0;
	d.n = infect_news(call);
	if (!d.n) {
		call->answer = GLAND_TWICE;
		return 0;
	}
	lymph_print(what.detail, call->detail);
	call->total = pathogen_note(count, &d, what.detail);
	contagion_put(l, &key, call->from, call->deaths, &d, what.detail);
	what.cell = c->id;
	what.rule = d.route;
	what.count = call->total;
	what.host = key.host;
	incident_write(count, &what);
	return 0;
}
