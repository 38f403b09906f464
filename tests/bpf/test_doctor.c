/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The doctor's proof that a block blocks: it holds here, twice in a row, and leaves no interface behind. */
#include <criterion/criterion.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include "cellctl/cookies.h"
#include "cellctl/doctor_proof.h"

Test(doctor, a_block_blocks, .timeout = 30)
{
	struct proof_result result;

	if (geteuid() != 0)
		cr_skip_test("not root: no network namespace, no XDP");
	for (int i = 0; i < 2; i++) {
		doctor_prove(&result, false);
		if (result.end == PROOF_IMPOSSIBLE)
			cr_skip_test("no proof is possible here: %s", result.text);
		cr_expect_eq(result.end, PROOF_HOLDS, "%s", result.text);
	}
	cr_expect_eq(if_nametoindex("probe0"), 0, "the wire lies in a namespace of its own");
}

/* Else a proof would hold whatever the skin does. */
Test(doctor, b_a_skin_that_does_not_block_is_found_out, .timeout = 30)
{
	struct proof_result result;

	if (geteuid() != 0)
		cr_skip_test("not root: no network namespace, no XDP");
	doctor_prove(&result, true);
	if (result.end == PROOF_IMPOSSIBLE)
		cr_skip_test("no proof is possible here: %s", result.text);
	cr_expect_eq(result.end, PROOF_FAILED, "%s", result.text);
	cr_expect(strstr(result.text, "while banned"), "%s", result.text);
}

Test(doctor, cookies_make_connections, .timeout = 30)
{
	struct proof_result result;

	if (geteuid() != 0)
		cr_skip_test("not root: no network namespace, no XDP");
	cookies_prove(&result);
	if (result.end == PROOF_IMPOSSIBLE)
		cr_skip_test("no proof is possible here: %s", result.text);
	cr_expect_eq(result.end, PROOF_HOLDS, "%s", result.text);
}
