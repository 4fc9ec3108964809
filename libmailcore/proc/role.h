#ifndef PROC_ROLE_H
#define PROC_ROLE_H
/* What a daemon is made of. roles.c of each daemon is a const table of struct
 * role: its privilege policy on one screen. The monitor is the same code for
 * all; a daemon's own files say only what is different. */
#include "conf/conf.h"
#include "log/log.h"
#include "proc/peer.h"

struct proc;

enum role_user {
	USER_ROOT,
	USER_NET,
	USER_AUTH,
	USER_KEYS,
	USER_STORE,
	USER_QUEUE,
	USER_ALIAS,
	USER_UNIX, /* of an account: the monitor says who */
};

enum role_root {
	ROOT_SLASH,
	ROOT_EMPTY,    /* an empty directory nobody can write to */
	ROOT_ACCOUNTS, /* accounts database */
	ROOT_SPOOL,    /* queue */
	ROOT_USER,     /* one user's directory, given with the first session */
};

/* System calls a role may make: one allow-list per class, which are in
 * proc/isolation/sandbox.c. */
enum role_sandbox {
	SANDBOX_NONE,
	SANDBOX_NET,     /* sockets that it is given or accepts; no files */
	SANDBOX_CONNECT, /* sockets to anywhere that it opens; no files */
	SANDBOX_KEYS,    /* talks on descriptors it has; nothing else */
	SANDBOX_FILES,   /* files below its root directory; no network */
};

enum role_holds {
	HOLDS_LISTENERS = 1 << 0, /* gets LISTEN_ON and CERTIFICATE */
	HOLDS_KEYS = 1 << 1,      /* gets PRIVATE_KEY */
	HOLDS_QUEUE = 1 << 2,     /* gets a channel to queued's queue role */
	HOLDS_QUEUE_LISTENER = 1 << 3, /* is reached through queue.sock */
	HOLDS_CHARSETS = 1 << 4,       /* iconv's converters, which are files */
	/* These get FILE_IS: */
	HOLDS_RESOLVER_FILES = 1 << 5, /* resolv.conf, trust anchor */
	HOLDS_CA = 1 << 6,
	HOLDS_ROUTE_SECRETS = 1 << 7,
	HOLDS_ALIASES = 1 << 8, /* and the files that they include */
	/* Starts programs: may fork. As alias_user, there is none without the
	 * option aliases. */
	HOLDS_PROGRAMS = 1 << 9,
	HOLDS_SETUID = 1 << 10, /* setuid ones are what they are */
};

enum role_count {
	COUNT_ONE,
	COUNT_FRONTS,    /* the option fronts */
	COUNT_ON_DEMAND, /* one per user with something to do */
};

/* How the body of a role is called. Everything runs on p's loop, after the
 * process has dropped what it does not need. */
struct role_ops {
	/* All that the role may hold is there. Non-zero ends the process with
	 * an error line: for what the environment did wrong. */
	int (*start)(struct proc *p);
	/* A channel to another role came up, also after that was restarted. */
	void (*peer_up)(struct proc *p, struct peer *peer);
	void (*peer_down)(struct proc *p, struct peer *peer);
	/* A client; fd is the callee's. */
	void (*accept)(
	    struct proc *p, int fd, enum service service, enum conf_tls tls);
	/* A file of the administrator's came again, changed: proc_file. */
	void (*file_changed)(
	    struct proc *p, enum file_kind kind, uint32_t index);
	/* Finish within grace; call proc_exit when done. NULL: exits at once.
	 */
	void (*stop)(struct proc *p, uint32_t grace_s);
	/* One handler per message type that this role understands; the others
	 * close the peer that sent them. */
	void (*on[MSG_COUNT])(
	    struct proc *p, struct peer *from, const struct msg *m, int fd);
};

struct role {
	enum role_id id;
	enum role_user user;
	enum role_root root;
	enum role_sandbox sandbox;
	uint32_t peers; /* PEER(x) | ...: gets a channel to each of them */
	uint32_t holds; /* enum role_holds */
	enum role_count count;
	const struct role_ops *ops; /* NULL: the monitor's, or body/module.h */
};

#define PEER(NAME) (1u << ROLE_##NAME)

struct daemon {
	const char *name; /* "imapd" */
	const struct role *roles;
	size_t n_roles;
	const enum service *services; /* whose listeners it has */
	size_t n_services;
	/* Calls found for each file that a text of FILE_ALIASES or FILE_INCLUDE
	 * includes, by its path: the monitor hands them out, too. NULL: none
	 * does. */
	void (*find_includes)(struct view text,
	    void (*found)(void *ctx, struct view path), void *ctx);
};

/* main() of every daemon. */
int proc_main(const struct daemon *daemon, int argc, char **argv);

/* For the bodies of roles. */
struct loop *proc_loop(struct proc *p);
const struct conf *proc_conf(struct proc *p);
struct peer *proc_monitor(struct proc *p);
/* The channel to the first living process of that role, NULL: none now. */
struct peer *proc_peer(struct proc *p, enum role_id id);
struct tls_server *proc_tls(struct proc *p); /* HOLDS_LISTENERS; may be NULL */

enum {
	PROC_FILE_MAX = 4 << 20
};

/* What FILE_IS brought, until it comes again; name (its path) may be NULL.
 * Empty: it is not there, no regular file, or over PROC_FILE_MAX. Indices begin
 * at 0; false: there is none with that index or a higher one. */
bool proc_file(struct proc *p, enum file_kind kind, uint32_t index,
    struct view *name, struct view *text);
/* It is, though it may be empty. */
bool proc_file_is_there(struct proc *p, enum file_kind kind, uint32_t index);
/* Only root, or who runs the monitor, can write it. */
bool proc_file_is_trusted(struct proc *p, enum file_kind kind, uint32_t index);
/* The role's working directory is its root: use relative paths. */
struct view proc_account(struct proc *p); /* ROOT_USER: whose directory */
/* USER_UNIX: his name. A refusal says why he may not be: then this process is
 * nobody that matters, and does nothing for him; NULL: he is. */
struct view proc_unix_user(struct proc *p, const char **refusal);
void proc_set_state(struct proc *p, void *state);
void *proc_state(struct proc *p);
/* Tells the monitor, at most once a second. An agent's total is how many
 * sessions it was given: that tells the monitor whether one is on its way. */
void proc_stats(struct proc *p, uint32_t sessions, uint64_t total);
void proc_exit(struct proc *p); /* leave the loop, exit 0 */
#endif
