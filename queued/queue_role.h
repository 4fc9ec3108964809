#ifndef QUEUED_QUEUE_ROLE_H
#define QUEUED_QUEUE_ROLE_H
/* Inside of the queue role: what its files share.
 *
 *   queue.c    start, messages, the end of each round
 *   submit.c   transactions of the fronts, up to their COMMIT
 *   commit.c   group commit: new messages and outcomes in one transaction
 *   window.c   what of the queue is in memory; loading what is due
 *   address.c  recipients to accounts, asked of AUTH
 *   link.c     channels to the agents
 *   local.c    lanes of deliveries to them
 *   mail_body.c  bodies on their way
 *   remote/    what leaves the host
 *   local/     expand.c: what aliases make of recipients; programs.c: commands
 *              and files, by role run; forwarding.c: what forward files make of
 *              them; users.c: lanes to the processes that read those, and
 *              deliver to what they name
 *   room.c     what they said of the room in their mailboxes
 *   change.c   what the administrator does to recipients
 *   fate.c     what became of a recipient, one log line each
 *   notice.c   who is told of it by a message, made in the same transaction
 *
 * A recipient in memory is in exactly one place: on a list (to be resolved,
 * asked about, settled), or a job of sched. What is settled stays in memory
 * until the commit that says so is durable. */
#include "accounts/srs.h"
#include "base/idtab.h"
#include "proc/role.h"
#include "queued/notice/dsn.h"
#include "queued/remote/remote.h"
#include "queued/sched.h"
#include "queued/spool/queue_db.h"

enum {
	WINDOW_RCPTS = 20000,         /* in memory, beside open transactions */
	WINDOW_BODY_BYTES = 64 << 20, /* of them with their bodies */
	WINDOW_LOAD = 1000,           /* rows per round */
	/* A process that is well answers sooner; then its question failed for
	 * now, and a late answer finds nothing. */
	ANSWER_MS = 300 * 1000,
	ANSWER_MARGIN_MS = 30 * 1000, /* beyond the time-out it has itself */
	/* Of one message: an alias can be reached by many addresses, with
	 * tags. */
	MESSAGE_RCPTS_MAX = 50000,
};

enum rcpt_todo {
	TODO_NOTHING,
	TODO_UPDATE, /* write the record */
	TODO_REMOVE,
	TODO_EXPAND, /* write its leaves, and remove it */
};

/* A message in memory, with those of its recipients that are. */
struct mail {
	struct hash_node node;
	struct list link;        /* a notice that is being made */
	struct queue_envelope e; /* views into strings */
	struct list rcpts;
	unsigned n_rcpts;
	uint32_t n_variants; /* senders beside its own: remote.c */
	char *body;          /* NULL: only in the queue */
	size_t body_n;
	char strings[];
};

struct rcpt {
	struct hash_node node;
	struct list link; /* of its mail */
	struct list work; /* of struct queue; empty: job of a lane */
	struct sched_job job;
	struct site_job relay;
	struct site *taken_for; /* from disk; on its way there */
	struct mail *mail;
	struct list leaves;  /* struct rcpt, by link: what it was expanded to */
	struct queue_rcpt r; /* views into strings and reply */
	uint64_t due_s;      /* next_s as the queue has it */
	uint64_t ask;        /* id of what was asked about it, 0: nothing */
	uint64_t asked_ms;
	enum rcpt_todo todo;
	bool is_running;               /* role run has it */
	bool is_users;                 /* job is in a lane of queue.users */
	struct forwarding *forwarding; /* NULL: no forward file is followed */
	bool waits_for_route;
	bool is_told;    /* that it became action, by a notice */
	bool is_noticed; /* the notice is made */
	enum dsn_action action;
	char *reply, *host, *site; /* of r, when they are newer than strings */
	char strings[];
};

struct queue {
	struct proc *proc;
	struct queue_db *db; /* NULL: the spool cannot be used, db_error */
	int db_error, commit_error;
	bool was_recovered, is_draining, is_stopping;
	struct deferred *round;
	struct timer *due_timer, *flush_timer, *pump_timer, *tick, *drain;
	uint64_t free_bytes, free_read_ms;

	struct list fronts;
	struct list committing; /* struct submission */

	struct hash mails, rcpts;
	size_t body_bytes;
	bool has_more_due;      /* rows are due that are not in memory */
	struct queue_due after; /* where loading goes on */
	uint64_t wake_s;        /* the timer is set for, 0: it is not */
	uint64_t forgot_ms;     /* the pages that were read */

	struct list unresolved, asked, settled; /* struct rcpt, by work */
	size_t n_asked, n_settled;
	bool must_flush;
	struct idtab asks; /* struct rcpt: questions and deliveries */

