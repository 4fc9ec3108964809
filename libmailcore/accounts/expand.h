#ifndef ACCOUNTS_EXPAND_H
#define ACCOUNTS_EXPAND_H
/* Where mail to an address goes in the end, through aliases, their includes
 * and the aliases behind those: the one place. Used when smtpd asks at RCPT,
 * when queued delivers, and by mailctl explain. */
#include "accounts/resolve.h"
#include "base/arena.h"

enum {
	EXPAND_LEAVES_MAX = 10000,
	EXPAND_ALIASES_MAX = 1000, /* different ones */
	EXPAND_DEPTH_MAX = 32,
};

/* An account, address, command or path once, however many ways lead there.
 * LEAF_FORWARD: the account has a forward file, which may say otherwise.
 * Owner: mail goes on with this sender, since the alias NAME before it has an
 * alias owner-NAME; empty: with its own. All views live in the expansion. */
struct leaf {
	enum leaf_kind kind;
	struct view
	    address;      /* the account's, the remote one, else the alias's */
	struct view text; /* command, path, or "5.1.1 why not" */
	struct view owner;
	struct view
	    sender;    /* of LEAF_REMOTE without an owner: by SRS, or empty */
	size_t number; /* in the order in which they were found */
};

struct expansion {
	enum address_kind kind; /* not UNKNOWN, TEMP for what is behind it */
	struct account account; /* of ADDRESS_LOCAL */
	struct leaf *leaves;    /* of ADDRESS_ALIAS */
	size_t n;
	size_t n_good; /* that are not LEAF_FAILED */
	bool is_cut;   /* enough were found */
	struct arena memory;
};

struct expand_step {
	unsigned depth;
	const char *what; /* "alias", "account", "remote", "circle", ... */
	struct view subject, detail;
};

struct expand_options {
	struct view sender; /* the message's; empty: none, or not known */
	/* An alias makes leaves; the members of a forward file do, whatever
	 * they are, and are then ADDRESS_ALIAS. */
	enum expand_how how;
	size_t enough; /* end when so many good ones are there; 0: all */
	void (*on_step)(void *ctx, const struct expand_step *step); /* NULL */
	void *ctx;
};

/* ADDRESS_TEMP also when an include is missing, or a limit is exceeded, which
 * is logged: to leave a part out would lose mail. out is to be deinit'ed. */
void expand_address(struct accounts *a, struct view address,
    const struct expand_options *options, struct expansion *out);
void expansion_deinit(struct expansion *e);
#endif
