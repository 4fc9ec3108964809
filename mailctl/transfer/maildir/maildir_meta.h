#ifndef MAILCTL_TRANSFER_MAILDIR_MAILDIR_META_H
#define MAILCTL_TRANSFER_MAILDIR_MAILDIR_META_H
/* What stands beside the messages of a Maildir, as Dovecot and mbsync write
 * it: file names, UIDs, keywords, subscriptions. Pure: bytes in, views out. */
#include "base/buf.h"
#include "store/mailbox/message.h"

/* "base:2,FLAGS". */
struct maildir_name {
	struct view base;
	uint16_t flags;      /* enum message_flag */
	bool forwarded;      /* P */
	uint32_t letters;    /* bit 0: keyword a */
	uint32_t mbsync_uid; /* ",U=n" in base; 0: none */
};

void maildir_name_parse(struct view file, struct maildir_name *out);
/* ":2,..." for what a message has. */
void maildir_flags_put(
    struct buf *out, uint16_t flags, bool forwarded, uint32_t letters);

/* dovecot-uidlist, version 1 and 3. Views into the text. */
struct uidlist_entry {
	struct view base;
	uint32_t uid;
	struct view uidl; /* P field; empty: none */
};

struct uidlist {
	uint32_t uidvalidity, uidnext;
	struct uidlist_entry *entries; /* in order of base */
	size_t n, cap;
	size_t n_bad; /* lines that could not be used */
};

/* MC_E_VERSION, MC_E_BAD: the header; MC_E_TEMP. */
int uidlist_parse(struct view text, struct uidlist *out) MUST_CHECK;
void uidlist_deinit(struct uidlist *list);
const struct uidlist_entry *uidlist_find(
    const struct uidlist *list, struct view base);

/* dovecot-keywords: "0 $Label1", one a line; out[i] is the letter 'a' + i. */
enum {
	MAILDIR_KEYWORDS = 26
};

void maildir_keywords_parse(
    struct view text, struct view out[MAILDIR_KEYWORDS]);

/* Names of folders on disk. Levels are separated by separator ('.' in
 * Maildir++, '/' elsewhere), each is modified UTF-7; what is not that is taken
 * as it is. A '.' inside of a level, which Maildir++ has no way to write, is
 * "&AC4-" in what we write. */
void folder_decode(struct view name, char separator, struct buf *out);
void folder_encode(struct view mailbox, char separator, struct buf *out);

/* subscriptions of Dovecot (version 1 and 2) and courierimapsubscribed. fn
 * gets names of mailboxes. */
int subscriptions_parse(struct view text, char separator,
    int (*fn)(void *ctx, struct view mailbox), void *ctx) MUST_CHECK;
#endif
