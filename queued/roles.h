#ifndef QUEUED_ROLES_H
#define QUEUED_ROLES_H
/* The bodies of queued's own roles; roles.c says what each may do. */
#include "proc/role.h"

extern const struct role_ops queue_ops;
extern const struct role_ops agent_ops;
extern const struct role_ops run_ops;
extern const struct role_ops forward_ops;
extern const struct role_ops resolver_ops;
extern const struct role_ops relay_ops;
extern const struct role_ops fetch_ops;
extern const struct daemon queued_daemon;
#endif
