/* What each process of queued is, may see and may talk to: all of it. */
#include "queued/roles.h"
#include "accounts/alias_files.h"
#include "proc/auth/auth.h"

/* Bodies with libraries that no other role needs: proc/body/module.h. */
#ifdef MAILCORE_ONE_LIBRARY
#define MODULE(ops) &ops
#else
#define MODULE(ops) NULL
#endif

/* clang-format off */
static const struct role roles[] = {
	/* role         user        root           sandbox
	 * talks to                      holds                 how many, body */
	{ ROLE_MONITOR, USER_ROOT,  ROOT_SLASH,    SANDBOX_NONE,
	  PEER(QUEUE) | PEER(AUTH) | PEER(AGENT) | PEER(RESOLVER) |
	      PEER(RELAY) | PEER(FETCH) | PEER(RUN) | PEER(FORWARD), 0,
	  COUNT_ONE, NULL },
	{ ROLE_QUEUE,   USER_QUEUE, ROOT_SPOOL,    SANDBOX_FILES,
	  PEER(AUTH) | PEER(RESOLVER) | PEER(RELAY) | PEER(FETCH) | PEER(RUN),
	  HOLDS_QUEUE_LISTENER, COUNT_ONE, &queue_ops },
	{ ROLE_AUTH,    USER_AUTH,  ROOT_ACCOUNTS, SANDBOX_FILES,
	  PEER(QUEUE),              HOLDS_ALIASES,      COUNT_ONE, &auth_ops },
	{ ROLE_RELAY,   USER_NET,   ROOT_EMPTY,    SANDBOX_CONNECT,
	  PEER(QUEUE),              HOLDS_CA | HOLDS_ROUTE_SECRETS,
	  COUNT_ONE, &relay_ops },
	/* What root's alias files name, it runs, and writes to. */
	{ ROLE_RUN,     USER_ALIAS, ROOT_SLASH,    SANDBOX_NONE,
	  PEER(QUEUE),              HOLDS_PROGRAMS | HOLDS_SETUID,
	  COUNT_ONE, &run_ops },
	/* Its channels come as those of agents do. */
	{ ROLE_FORWARD, USER_UNIX,  ROOT_SLASH,    SANDBOX_NONE,
	  0,                        HOLDS_PROGRAMS,     COUNT_ON_DEMAND,
	  &forward_ops },
	/* Its channels to the queue come one by one, through the monitor. */
	{ ROLE_AGENT,   USER_STORE, ROOT_USER,     SANDBOX_FILES,
	  0,                        0,                  COUNT_ON_DEMAND,
	  &agent_ops },
	{ ROLE_RESOLVER, USER_NET,  ROOT_EMPTY,    SANDBOX_CONNECT,
	  PEER(QUEUE),              HOLDS_RESOLVER_FILES, COUNT_ONE,
	  MODULE(resolver_ops) },
	{ ROLE_FETCH,   USER_NET,   ROOT_EMPTY,    SANDBOX_CONNECT,
	  PEER(QUEUE),              HOLDS_CA,           COUNT_ONE, MODULE(fetch_ops) },
};
/* clang-format on */

const struct daemon queued_daemon = {
	.name = "queued",
	.roles = roles,
	.n_roles = sizeof roles / sizeof roles[0],
	.find_includes = alias_files_find_includes,
};
