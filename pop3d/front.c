/* Role front of pop3d.
 * runs as:  mailnet in an empty directory
 * can see:  clients' sockets, their TLS, their passwords on the way to auth
 * accepts:  clients; AUTH_CHALLENGE, AUTH_RESULT; HANDOFF_REFUSED
 * sends:    AUTH_* to auth, SIGN to keys, HANDOFF to the monitor
 * dies:     with its monitor; sessions without TLS live on in their agents */
#include "pop3d/pop3.h"
#include "pop3d/roles.h"

static int front_start(struct proc *p)
{
	return login_start(p, &pop3_login_protocol);
}

const struct role_ops pop3_front_ops = LOGIN_ROLE_OPS(front_start);
