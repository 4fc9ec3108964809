/* What each process of smtpd is, may see and may talk to: all of it. */
#include "smtpd/roles.h"
#include "proc/auth.h"
#include "proc/keys.h"
#include "smtpd/front.h"

/* clang-format off */
static const struct role roles[] = {
	{ .id = ROLE_MONITOR, .user = USER_ROOT, .root = ROOT_SLASH,
	  .sandbox = SANDBOX_NONE,
	  .peers = PEER(FRONT) | PEER(AUTH) | PEER(KEYS),
	  .holds = 0,
	  .count = COUNT_ONE, .ops = NULL },
	{ .id = ROLE_FRONT, .user = USER_NET, .root = ROOT_EMPTY,
	  .sandbox = SANDBOX_NET,
	  .peers = PEER(AUTH) | PEER(KEYS),
	  .holds = HOLDS_LISTENERS | HOLDS_QUEUE,
	  .count = COUNT_FRONTS, .ops = &front_ops },
	{ .id = ROLE_AUTH, .user = USER_AUTH, .root = ROOT_ACCOUNTS,
	  .sandbox = SANDBOX_FILES,
	  .peers = PEER(FRONT),
	  .holds = 0,
	  .count = COUNT_ONE, .ops = &auth_ops },
	{ .id = ROLE_KEYS, .user = USER_KEYS, .root = ROOT_EMPTY,
	  .sandbox = SANDBOX_KEYS,
	  .peers = PEER(FRONT),
	  .holds = HOLDS_KEYS,
	  .count = COUNT_ONE, .ops = &keys_ops },
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
};
