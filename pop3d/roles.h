#ifndef POP3D_ROLES_H
#define POP3D_ROLES_H
#include "proc/role.h"

extern const struct daemon pop3d_daemon;
extern const struct role_ops pop3_front_ops; /* front.c */
extern const struct role_ops pop3_agent_ops; /* agent.c */
#endif
