/* One user's sessions: proc/agent/agent.c with this protocol's engine.
 * runs as  mailstore, in one user's directory
 * can see  that user's mail, and nothing else
 * accepts  sessions from the monitor; the user's commands
 * sends    to the monitor: that it has nothing to do
 * dies     when told to; it asks for that when it was idle for agent_linger */
#include "imapd/imap.h"
#include "imapd/roles.h"

static int start(struct proc *p)
{
	return agent_start(p, &imap_agent_protocol);
}

const struct role_ops imap_agent_ops = AGENT_ROLE_OPS(start);
