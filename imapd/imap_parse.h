#ifndef IMAPD_IMAP_PARSE_H
#define IMAPD_IMAP_PARSE_H
/* A cursor over the arguments of one command: RFC 3501 9. Every step returns
 * false at the first thing that is not what the grammar wants; from then on
 * all steps do, and why says what it was. What must be copied goes to the
 * command's arena; other views borrow from the command. */
#include "base/arena.h"
#include "store/mailbox/uidset.h"
#include "text/date.h"

struct imap_args {
	struct view in;
	struct arena *arena;
	const char *why; /* NULL: no error so far */
};

/* A sequence set as it stands: '*' is 0, and last; first <= last otherwise. */
struct imap_set {
	struct uid_range *ranges;
	size_t n;
};

/* Flags of RFC 3501 2.3.2. */
struct imap_flags {
	uint16_t flags; /* enum message_flag */
	struct view *keywords;
	size_t n_keywords;
};

enum {
	IMAP_SET_RANGES_MAX = 100000,
	IMAP_ID_PAIRS_MAX = 30 /* RFC 2971 3.3 */
};

bool imap_bad(struct imap_args *a, const char *why); /* always false */
bool imap_is_end(const struct imap_args *a);
bool imap_end(struct imap_args *a); /* nothing may follow */
bool imap_space(struct imap_args *a);
bool imap_peek(const struct imap_args *a, char c);
bool imap_char(struct imap_args *a, char c);
/* Takes c if it is next; no error otherwise. */
bool imap_skip(struct imap_args *a, char c);
/* Takes word (an atom, any case) if it is next, and no longer atom. */
bool imap_word(struct imap_args *a, struct view word);

bool imap_tag(struct imap_args *a, struct view *out);
bool imap_atom(struct imap_args *a, struct view *out);
bool imap_string(struct imap_args *a, struct view *out);
bool imap_nstring(struct imap_args *a, struct view *out); /* NIL: p NULL */
bool imap_astring(struct imap_args *a, struct view *out);
bool imap_list_mailbox(struct imap_args *a, struct view *out);
bool imap_number(struct imap_args *a, uint32_t *out);
bool imap_number64(struct imap_args *a, uint64_t *out);
bool imap_nz_number(struct imap_args *a, uint32_t *out);
bool imap_set(struct imap_args *a, struct imap_set *out);
bool imap_flag(struct imap_args *a, struct imap_flags *out);
bool imap_flag_list(struct imap_args *a, struct imap_flags *out);
bool imap_day(struct imap_args *a, int32_t *day);
bool imap_date_time(struct imap_args *a, struct date *out);
/* A mailbox name: astring in modified UTF-7, as UTF-8 in the arena. "INBOX" in
 * any case is INBOX; a / at the end is dropped. A name that no mailbox can
 * have comes back so that look-ups find nothing. */
bool imap_mailbox(struct imap_args *a, struct view *out);

/* The list of ID (RFC 2971 3.1); *name gets the client's "name". */
bool imap_id(struct imap_args *a, struct view *name);

/* Whether the arguments so far are "mailbox [flags] [date-time] {n}" and then
 * nothing: the literal that the client is about to send is the message of an
 * APPEND (RFC 3501 6.3.11). */
struct imap_append_args {
	struct view mailbox;
	struct imap_flags flags;
	struct date date;
	bool has_date;
};

bool imap_append_args(struct imap_args *a, struct imap_append_args *out);
#endif
