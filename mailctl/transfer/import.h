#ifndef MAILCTL_TRANSFER_IMPORT_H
#define MAILCTL_TRANSFER_IMPORT_H
/* Messages into a store, whatever they come from: in batches of one
 * transaction, each message once (a later run adds only what is missing),
 * with their UIDs when the mailbox can take them; then everything is read back
 * and compared. One mailbox at a time. */
#include "mailctl/transfer/body.h"
#include "mailctl/transfer/report.h"
#include "store/mailbox/message.h"

struct importer;

/* s: NULL in a dry run without a store. dry: nothing is written. root: what
 * INBOX becomes and others are put below, empty: they keep their names. */
struct importer *importer_new(
    struct store *s, struct report *report, struct view root, bool dry);
void importer_free(struct importer **i);

struct import_box {
	struct view name;              /* of a mailbox */
	uint32_t uidvalidity, uidnext; /* 0: not known */
	uint64_t n_messages;           /* 0: not known */
};

/* Errors end the import: the store is full or broken. A name that no mailbox
 * can have is a problem in the report, and MC_E_BAD: go on without it. */
int importer_open(struct importer *i, const struct import_box *box) MUST_CHECK;

struct import_item {
	struct view where; /* for what is said about it */
	struct view key;   /* names it among all of its mailbox, in every run */
	uint32_t uid;      /* 0: any; else ascending */
	uint16_t flags;
	const struct view *keywords;
	size_t n_keywords;
	struct date date;
	bool seen_by_client; /* not \Recent */
	struct view uidl;
};

/* The body to fill for the next item; empty. */
struct body *importer_body(struct importer *i);
struct body *importer_body_now(struct importer *i); /* the same as it is */
/* Everything in item is copied. */
int importer_add(struct importer *i, const struct import_item *item) MUST_CHECK;
/* A message that could not be read. */
void importer_fail(struct importer *i, struct view where, int error);
/* Compares, and writes the mailbox's row of the report. */
int importer_close(struct importer *i) MUST_CHECK;

/* name as in import_box. */
int importer_subscribe(struct importer *i, struct view name) MUST_CHECK;
/* All that was imported. */
int importer_subscribe_all(struct importer *i) MUST_CHECK;

/* The table at the end. */
int importer_report(struct importer *i);
#endif
