#ifndef MAILCTL_TRANSFER_EXPORT_H
#define MAILCTL_TRANSFER_EXPORT_H
/* All of a store, or one mailbox, into files: message by message in short read
 * transactions, so that a live store is not held up. What cannot be read is
 * told and left out. */
#include "mailctl/transfer/report.h"
#include "mailctl/transfer/tree.h"
#include "store/mailbox/message.h"

/* One message; keywords and uidl are valid during the call. */
struct export_message {
	const struct message *row;
	const struct view *keywords;
	size_t n_keywords;
	struct view uidl;
};

/* Where it goes. Errors end the export. */
struct export_format {
	/* names: all keywords of the mailbox in byte order. */
	int (*open)(void **ctx, struct tree *t, struct report *report,
	    struct view name, const struct mailbox *m,
	    const struct view *keywords, size_t n_keywords);
	/* begin, then pieces with CRLF line ends, then end; or abandon, for a
	 * message that turned out to be unreadable. */
	int (*begin)(void *ctx, const struct export_message *m);
	int (*put)(void *ctx, struct view piece);
	int (*end)(void *ctx);
	int (*abandon)(void *ctx);
	int (*close)(void *ctx); /* frees ctx, also when it fails */
	/* The names, in order. */
	int (*subscriptions)(
	    struct tree *t, const struct view *names, size_t n);
};

extern const struct export_format maildir_export, mbox_export;

/* mailbox: empty for all. MC_E_NOENT: there is none of that name. */
int export_store(struct store *s, struct tree *t,
    const struct export_format *format, struct view mailbox,
    struct report *report) MUST_CHECK;
int export_report(struct report *report);
#endif
