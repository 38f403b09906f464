/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs a proof in a child process, so that nothing of it is left however it ends. */
#include "cellctl/doctor_proof.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROOF_SECONDS 10

void proof_in_child(struct proof_result *result, void (*try_it)(void *proof), void *proof)
{
	int pipes[2], status = 0;
	pid_t pid;

	*result = (struct proof_result){ .end = PROOF_IMPOSSIBLE };
	strcpy(result->text, "no child process can be made");
	fflush(NULL);
	if (pipe(pipes))
		return;
	pid = fork();
	if (!pid) {
		alarm(PROOF_SECONDS);
		try_it(proof);
		_exit(write(pipes[1], result, sizeof(*result)) != sizeof(*result));
	}
	close(pipes[1]);
	if (pid > 0 && read(pipes[0], result, sizeof(*result)) != sizeof(*result))
		snprintf(result->text, sizeof(result->text), "the process that tried it did not finish in %d s", PROOF_SECONDS);
	close(pipes[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
}
