#ifndef QUEUED_REMOTE_SCHED_RELAY_H
#define QUEUED_REMOTE_SCHED_RELAY_H
/* When and in which order mail leaves the host. Pure: time goes in, what to do
 * comes out; it sees no process, no channel, no disk and no clock.
 *
 * A site is a destination: what has the same mail exchangers shares sessions
 * (connections), limits and trouble. A job is one recipient; the jobs of one
 * message at one site go in one transaction. Sites take turns, in a site
 * senders do, with one sender messages do: nobody waits for the rest of
 * somebody else's hundred thousand.
 *
 * A site that nobody knows, or that was down, is tried by one session. Once it
 * is up, sessions are added after each full round of successes, up to the
 * site's limit, and are given back at trouble. A site that no session reaches
 * is down: the message that tried it fails, for this time; all others come out
 * to be parked, where they cost nothing. After probe_min, then twice as long
 * each time, one of those is taken to try again.
 *
 * Memory is bounded by the caller: sched_relay_takes() says whether a site may
 * have one more job in memory; what it may not is parked, too, and taken
 * (SITE_TAKE) when there is room. */
#include "base/view.h"
#include "queued/hash.h"
#include "queued/list.h"

struct sched_relay_options {
	unsigned connections_start, connections_max; /* of one site */
	unsigned sessions_max;                       /* of all */
	unsigned rcpts_max;                          /* of a transaction */
	unsigned mails_max;                          /* of a session */
	uint64_t session_ms; /* a session gets no more mail after it */
	uint64_t idle_ms;    /* a session without mail is kept so long */
	uint64_t probe_min_ms, probe_max_ms;
	uint64_t calm_ms; /* no new session after trouble */
	unsigned sites_max, jobs_max, site_jobs_max;
	unsigned site_jobs_min; /* from jobs_max on, up to twice that */
};

enum site_state {
	SITE_UNKNOWN, /* one session tries it */
	SITE_UP,
	SITE_DOWN, /* until until_ms */
	SITE_STATE_COUNT
};

enum {
	SITE_BACKOFFS = 8,
};

struct site {
	struct hash_node node;
	/* On the lists of struct sched_relay; empty: not on them. */
	struct list ready, wanting, hungry, unused, clock;
	struct list flows; /* with waiting jobs; the first one's turn is next */
	struct list idle;  /* struct site_session, by link */
	enum site_state state;
	unsigned n_jobs;    /* in memory, with those that are being taken */
	unsigned n_taking;  /* of them, from disk: not added yet */
	unsigned n_waiting; /* groups */
	unsigned n_sessions, n_connecting, n_idle, n_ending;
	unsigned limit, limit_max; /* of sessions */
	unsigned n_successes;      /* since limit changed */
	unsigned n_failures;       /* times it went down, one after another */
	unsigned n_broken; /* sessions that ended before their first mail */
	bool has_parked;   /* on disk there may be more for it */
	bool is_calm;      /* until until_ms */
	uint64_t until_ms;
	void *user; /* the caller's */
	size_t name_n;
	char name[];
};

/* The waiting jobs of one sender at a site. */
struct site_flow {
	struct hash_node node;
	struct list link; /* of the site */
	struct list groups;
	struct site *site;
	uint32_t sender;
};

/* The waiting jobs of one message at a site. */
struct site_group {
	struct hash_node node;
	struct list link; /* of the flow */
	struct list jobs;
	struct site_flow *flow;
	uint64_t mail;
	uint32_t variant;
};

/* Embedded in the caller's record of one recipient. */
struct site_job {
	struct list link;
	struct site *site;            /* NULL: no job */
	struct site_session *session; /* NULL: waits */
	struct site_group *group;     /* NULL: in a session */
	/* Jobs of one mail and variant go in one transaction. */
	uint64_t mail;
	uint32_t variant;
	uint32_t sender; /* a hash, for taking turns only */
	unsigned n_lost; /* sessions that ended under it */
};

enum site_session_state {
	SESSION_CONNECTING,
	SESSION_IDLE,
	SESSION_BUSY,   /* with one mail */
	SESSION_ENDING, /* counts until it is gone */
};

