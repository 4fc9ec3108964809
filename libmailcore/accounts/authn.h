#ifndef ACCOUNTS_AUTHN_H
#define ACCOUNTS_AUTHN_H
/* Logins in progress, without I/O: what the auth roles do with AUTH_START,
 * AUTH_NEXT and AUTH_CANCEL. A conversation is named by the front that has it
 * and that front's id; there are at most auth_conversations_max for each. */
#include "accounts/resolve.h"
#include "base/buf.h"

struct authn;

struct authn_answer {
	bool is_challenge; /* else a result, and the conversation is over */
	enum auth_status status;
	/* Valid until the next call. */
	struct view challenge;
	const struct account *account; /* of AUTH_STATUS_OK; else NULL */
	struct view name;              /* as the client said it, of a result */
	uint64_t session;              /* of the conversation that this ends */
	enum service service;
};

/* a and c must outlive it. */
struct authn *authn_new(struct accounts *a, const struct conf *c);
void authn_free(struct authn **n);

/* front: any number that names the channel. */
void authn_start(struct authn *n, unsigned front,
    const struct msg_auth_start *m, uint64_t now_ms, struct authn_answer *out);
void authn_next(struct authn *n, unsigned front, const struct msg_auth_next *m,
    uint64_t now_ms, struct authn_answer *out);
void authn_cancel(struct authn *n, unsigned front, uint64_t id);
void authn_front_gone(struct authn *n, unsigned front);
/* One that has taken longer than auth_timeout and is over now; false when
 * there is none. To be called until then, every few seconds. */
bool authn_expire(
    struct authn *n, uint64_t now_ms, unsigned *front, uint64_t *id);
size_t authn_count(const struct authn *n);
#endif
