/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Checks what only the host can tell of a DNA: the user, document roots, shared objects. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cellws/gene.h"
#include "dna/parts.h"

#define NOBODY 65534 /* stands in for a user that does not exist, so that the rest can be checked */

struct host {
	const struct dna *dna;
	struct dna_problems problems;
	uid_t uid;
	gid_t gid;
};

static void check_user(struct host *h)
{
	const struct dna *dna = h->dna;
	const struct passwd *user;

	errno = 0;
	user = getpwnam(dna->user);
	h->uid = NOBODY;
	h->gid = NOBODY;
	if (!user && errno && errno != ENOENT)
		dna_problem_add(
			&h->problems, dna->user_line, "user", "%s cannot be looked up: %s", dna->user, strerror(errno));
	else if (!user)
		dna_problem_add(&h->problems, dna->user_line, "user", "%s does not exist; allowed: a user of this host",
			dna->user);
	else if (user->pw_uid == 0)
		dna_problem_add(&h->problems, dna->user_line, "user", "%s is root; allowed: a user without privileges",
			dna->user);
	if (!user || user->pw_uid == 0)
		return;
	h->uid = user->pw_uid;
	h->gid = user->pw_gid;
}

/* In the child: the directory is open as trial->keep, reached with the parent's rights. */
static int enter(const struct dna_trial *trial, char *say, size_t room)
{
	if (!faccessat(trial->keep, "", R_OK | X_OK, AT_EMPTY_PATH | AT_EACCESS))
		return 0;
	snprintf(say, room, "%s", strerror(errno));
	return -1;
}

static bool may_read(const struct host *h, const char *root, const struct stat *st)
{
	struct dna_trial trial = {.uid = h->uid, .gid = h->gid, .work = enter};
	mode_t mode = st->st_mode;
	char say[DNA_SAY_MAX];
	int failed;

	if (geteuid() != 0) {
		mode <<= st->st_uid == h->uid ? 0 : st->st_gid == h->gid ? 3 : 6;
		return (mode & (S_IRUSR | S_IXUSR)) == (S_IRUSR | S_IXUSR);
	}
	trial.keep = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (trial.keep < 0)
		return false;
	failed = dna_trial_run(&trial, say, sizeof(say));
	close(trial.keep);
	return !failed;
}

static void check_root(struct host *h, const struct dna_route *route)
{
	char where[DNA_WHERE_MAX];
	struct stat st;

	dna_name_write(DNA_SECTION_ROUTE, route->prefix, "root", where, sizeof(where));
	if (stat(route->root, &st) && errno == ENOENT)
		dna_problem_add(&h->problems, route->root_line, where, "%s does not exist", route->root);
	else if (stat(route->root, &st))
		dna_problem_add(&h->problems, route->root_line, where, "%s: %s", route->root, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		dna_problem_add(&h->problems, route->root_line, where, "%s is not a directory", route->root);
	else if (!may_read(h, route->root, &st))
		dna_problem_add(&h->problems, route->root_line, where,
			"%s cannot be read by user %s (mode %03o); allowed: a directory that this user may read",
			route->root, h->dna->user, st.st_mode & 07777);
}

/* In the child: loads the copy at trial->keep as a drone will, and closes it, so that the gene finds nothing open. */
static void *load_copy(const struct dna_trial *trial, char *say, size_t room)
{
	char path[32];
	const char *why;
	void *object;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", trial->keep);
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object) {
		why = dlerror();
		/* The operator knows the gene by its own name. */
		if (!strncmp(why, path, strlen(path)) && !strncmp(why + strlen(path), ": ", 2))
			why += strlen(path) + 2;
		snprintf(say, room, "cannot be loaded: %s", why);
	}
	close(trial->keep);
	return object;
}

/* In the child. */
static int try_gene(const struct dna_trial *trial, char *say, size_t room)
{
	const struct dna_route *route = trial->what;
	const struct cellws_gene *gene;
	char why[256] = "";
	void *self = NULL, *object = load_copy(trial, say, room);
	int failed;

	if (!object)
		return -1;
	gene = dlsym(object, "cellws_gene");
	if (!gene)
		snprintf(say, room, "exports no cellws_gene; allowed: a gene, see cellws/gene.h");
	else if (gene->abi != CELLWS_GENE_ABI)
		snprintf(say, room, "was built for gene ABI %u; allowed: %d", gene->abi, CELLWS_GENE_ABI);
	else if (!gene->express)
		snprintf(say, room, "has no express(); allowed: a gene that answers requests");
	else if (gene->init && (failed = gene->init(&self, route->args, why, sizeof(why))))
		snprintf(say, room, "refuses its args: %.*s%s(%s)", (int)strnlen(why, sizeof(why)), why,
			why[0] ? " " : "", failed < 0 ? strerror(-failed) : "not an errno");
	else
		return 0;
	return -1;
}

static const char *copy_failed(int error)
{
	if (error == -ENOENT)
		return "does not exist";
	if (error == -EINVAL)
		return "is not a regular file";
	return error == -EFBIG ? "is larger than 256 MiB" : strerror(-error);
}

static void check_gene(struct host *h, const struct dna_route *route)
{
	struct dna_trial trial = {.uid = h->uid, .gid = h->gid, .work = try_gene, .what = route};
	char where[DNA_WHERE_MAX], say[DNA_SAY_MAX] = "";

	dna_name_write(DNA_SECTION_ROUTE, route->prefix, "gene", where, sizeof(where));
	trial.keep = dna_gene_copy(route->gene);
	if (trial.keep < 0) {
		snprintf(say, sizeof(say), "%s", copy_failed(trial.keep));
	} else {
		int failed = dna_trial_run(&trial, say, sizeof(say));

		close(trial.keep);
		if (!failed)
			return;
	}
	dna_problem_add(&h->problems, route->gene_line, where, "%s %s", route->gene, say);
}

int dna_check_host(const struct dna *dna, FILE *out)
{
	struct host h = {.dna = dna, .problems = {.file = dna->file}};

	check_user(&h);
	for (uint32_t i = 0; i < dna->route_count; i++) {
		if (!strcmp(dna->route[i].gene, "static"))
			check_root(&h, &dna->route[i]);
		else
			check_gene(&h, &dna->route[i]);
	}
	dna_report_check(dna, &h.problems);
	return dna_problem_print(&h.problems, out);
}
