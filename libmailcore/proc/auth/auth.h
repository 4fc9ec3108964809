#ifndef PROC_AUTH_AUTH_H
#define PROC_AUTH_AUTH_H
/* Role "auth", the same in all daemons: checks who logs in, says who is behind
 * an address, and tells the monitor (nobody else) which session may have which
 * directory.
 *   { ROLE_AUTH, USER_AUTH, ROOT_ACCOUNTS, SANDBOX_FILES,
 *       PEER(FRONT) or PEER(QUEUE), 0, COUNT_ONE, &auth_ops } */
#include "proc/role.h"

extern const struct role_ops auth_ops;
#endif
