#ifndef MAILCTL_TRANSFER_MAILDIR_MBSYNC_STATE_H
#define MAILCTL_TRANSFER_MAILDIR_MBSYNC_STATE_H
/* How mbsync(1) knows the messages of a Maildir that it made of an IMAP
 * account: .uidvalidity has the UIDVALIDITY of the UIDs in the file names, and
 * .mbsyncstate says which UIDs those were on the server. */
#include "base/view.h"
#include <stddef.h>

struct mbsync_pair {
	uint32_t near_uid, far_uid;
};

struct mbsync_state {
	uint32_t uidvalidity;      /* of what mbsync_state_uid gives; 0: none */
	bool mapped;               /* that is the server's */
	struct mbsync_pair *pairs; /* in order of near_uid */
	size_t n, cap;
};

/* state may be empty. What cannot be understood leaves the UIDs of the file
 * names, or none at all. */
void mbsync_state_parse(
    struct view uidvalidity, struct view state, struct mbsync_state *out);
void mbsync_state_deinit(struct mbsync_state *s);
/* 0: none. */
uint32_t mbsync_state_uid(const struct mbsync_state *s, uint32_t near_uid);
#endif
