#ifndef PROC_ISOLATION_SANDBOX_LANDLOCK_H
#define PROC_ISOLATION_SANDBOX_LANDLOCK_H
/* Files of a role by path: those below its working directory, or none. */
#include "proc/role.h"

void sandbox_landlock(const struct role *role);
bool sandbox_has_landlock(void);
#endif
