#ifndef PROC_BODY_SIGNER_H
#define PROC_BODY_SIGNER_H
/* TLS signatures of a front, asked of the role keys. */
#include "net/tls.h"
#include "proc/role.h"

struct tls_signer signer_of(struct proc *p);
#endif
