#ifndef PROC_UNIXSOCK_H
#define PROC_UNIXSOCK_H
/* Named SOCK_SEQPACKET sockets: mailctl's, and queued's for smtpd; and those of
 * others, where routes lead. */
#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

/* Replaces a socket that is there already. group -1: not changed. -errno. */
int unixsock_listen(
    const char *path, mode_t mode, gid_t group, int *fd) MUST_CHECK;
/* Non-blocking; the new descriptor, or -errno. */
int unixsock_accept(int fd) MUST_CHECK;
int unixsock_connect(const char *path) MUST_CHECK; /* fd or -errno */
/* Of another program: SOCK_STREAM. -EAGAIN: it does not keep up. */
int unixsock_connect_stream(const char *path) MUST_CHECK;
/* Whether the other end is root's or our own user's. */
bool unixsock_is_admin(int fd);
#endif
