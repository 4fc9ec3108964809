/* What each process of pop3d is, may see and may talk to: all of it. */
#include "pop3d/roles.h"
#include "proc/auth/auth.h"
#include "proc/keys/keys.h"

/* clang-format off */
static const struct role roles[] = {
	/* role         user        root           sandbox
	 * talks to                      holds                 how many, body */
	{ ROLE_MONITOR, USER_ROOT,  ROOT_SLASH,    SANDBOX_NONE,
	  PEER(FRONT) | PEER(AUTH) | PEER(KEYS) | PEER(AGENT), 0,
	  COUNT_ONE, NULL },
	{ ROLE_FRONT,   USER_NET,   ROOT_EMPTY,    SANDBOX_NET,
	  PEER(AUTH) | PEER(KEYS),  HOLDS_LISTENERS,    COUNT_FRONTS,
	  &pop3_front_ops },
	{ ROLE_AUTH,    USER_AUTH,  ROOT_ACCOUNTS, SANDBOX_FILES,
	  PEER(FRONT),              0,                  COUNT_ONE, &auth_ops },
	{ ROLE_KEYS,    USER_KEYS,  ROOT_EMPTY,    SANDBOX_KEYS,
	  PEER(FRONT),              HOLDS_KEYS,         COUNT_ONE, &keys_ops },
	{ ROLE_AGENT,   USER_STORE, ROOT_USER,     SANDBOX_FILES,
	  0,                        0,                  COUNT_ON_DEMAND,
	  &pop3_agent_ops },
};
/* clang-format on */

static const enum service services[] = { SERVICE_POP3, SERVICE_POP3S };

const struct daemon pop3d_daemon = {
	.name = "pop3d",
	.roles = roles,
	.n_roles = sizeof roles / sizeof roles[0],
	.services = services,
	.n_services = sizeof services / sizeof services[0],
};
