#ifndef PROC_AGENT_QUOTA_H
#define PROC_AGENT_QUOTA_H
/* An agent's side of quotas: the limits that came with a session, for its store
 * from then on; its user is warned as the configuration says. */
#include "proc/role.h"
#include "store/quota.h"

struct store_limits quota_limits(
    struct proc *p, const struct msg_session *session);
#endif
