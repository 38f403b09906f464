/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the key of a living organism is found, and its public half as text. */
#ifndef CELLWS_CELLCTL_KEY_H
#define CELLWS_CELLCTL_KEY_H

#include "cellctl/pins.h"
#include "tissue/key.h"

#define KEY_PUBLIC_TEXT 45 /* base64 of a public key, with its NUL */

/* RUN_DIR/NAME/key: the key itself, or a link to the DNA's file. 0 or -ENAMETOOLONG. */
int key_path(const struct invocation *in, const char *name, char to[PIN_PATH]);

/* The file that key_path() leads to, which may be the same. 0 or -errno. */
int key_file(const struct invocation *in, const char *name, char to[PIN_PATH]);

/* Loads the key of a living organism, with a pair. ring: locked by the caller. 0 or the exit code, said. */
int key_of(const struct invocation *in, const char *name, struct key_ring *ring);

/* Brings file and ring up to the key that other hosts have told the organism of. 0, or -errno when the file stays behind. */
int key_catch_up(const struct invocation *in, const char *name, const char *file, struct key_ring *ring);

/* A public key from its text. 0 or -EINVAL. */
int key_public_read(const char *text, uint8_t public[SECRET_PUBLIC_BYTES]);

#endif
