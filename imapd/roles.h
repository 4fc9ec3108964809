#ifndef IMAPD_ROLES_H
#define IMAPD_ROLES_H
/* The bodies of imapd's own roles; roles.c says what each may do. */
#include "proc/role.h"

extern const struct role_ops imap_front_ops;
extern const struct role_ops imap_agent_ops;
extern const struct daemon imapd_daemon;
#endif