struct site_session {
	struct list all;
	struct list link; /* idle of the site, or ending */
	struct list age;  /* idle of all sites, the longest idle first */
	struct list jobs; /* of the mail that it is busy with */
	struct list untried;
	struct site *site;
	enum site_session_state state;
	unsigned n_results; /* of this mail */
	unsigned n_mails, mails_max, rcpts_max;
	uint64_t opened_ms, idle_ms;
	void *user; /* the caller's */
};

struct sched_relay {
	struct sched_relay_options options;
	struct hash sites, flows, groups;
	struct list ready;   /* with mail and an idle session */
	struct list wanting; /* with mail, and room for one more session */
	struct list hungry;  /* with mail on disk, and room for it */
	struct list unused;  /* to be forgotten */
	struct list calm;    /* the first to end it first */
	struct list down[SITE_BACKOFFS]; /* each: the first to end it first */
	struct list sessions, idle, ending; /* struct site_session */
	unsigned n_jobs, n_sessions, n_ending, n_wanting;
	bool is_away;     /* there is no relay: no session can be opened */
	bool is_stopping; /* mail that is on its way is the last */
};

void sched_relay_init(
    struct sched_relay *s, const struct sched_relay_options *o);
/* Sites and sessions; jobs and what users point to are the caller's. */
void sched_relay_deinit(struct sched_relay *s);

/* The site of that name; made, when there is none. connections_max 0: the
 * option's. */
struct site *sched_relay_site(
    struct sched_relay *s, struct view name, unsigned connections_max);
struct site *sched_relay_find(const struct sched_relay *s, struct view name);
/* It may have one more job in memory; else park it. */
bool sched_relay_takes(const struct sched_relay *s, const struct site *site);
/* mail and sender are set. */
void sched_relay_add(
    struct sched_relay *s, struct site *site, struct site_job *job);
/* Takes a job away, whatever became of it. */
void sched_relay_done(struct sched_relay *s, struct site_job *job);
/* The host took no more recipients: it goes back when the mail is finished. */
void sched_relay_untried(struct site_job *job);

/* Somebody wants it tried now, though it is down. */
void sched_relay_retry(struct sched_relay *s, struct site *site);
/* Something was parked for it, and is on disk. */
void sched_relay_parked(struct sched_relay *s, struct site *site);
/* What SITE_TAKE asked for: n are on their way to sched_relay_add; is_all:
 * there are no more. */
void sched_relay_taken(
    struct sched_relay *s, struct site *site, unsigned n, bool is_all);
/* One of those came to where its way is known, or does not come. */
void sched_relay_arrived(struct sched_relay *s, struct site *site);

enum sched_relay_do {
	SITE_NOTHING, /* until something happens, or the wait passes */
	SITE_OPEN,    /* connect the new session */
	SITE_SEND,    /* give the session's jobs, one message, to it */
	SITE_CLOSE,   /* end the session; then sched_relay_lost */
	SITE_TAKE,    /* up to n parked ones of the site */
	SITE_FORGET,  /* free user; then sched_relay_forget */
};

struct sched_relay_step {
	struct site *site;
	struct site_session *session;
	unsigned n;
};

enum sched_relay_do sched_relay_next(
    struct sched_relay *s, uint64_t now_ms, struct sched_relay_step *out);
/* Milliseconds until sched_relay_next may have something to do by itself;
 * UINT64_MAX: never. */
uint64_t sched_relay_wait_ms(const struct sched_relay *s, uint64_t now_ms);

/* It is connected. 0: no limit of the host's. */
void sched_relay_up(struct sched_relay *s, struct site_session *session,
    unsigned rcpts_max, unsigned mails_max, uint64_t now_ms);
/* The mail is through, whatever became of it. is_trouble: the host wants less.
 * Jobs that it left untried for no reason come out on *failed. */
void sched_relay_finished(struct sched_relay *s, struct site_session *session,
    bool is_trouble, uint64_t now_ms, struct list *failed);

enum site_loss {
	LOSS_REFUSED, /* it was never up */
	LOSS_ENDED,   /* it was, whoever ended it */
	LOSS_AWAY,    /* the relay is gone */
};

/* The session is gone, and freed. Jobs without a result go back to wait; those
 * that come out on *failed count as a temporary failure each, those on *parked
 * wait on disk: the site is down. */
void sched_relay_lost(struct sched_relay *s, struct site_session *session,
    enum site_loss loss, uint64_t now_ms, struct list *failed,
    struct list *parked);
void sched_relay_forget(struct sched_relay *s, struct site *site);
#endif
