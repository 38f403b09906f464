/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What attenuation, half-life and refractory time do: the same step with other rules, ten lives each. */
#include "run.h"

#include <errno.h>

#define LIVES 10u
#define CONNECTIONS 100u

/* X(name, "axis", field, unit, values...): unit is what a value of 1 on the axis is in the field. */
#define SWEEPS(X)                                                                                                    \
	X(attenuation, attenuation_q16, Q16_ONE, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)                  \
	X(half_life, half_life_ms, 1000, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16)                                             \
	X(refractory, refractory_ms, 1000, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4)

struct sums {
	double most_s, settled_s, back_s, over, swing, births;
	unsigned reached, back;
};

static void add(struct sums *s, const struct figures *f)
{
	if (f->most_ms != NEVER) {
		s->most_s += f->most_ms / 1000.0;
		s->reached++;
	}
	if (f->back_ms != NEVER) {
		s->back_s += f->back_ms / 1000.0;
		s->back++;
	}
	s->settled_s += f->settled_ms / 1000.0 / LIVES;
	s->over += 100.0 * ((double)f->peak / CONNECTIONS - 1) / LIVES;
	s->swing += (double)(f->most - f->least) / LIVES;
	s->births += (double)f->births / LIVES;
}

static void write_line(FILE *out, double value, const struct colony_rules *rules)
{
	struct run r = run_of(LOAD_STEP, CONNECTIONS);
	struct sums s = { 0 };

	r.rules.c = rules->c;
	r.rest_ms = 30000;
	for (r.seed = 1; r.seed <= LIVES; r.seed++) {
		struct figures f = run_live(&r, NULL);

		add(&s, &f);
	}
	fprintf(out, "%g ", value);
	fprintf(out, s.reached == LIVES ? "%.3f " : "? ", s.most_s / LIVES);
	fprintf(out, "%.3f ", s.settled_s);
	fprintf(out, s.back == LIVES ? "%.3f " : "? ", s.back_s / LIVES);
	fprintf(out, "%.1f %.1f %.1f\n", s.over, s.swing, s.births);
}

static FILE *open_sweep(const char *directory, const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/sweep-%s.dat", directory, name);
	out = fopen(path, "w");
	if (out)
		fprintf(out, "# value seconds_to_80 seconds_to_settle seconds_to_shrink overshoot_percent swing births_late\n");
	return out;
}

int sweep_write(const char *directory)
{
#define X(name, field, unit, ...)                                          \
	{                                                                  \
		static const double value[] = { __VA_ARGS__ };             \
		FILE *out = open_sweep(directory, #name);                  \
                                                                           \
		if (!out)                                                  \
			return -errno;                                     \
		for (unsigned i = 0; i < sizeof(value) / sizeof(*value); i++) { \
			struct colony_rules rules = run_rules();           \
                                                                           \
			rules.c.field = (uint32_t)(value[i] * (unit));     \
			write_line(out, value[i], &rules);                 \
		}                                                          \
		fclose(out);                                               \
	}
	SWEEPS(X)
#undef X
	return 0;
}
