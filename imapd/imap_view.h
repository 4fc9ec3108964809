#ifndef IMAPD_IMAP_VIEW_H
#define IMAPD_IMAP_VIEW_H
/* What a session knows of its selected mailbox: which messages have which
 * sequence number, up to which change it looked, and what it has not told the
 * client yet (RFC 3501 5.2, 5.5, 7.4.1). */
#include "imapd/imap_parse.h"
#include "store/mailbox/message.h"

struct imap_session;

struct imap_view {
	uint32_t mailbox; /* 0: none is selected */
	bool readonly;
	uint32_t uidvalidity;
	struct uidset uids;    /* what sequence numbers count */
	struct uidset recent;  /* \Recent of this session */
	struct uidset gone;    /* in uids, but expunged: not told yet */
	struct uidset changed; /* flags not told yet */
	bool exists_changed;   /* EXISTS and RECENT not told yet */
	uint64_t modseq;       /* looked at all changes up to here */
	uint64_t own_modseq;   /* this session's last change: told already */
	uint64_t last_change;  /* of the store, when we looked */
	unsigned n_keywords;   /* told in FLAGS */
};

void imap_view_init(struct imap_view *v);
/* Takes a look at the mailbox; claims \Recent unless readonly. */
int imap_view_open(
    struct imap_session *s, const struct mailbox *m, bool readonly) MUST_CHECK;
void imap_view_close(struct imap_session *s);

/* Looks what has changed. MC_E_NOENT: the mailbox is gone. */
int imap_view_collect(struct imap_session *s) MUST_CHECK;
/* Tells it; expunges only when allowed. False: the output is full. */
bool imap_view_tell(struct imap_session *s, bool expunges);
/* FLAGS, when there are keywords that the client has not seen in it. */
int imap_view_tell_keywords(struct imap_session *s) MUST_CHECK;

/* message_store_flags in this view: the session's own change is not told again,
 * what others did meanwhile is. */
int imap_view_store(struct imap_session *s, const struct uidset *uids,
    const struct flag_change *change,
    void (*fn)(void *ctx, const struct message *m), void *ctx) MUST_CHECK;

/* The set of a command as UIDs of this view, into s->set. False with args.why
 * set when a sequence number is none (RFC 3501 9, seq-number). */
bool imap_view_resolve(
    struct imap_session *s, const struct imap_set *set, bool is_uid);

/* Reads the rows of a set in order, in as many transactions as it takes. fn:
 * IMAP_SCAN_NEXT, _STOP behind this row, or _AGAIN: stop, this row is to be
 * shown again; negative: an error. */
enum {
	IMAP_SCAN_NEXT,
	IMAP_SCAN_STOP,
	IMAP_SCAN_AGAIN
};

struct imap_scan {
	uint32_t next_uid; /* 0 at the start */
	size_t range;      /* of set */
	uint64_t n_rows;   /* shown so far */
	bool done;
};

struct imap_scan_job {
	const struct uidset *set;
	unsigned max_rows;
	int (*fn)(void *ctx, struct store_txn *t, uint32_t seq,
	    const struct message *m);
	void *ctx;
};

/* 0 with scan->done saying whether the set is at its end. */
int imap_scan(struct imap_session *s, struct imap_scan *scan,
    const struct imap_scan_job *job) MUST_CHECK;
#endif