	struct list changes;         /* struct change: to be answered */
	struct policies *policies;   /* queued/policy/policy.h */
	struct tls_stats *tls_stats; /* queued/policy/tls_stats.h */
	struct reports *reports;     /* queued/policy/reports.h */
	unsigned n_houses;           /* how often house was kept */
	struct sched sched, users;
	struct timer *users_timer;
	struct idtab links; /* struct agent_link */
	struct remote remote;

	struct {
		struct list waiting; /* struct rcpt, by work */
		struct rcpt *asked;  /* NULL: none */
		uint64_t id;         /* of the question about it */
		uint64_t heard_ms;   /* when it, or the last leaf, was */
		struct list leaves;  /* that came so far */
		size_t n_leaves;     /* also those that were too many */
	} expanding;

	struct {
		struct list waiting, running; /* struct rcpt, by work */
		unsigned n_running;
	} programs;

	struct {
		struct list waiting; /* struct rcpt, by work */
		unsigned n;          /* that hold memory */
	} walks;                     /* through forward files */

	struct {
		struct hash all; /* struct room */
		struct list known, asked;
		unsigned n_asks, n_links;
		struct timer *timeout;
	} rooms;

	uint64_t n_delivered;
};

static inline struct log_ctx queue_log(const struct mail *m)
{
	return (struct log_ctx){ NULL, "queue", m->e.id };
}

/* The sender that it goes on with. */
static inline struct view rcpt_sender(const struct rcpt *r)
{
	return r->r.from.n ? r->r.from : r->mail->e.sender;
}

/* That is a list's owner, and not a stranger's address rewritten. */
static inline bool rcpt_has_owner(const struct rcpt *r)
{
	return r->r.from.n && !srs_is_rewritten(r->r.from);
}

/* queue.c */
void queue_schedule_round(struct queue *q);
bool queue_is_overdue(
    const struct queue *q, uint64_t asked_ms, uint64_t most_ms);
/* RESOLVER has answered, or does not. */
uint64_t queue_resolver_ms(const struct queue *q);
/* How long m is tried. */
uint64_t queue_lifetime_s(const struct queue *q, const struct mail *m);

/* submit.c */
struct submission {
	struct hash_node node;
	struct list link; /* of committing, once it is */
	struct front *front;
	uint64_t id; /* the front's */
	struct mail *mail;
	enum submit_status status;
	size_t bytes; /* of memory, for the front's cap */
	bool is_open, is_committed, is_spooled;
	uint64_t spool_name; /* 0: none */
};

