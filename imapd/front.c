/* Greeting to login: proc/front/login.c with this protocol's words.
 * runs as  mailnet, in an empty directory
 * can see  clients until they are logged in; TLS of all its sessions
 * accepts  answers of auth and keys
 * sends    passwords to auth, digests to keys, sessions to the monitor
 * dies     after its last session when told to stop */
#include "imapd/imap.h"
#include "imapd/roles.h"

static int start(struct proc *p)
{
	return login_start(p, &imap_login_protocol);
}

const struct role_ops imap_front_ops = LOGIN_ROLE_OPS(start);
