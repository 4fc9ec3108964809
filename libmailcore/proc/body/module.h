#ifndef PROC_BODY_MODULE_H
#define PROC_BODY_MODULE_H
/* Bodies of roles that need large libraries are in libraries of their own, so
 * that the other processes, agents above all, do not map what they never call:
 * libmailcore-ROLE.so.0, with the body as ROLE_ops. */
#include "proc/role.h"

/* The role with its body, before the process is locked in: later it may open no
 * files. That it cannot be loaded is fatal. */
void module_load(const struct role *role, struct role *out);
#endif
