/* Role agent of pop3d.
 * runs as:  mailstore in one user's directory
 * can see:  that user's mail
 * accepts:  SESSION from the monitor, POP3 from its clients
 * sends:    RETIRE to the monitor
 * dies:     when it had nothing to do for agent_linger */
#include "pop3d/pop3.h"
#include "pop3d/roles.h"

static int start(struct proc *p)
{
	return agent_start(p, &pop3_agent_protocol);
}

const struct role_ops pop3_agent_ops = AGENT_ROLE_OPS(start);
