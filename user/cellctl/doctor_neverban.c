/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The doctor on the never-ban list: whom `up`, run from here, would put on it by itself. */
#include "cellctl/doctor.h"
#include "cellctl/immune.h"
#include "cellctl/neverban.h"

#include <stdio.h>
#include <string.h>

struct friends {
	unsigned own, admin;
	char text[400];
};

static int note(void *arg, const struct address *a, enum allowance_origin origin)
{
	struct friends *f = arg;
	size_t n = strlen(f->text);
	char name[ADDRESS_TEXT];

	f->own += origin == ALLOWANCE_OWN;
	f->admin += origin == ALLOWANCE_ADMIN;
	address_format(a, name);
	if (origin != ALLOWANCE_OWN && !strstr(f->text, name))
		snprintf(f->text + n, sizeof(f->text) - n, "%s (%s), ", name, immune_origin(origin));
	return 0;
}

void doctor_neverban(struct doctor *d)
{
	struct friends f = { 0 };
	int error = neverban_each(note, &f);

	if (error)
		doctor_tell(d, FOUND_BAD, "the addresses of this host cannot be listed: %s", strerror(-error));
	else
		doctor_tell(d, FOUND_OK, "%s%u addresses of this host%s", f.text, f.own,
			f.admin ? "" : "; no SSH session leads here");
}
