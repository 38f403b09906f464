/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl secrete: root's own signal, put into the organism where its tree begins. */
#include "cellctl/pins.h"
#include "cellctl/signal_text.h"
#include "cellctl/verb.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The program, or the exit code as a negative number, said. */
static int open_program(const struct invocation *in, const char *name)
{
	int fd = pin_map(in, name, PIN_INJECT, false);

	if (fd >= 0)
		return fd;
	if (fd == -ENOENT)
		return -verb_say(VERB_FAILED, "%s takes no signals: it was started by another version, or only half", name);
	if (fd == -EACCES || fd == -EPERM)
		return -verb_say(VERB_FAILED, "secrete needs root: sudo cellctl secrete ...");
	return -verb_say(VERB_FAILED, "the signal cannot be sent: %s", strerror(-fd));
}

static int secrete(const struct invocation *in, const char *name, struct bus_call *call)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = call, .ctx_size_in = sizeof(*call));
	int fd = open_program(in, name), error;

	if (fd < 0)
		return -fd;
	error = bpf_prog_test_run_opts(fd, &run);
	close(fd);
	if (error < 0)
		return verb_say(VERB_FAILED, "the signal cannot be sent: %s", strerror(-error));
	if (call->answer == GLAND_DEAD)
		return verb_say(VERB_NOT_RUNNING, "%s has no cell that could hear it now", name);
	if (call->answer != GLAND_OK)
		return verb_say(VERB_FAILED, "the signal is refused: %s", gland_answer_text(call->answer));
	return VERB_DONE;
}

int verb_secrete(const struct invocation *in)
{
	struct bus_call call = { 0 };
	const char *wrong;
	char name[32];
	int code;

	if (in->argc != 3)
		return verb_usage("secrete");
	wrong = signal_read(in->argv[1], in->argv[2], &call);
	if (wrong)
		return verb_say(VERB_USAGE, "%s", wrong);
	code = verb_organism(in, name);
	if (!code)
		code = secrete(in, name, &call);
	if (code)
		return code;
	printf("%s at %s: heard by %u cell%s\n", in->argv[1], in->argv[2], call.heard, call.heard == 1 ? "" : "s");
	return VERB_DONE;
}
