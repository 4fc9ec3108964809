/* What each process of smtpd is, may see and may talk to: all of it. */
#include "smtpd/roles.h"
#include "accounts/alias_files.h"
#include "proc/auth/auth.h"
#include "proc/keys/keys.h"
#include "smtpd/front.h"

/* clang-format off */
static const struct role roles[] = {
	/* role         user        root           sandbox
	 * talks to                   holds            how many         body */
	{ ROLE_MONITOR, USER_ROOT,  ROOT_SLASH,    SANDBOX_NONE,
	  PEER(FRONT) | PEER(AUTH) | PEER(KEYS),
	                              0,               COUNT_ONE,       NULL },
	{ ROLE_FRONT,   USER_NET,   ROOT_EMPTY,    SANDBOX_NET,
	  PEER(AUTH) | PEER(KEYS),    HOLDS_LISTENERS | HOLDS_QUEUE,
	                                               COUNT_FRONTS,
	  &front_ops },
	{ ROLE_AUTH,    USER_AUTH,  ROOT_ACCOUNTS, SANDBOX_FILES,
	  PEER(FRONT),                HOLDS_ALIASES,   COUNT_ONE,
	  &auth_ops },
	{ ROLE_KEYS,    USER_KEYS,  ROOT_EMPTY,    SANDBOX_KEYS,
	  PEER(FRONT),                HOLDS_KEYS,      COUNT_ONE,
	  &keys_ops },
};

/* clang-format on */

static const enum service services[] = {
	SERVICE_SMTP,
	SERVICE_SUBMISSION,
	SERVICE_SUBMISSIONS,
};

const struct daemon smtpd_daemon = {
	.name = "smtpd",
	.roles = roles,
	.n_roles = sizeof roles / sizeof roles[0],
	.services = services,
	.n_services = sizeof services / sizeof services[0],
	.find_includes = alias_files_find_includes,
};
