#ifndef PROC_ISOLATION_SANDBOX_H
#define PROC_ISOLATION_SANDBOX_H
/* What the system itself checks after a role was locked in: which system calls
 * it may make and which files it may touch. One file per kind of system. */
#include "proc/role.h"

/* The working directory is the role's root already. What the host cannot do is
 * logged as "isolation.missing" with its name. */
void sandbox_enter(const struct role *role);
/* The layers that this build has: "seccomp landlock", for version texts. */
const char *sandbox_layers(void);
#endif
