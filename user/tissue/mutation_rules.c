/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's programs are told of a DNA: by `up` of the first, by gland_mutate of all later ones. */
#include "tissue/mutation.h"
#include "shared/flood.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Pages that hold so many bytes; at most what the record can say, 0 stays 0. */
static uint32_t pages_of(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page;

	return pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX;
}

void mutation_rules(const struct dna *d, bool can_kill, struct constitution *rules)
{
	*rules = (struct constitution){
		.attenuation_q16 = d->hormone_attenuation_q16,
		.floor_q16 = d->hormone_floor_q16,
		.hops_max = d->hormone_hops,
		.half_life_ms = d->hormone_half_life_ms,
		.divide_q16 = d->hormone_divide_q16,
		.die_q16 = d->hormone_die_q16,
		.refractory_ms = d->hormone_refractory_ms,
		.secretions_per_s = d->hormone_rate,
		.answer_ms = d->health_answer_ms,
		.prompt_ms = d->health_prompt_ms,
		.ballot_ms = d->health_ballot_ms,
		.memory_pages = pages_of(d->health_memory_bytes),
		.cap_q16 = { [CLASS_NEURON] = d->cap_neuron_q16,
			[CLASS_BLOOD] = d->cap_blood_q16,
			[CLASS_DRONE] = d->cap_drone_q16,
			[CLASS_STEM] = d->cap_stem_q16,
			[CLASS_TCELL] = d->cap_tcell_q16,
			[CLASS_GAMETE] = d->cap_gamete_q16 },
		.may_kill = can_kill,
		.observe = d->observe,
		.ban_s = d->ban_ms / 1000,
		.ban_max_s = d->ban_max_ms / 1000,
		.bans_per_minute = d->bans_per_minute,
		/* One judges; where anything is remembered, another keeps the records. */
		.tcells = d->memory[0] ? 2 : 1,
		.remember = d->memory[0] != 0,
		.widen = d->widen,
		.widest_v4 = d->widest_v4,
		.widest_v6 = d->widest_v6,
		.host_attenuation_q16 = d->hormone_host_attenuation_q16,
	};
}

void mutation_limits(const struct dna *d, struct flood_limits *limits)
{
	*limits = (struct flood_limits){
		.syn_cost_ns = d->syn_rate ? FLOOD_SECOND / d->syn_rate : 0,
		.packet_cost_ns = d->packet_rate ? FLOOD_SECOND / d->packet_rate : 0,
		.packet_sample = d->packet_rate >= PACKET_SAMPLE_FROM ? PACKET_SAMPLE : 1,
		.port_syn_rate = d->cookie_rate,
	};
}

void mutation_describe(const struct germ *g, const struct dna *now, bool can_kill, struct mutation *to)
{
	*to = (struct mutation){ .generation = g->generation,
		.blood_min = g->dna.blood_min,
		.drone_min = g->dna.drone_min,
		.drain_ms = g->dna.drain_ms,
		.signature_now = g->signature_now,
		.observe = g->dna.observe != now->observe };
	snprintf(to->dna_sha256, sizeof(to->dna_sha256), "%s", g->dna.sha256);
	mutation_digest(g, to->germ);
	mutation_rules(&g->dna, can_kill, &to->rules);
	mutation_limits(&g->dna, &to->limits);
}
