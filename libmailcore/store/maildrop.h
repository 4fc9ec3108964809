#ifndef STORE_MAILDROP_H
#define STORE_MAILDROP_H
/* The exclusive lock that RFC 1939 3 asks for: one POP3 session per maildrop.
 * IMAP and delivery are never blocked by it. It ends with the descriptor, so
 * with the process too. */
#include "base/err.h"

/* dir is the user's directory ("." for an agent). MC_E_BUSY: another session
 * has it; -errno. Closing *fd gives it back. */
int maildrop_lock(const char *dir, int *fd) MUST_CHECK;
#endif
