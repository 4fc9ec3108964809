#ifndef PROC_MONITOR_MONITOR_H
#define PROC_MONITOR_MONITOR_H
/* Inside of the monitor: what its files share. It reads the configuration,
 * binds sockets, starts the roles and restarts what dies; it never reads what
 * a client or a message said. */
#include "net/loop.h"
#include "proc/monitor/grants.h"
#include "proc/monitor/listeners.h"
#include "proc/monitor/sink.h"
#include "proc/role.h"
#include <sys/types.h>

enum {
	MONITOR_EXIT_CONFIG = 78 /* sysexits(3): EX_CONFIG */
};

struct monitor_options {
	const char *file, *prefix; /* prefix may be NULL */
	const char *argv0;
	bool daemonize;
};

enum child_state {
	CHILD_STARTING,
	CHILD_READY,
	CHILD_STOPPING,
};

/* One running process. Gone when it was reaped. */
struct child {
	struct child *next;
	struct monitor *monitor;
	const struct role *role;
	struct slot *slot; /* the place it fills; NULL: agent, or replaced */
	unsigned index;
	pid_t pid;
	struct peer *peer; /* NULL: the channel ended, death is near */
	enum child_state state;
	uint32_t generation;
	int64_t started_s;
	uint64_t started_ms, kill_at_ms;
	uint32_t sessions; /* as it says itself */
	uint64_t total;
	bool wants_queue;  /* HOLDS_QUEUE, and has no channel to it */
	int queue_fd;      /* our copy of that channel's end, -1: none */
	char account[321]; /* agents; or the Unix user that it is for */
	uint64_t given;    /* of these two: sessions that they were sent */
};

/* A place that is to be filled at all times. */
struct slot {
	struct monitor *monitor;
	const struct role *role;
	unsigned index;
	struct child *child;
	struct timer *timer; /* until the next start */
	uint32_t restarts, failures;
};

struct broken_link {
	pid_t a, b;
	uint64_t at_ms;
};

enum {
	BROKEN_LINKS_MAX = 64
};

struct monitor {
	const struct daemon *daemon;
	const struct monitor_options *options;
	char self[1024];
	struct loop *loop;
	struct conf *conf;
	int conf_fd; /* the same, encoded and sealed */
	uint32_t generation;
	struct slot *slots;
	size_t n_slots;
	struct child *children;
	struct listeners listeners;
	struct sink *sink;
	struct grants grants;
	struct certificate *certificate;
	struct files *files;
	struct control *control;
	struct queue_door *queue_door;
	struct timer *tick;
	struct signal_handle *signals[5];
	struct broken_link broken[BROKEN_LINKS_MAX];
	size_t n_broken;
	int64_t started_s;
	int pid_fd, daemon_fd;
	bool is_ready;     /* it was, once */
	bool is_announced; /* this generation's readiness was told */
	bool is_stopping;
	bool is_queue_missing; /* and the log was told */
	int exit_code;
};

/* Checks a configuration as -n does; every error is a line on standard error.
 * Returns the exit code. */
int monitor_check(
    const struct daemon *d, const struct monitor_options *options);
/* Runs until told to stop. Returns the exit code. */
int monitor_run(const struct daemon *d, const struct monitor_options *options);

/* The new configuration is taken only when all of it can be; errors (may be
 * NULL) gets the reasons, one per line. */
int monitor_reload(struct monitor *m, struct buf *errors) MUST_CHECK;
void monitor_stop(struct monitor *m, uint32_t grace_s);
/* A child's fate changed: are all ready, are all gone? */
void monitor_review(struct monitor *m);

/* family.c: the children. */
void family_start_slots(struct monitor *m);
struct child *family_spawn_agent(struct monitor *m, const struct role *role,
    struct view account, int directory);
void family_stop_child(struct child *c, uint32_t grace_s);
/* Replaces all slots' processes by new ones (reload), or by none (stop). */
void family_retire_generation(struct monitor *m, uint32_t grace_s);
void family_reap(struct monitor *m);
/* Returns whether somebody waits for a channel to queued. */
bool family_tick(struct monitor *m);
const struct role *family_role(const struct monitor *m, enum role_id id);
struct child *family_find(struct monitor *m, enum role_id id, unsigned index);
void family_end(struct monitor *m); /* kills what is left */
struct peer *child_peer(struct child *c);

/* handout.c: what a new child may hold, in order, up to START. */
void handout_all(struct child *c, int directory);
void handout_log(struct child *c);
/* Two children get the ends of a new channel. */
void handout_link(struct child *a, struct child *b);
void handout_queue(struct child *c);
/* Ends its channel to the queue, whoever has copies of it. */
void handout_queue_end(struct child *c);

/* certificate.c: files that are read again when they change. */
void certificate_open(struct monitor *m);
void certificate_close(struct monitor *m);
/* To c, if it may hold one: the chain to fronts, the key to keys. */
void certificate_hand_out(struct child *c);
void certificate_check(struct monitor *m); /* did the files change? */

/* files.c: what roles get as FILE_IS, again when it changes. */
void files_open(struct monitor *m);
void files_close(struct monitor *m);
void files_hand_out(struct child *c); /* what it may hold */
void files_check(struct monitor *m);

/* agents.c: sessions on their way to the agents of their accounts. */
void agents_on_grant(struct child *from, const struct msg *msg, int fd);
void agents_on_handoff(struct child *from, const struct msg *msg, int fd);
void agents_on_retire(struct child *from, const struct msg *msg, int fd);
void agents_tick(struct monitor *m);

/* sockets.c: Unix sockets where routes lead. */
void sockets_on_ask(struct child *from, const struct msg *msg, int fd);

/* control.c: mailctl's socket. */
int control_open(struct monitor *m) MUST_CHECK;
void control_close(struct monitor *m);
void control_on_queue_changed(struct child *c, const struct msg *msg, int fd);
void control_on_step(struct child *c, const struct msg *msg, int fd);
void control_on_explained(struct child *c, const struct msg *msg, int fd);
void control_on_site(struct child *c, const struct msg *msg, int fd);
void control_on_route_is(struct child *c, const struct msg *msg, int fd);
/* A process of that role died: who waits for its answer gets none. */
void control_role_gone(struct monitor *m, enum role_id role);

/* queue_door.c: queued's socket for the fronts of smtpd. */
int queue_door_open(struct monitor *m) MUST_CHECK;
void queue_door_review(struct monitor *m); /* open while queue is ready */
void queue_door_close(struct monitor *m);
/* The process that has the queue, NULL when there is none. */
struct child *queue_door_child(struct monitor *m);
/* A connection to queued, for a role that holds one; -errno. */
int queue_door_connect(const struct conf *conf) MUST_CHECK;

/* layout.c: directories and their owners. */
int layout_make(const struct monitor *m) MUST_CHECK; /* logs what fails */
/* The directory of one user's mail, made when missing. MC_E_BAD for a name
 * that is not DOMAIN/USER; -errno. */
int layout_user_dir(
    const struct conf *conf, struct view directory, int *fd) MUST_CHECK;
int layout_path(
    char *out, size_t cap, const char *dir, const char *name) MUST_CHECK;
#endif
