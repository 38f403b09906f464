/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom this host must never ban, as far as it can be seen: itself, its gateways, its name servers, the administrator. */
#ifndef CELLWS_CELLCTL_NEVERBAN_H
#define CELLWS_CELLCTL_NEVERBAN_H

#include <sys/socket.h>
#include "dna/dna.h"
#include "immune/address.h"
#include "immune/ban.h"

/*
 * Gets one address or prefix; the same one may come more than once, and of several origins. What it returns other than 0
 * ends the search and is returned.
 */
typedef int (*neverban_visit)(void *arg, const struct address *a, enum allowance_origin origin);

/* All of them, as they are now. 0, -errno when the own addresses cannot be listed, or the visitor's. */
int neverban_each(neverban_visit each, void *arg);

/* Puts prefixes of the DNA on the list in the kernel. 0 or -errno. */
int neverban_put(const struct ban_maps *maps, const struct dna_prefix *list, uint32_t n, enum allowance_origin origin);

/* The parts. What cannot be read is taken as empty. */
int neverban_gateways(neverban_visit each, void *arg);  /* neverban_route.c: of default routes, in all tables */
int neverban_resolvers(neverban_visit each, void *arg); /* neverban_resolver.c */
int neverban_admin(neverban_visit each, void *arg);     /* neverban_ssh.c: the SSH session that this process runs in */

/* An address of the kernel's; false when it is of another family or NULL. */
bool neverban_sockaddr(const struct sockaddr *from, struct address *to);

/*
 * A word that names one host, n bytes: as SSH_CONNECTION or resolv.conf have it, an IPv6 scope (%eth0) is left out. Pure.
 * 0, or -EINVAL: no address, a prefix, unspecified, multicast or broadcast.
 */
int neverban_word(const char *word, size_t n, struct address *to);

/* The name servers in the text of a resolv.conf(5). Pure. 0 or the visitor's. */
int neverban_resolv(const char *text, size_t n, neverban_visit each, void *arg);

/* The client in a process's environment (NUL between entries), as sshd(8) sets it. Pure. 0 or -ENOENT. */
int neverban_environment(const char *text, size_t n, struct address *to);

/*
 * The remote end of the established connection with that inode, in the text of /proc/net/tcp or tcp6; one line at a time.
 * Pure. 0 or -ENOENT.
 */
int neverban_connection(const char *line, unsigned long inode, struct address *to);

#endif
