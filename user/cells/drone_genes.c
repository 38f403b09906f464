/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loading the genes: the built-in one and shared objects, from descriptors, before the drone is sealed. */
#include "cells/drone.h"
#include "genes/static.h"
#include "http/mime.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct http_mime *types;

static int load_static(struct drone *d, uint32_t route)
{
	const struct dna_route *r = &d->t->germ->dna.route[route];
	struct static_config config = {
		.root_fd = plan_root(d->t->plan, route),
		.index = r->index,
		.mime = types,
	};

	if (!germ_file_is(&d->t->germ->root[route], config.root_fd)) {
		tissue_log(d->t, "the root of route %s is another directory than the DNA names", r->prefix);
		return -ESTALE;
	}
	if (!types)
		types = http_mime_new(germ_bytes(d->t->germ, d->t->germ->mime), d->t->germ->mime.n);
	config.mime = types;
	d->gene[route].gene = &gene_static;
	return static_new(&d->gene[route].self, &config);
}

/* The descriptor is a sealed memory file that `up` has filled with the shared object. */
static int load_object(struct drone *d, uint32_t route)
{
	const struct dna_route *r = &d->t->germ->dna.route[route];
	const struct cellws_gene *gene;
	char path[40], why[160] = "";
	void *object;
	int error;

	if (!germ_file_is(&d->t->germ->gene[route], plan_gene(d->t->plan, route))) {
		tissue_log(d->t, "the gene of route %s is another file than the DNA names", r->prefix);
		return -ESTALE;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", plan_gene(d->t->plan, route));
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	gene = object ? dlsym(object, "cellws_gene") : NULL;
	if (!gene || gene->abi != CELLWS_GENE_ABI || !gene->express) {
		tissue_log(d->t, "gene %s of route %s does not load: %s", r->gene, r->prefix,
			object ? "no gene of this interface" : dlerror());
		return -ENOEXEC;
	}
	d->gene[route].gene = gene;
	error = gene->init ? gene->init(&d->gene[route].self, r->args, why, sizeof(why)) : 0;
	why[sizeof(why) - 1] = 0;
	if (error)
		tissue_log(d->t, "gene %s of route %s refuses its arguments: %s", r->gene, r->prefix, why);
	return error;
}

int drone_load(struct drone *d)
{
	const struct dna *dna = &d->t->germ->dna;

	for (uint32_t i = 0; i < dna->route_count; i++) {
		bool built_in = !strcmp(dna->route[i].gene, "static");
		int error = built_in ? load_static(d, i) : load_object(d, i);

		/* A gene that does not load answers 500 on its route; the other routes go on. */
		if (error) {
			d->gene[i].gene = NULL;
			tissue_log(d->t, "route %s is answered 500: error %d", dna->route[i].prefix, -error);
		}
	}
	return 0;
}

void drone_unload(struct drone *d)
{
	for (uint32_t i = 0; i < d->t->germ->dna.route_count; i++)
		if (d->gene[i].gene && d->gene[i].gene->done)
			d->gene[i].gene->done(d->gene[i].self);
}