void submit_on_open(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_on_rcpt(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_on_body(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_on_commit(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_on_abort(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_on_spool_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_front_down(struct queue *q, struct peer *front);
/* Answers and frees it; its mail goes into the window when status is OK, which
 * it may only be after the commit. */
void submit_finish(
    struct queue *q, struct submission *s, enum submit_status status);

/* commit.c */
void commit_group(struct queue *q);
/* A message that is made here, with its recipients, into a transaction. */
void commit_put_mail(struct queue_txn *t, struct mail *m, uint64_t now_s);
/* What a new message would be told now. */
enum submit_status commit_outlook(struct queue *q);
/* The spool failed in a way that only opening it again can mend. */
void queue_spool_failed(struct queue *q, int error);

/* window.c */
struct mail *mail_new(const struct queue_envelope *e);
struct rcpt *rcpt_new(const struct queue_rcpt *r);
/* A message that the queue makes itself; the body is copied. */
struct mail *mail_new_of_ours(
    const struct queue_envelope *e, struct view to, struct view body);
void mail_add_rcpt(struct mail *m, struct rcpt *r);
void rcpt_free(struct rcpt *r); /* one that is in no window */
/* With its recipients; it is not in the window. */
void mail_free(struct mail *m);
/* A message that was just committed: takes m. */
void window_add(struct queue *q, struct mail *m);
/* A leaf that was just committed: takes r. */
void window_add_rcpt(struct queue *q, struct mail *m, struct rcpt *r);
/* One recipient leaves memory; the last one takes its mail along. */
void window_drop(struct queue *q, struct rcpt *r);
void window_wake_at(struct queue *q, uint64_t time_s);
void window_load(struct queue *q);
/* The recipient in memory; read, when it is not. MC_E_NOENT. */
int window_take(struct queue *q, struct queue_txn *t, uint64_t id,
    uint32_t index, struct rcpt **out) MUST_CHECK;
bool window_has(const struct queue *q, uint64_t id, uint32_t index);

/* address.c */
void address_resolve(struct queue *q, struct rcpt *r);
void address_pump(struct queue *q);
void address_on_answer(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void address_auth_down(struct queue *q);
/* Ends what waits too long for an answer; how many that were. Others below are
 * called the same. */
unsigned address_end_waits(struct queue *q);
/* Takes r out of whatever waits for it here: it was asked, or was not yet. */
void address_forget(struct queue *q, struct rcpt *r);

/* local.c */
void local_deliver(struct queue *q, struct rcpt *r, struct view account);
void local_pump(struct queue *q);
unsigned local_sessions(const struct queue *q);

/* mail_body.c: of a message that is not spooled, from memory, or else from the
 * queue into buffer (QUEUE_BODY_MAX); or the file, which is the caller's. */
int mail_body_read(struct queue *q, const struct mail *m, char *buffer,
    struct view *out) MUST_CHECK;
int mail_body_open(struct queue *q, const struct mail *m, int *fd) MUST_CHECK;

/* room.c */
void room_init(struct queue *q);
/* An agent's report; UINT64_MAX: no limit. */
void room_note(struct queue *q, struct view account, uint64_t bytes_left,
    uint64_t messages_left);
void room_on_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void room_front_down(struct queue *q, struct peer *front);

/* notice.c */
/* Somebody is to be told that this became of r. */
bool notice_is_wanted(const struct rcpt *r, enum dsn_action action);
/* Of all that is settled and is_told: messages for the transaction that writes
 * it, on the list *out (struct mail, by link). */
void notice_make_all(struct queue *q, uint64_t now_s, struct list *out);
void notice_free_all(struct list *notices);
/* They are on disk. */
void notice_send_all(struct queue *q, struct list *notices);

/* change.c */
void change_on_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
/* At the end of a round: what was changed is on disk, or cannot be now. */
void change_answer_all(struct queue *q);

/* local/expand.c */
void expand_start(struct queue *q, struct rcpt *r);
void expand_pump(struct queue *q);
void expand_on_leaf(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void expand_on_end(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void expand_auth_down(struct queue *q);
unsigned expand_end_waits(struct queue *q);
void expand_forget(struct queue *q, struct rcpt *r);
/* A recipient to take parent's place. */
struct rcpt *expand_leaf_of(
    const struct rcpt *parent, const struct msg_leaf_is *m);
/* n of them do. */
void expand_give(
    struct queue *q, struct rcpt *r, struct list *leaves, size_t n);

/* local/forwarding.c: its mail goes where the account's forward file says, if
 * it has one. */
void forwarding_start(struct queue *q, struct rcpt *r, struct view account);

/* local/users.c */
void users_deliver(struct queue *q, struct rcpt *r);
/* A job for the process of the account's Unix user. */
void users_add(struct queue *q, struct rcpt *r, struct view account);
void users_forget(struct queue *q, struct rcpt *r); /* that is not sent */
void users_pump(struct queue *q);

/* local/programs.c */
void programs_deliver(struct queue *q, struct rcpt *r);
void programs_pump(struct queue *q);
void programs_on_ran(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void programs_run_down(struct queue *q);
unsigned programs_end_waits(struct queue *q);
/* How long a command or file may take until its answer comes. */
uint64_t programs_most_ms(const struct queue *q);
/* The order to deliver to r's command or file. */
int programs_send(
    struct queue *q, struct peer *to, const struct rcpt *r) MUST_CHECK;
/* r is on no list of programs. */
void programs_ended(struct queue *q, struct rcpt *r, const struct msg_ran *m);

/* fate.c: each takes r off its list; text is what mailctl shows. */
void fate_delivered(struct queue *q, struct rcpt *r, struct view text);
void fate_temporary(struct queue *q, struct rcpt *r, struct view text);
void fate_failed(struct queue *q, struct rcpt *r, struct view text);
/* Its body cannot be read; -ENOENT: the spool file is lost. */
void fate_unreadable(struct queue *q, struct rcpt *r, int error);
/* Its leaves take its place. */
void fate_expanded(struct queue *q, struct rcpt *r);

/* What a relay said of it; via: the host. */
struct fate_via {
	struct view host, address, tls;
};

void fate_relay(struct queue *q, struct rcpt *r, enum relay_status status,
    struct view text, const struct fate_via *via, bool has_dsn);
/* It waits on disk, at most so long, for its site (NULL: for room here). That
 * is no attempt. text, host: of the site's trouble, empty: none is known. */
void fate_waits(struct queue *q, struct rcpt *r, const struct site *site,
    uint64_t wait_s, struct view text, struct view host);
void fate_forgotten(struct queue *q, struct rcpt *r);
/* By the administrator. */
void fate_changed(struct queue *q, struct rcpt *r, enum queue_action action);
#endif
