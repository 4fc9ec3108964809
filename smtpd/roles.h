#ifndef SMTPD_ROLES_H
#define SMTPD_ROLES_H
#include "proc/role.h"

extern const struct daemon smtpd_daemon;
#endif
