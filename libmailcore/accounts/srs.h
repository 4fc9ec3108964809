#ifndef ACCOUNTS_SRS_H
#define ACCOUNTS_SRS_H
/* The Sender Rewriting Scheme: mail that aliases forward to other hosts gets a
 * sender of ours, so that SPF (RFC 7208) allows it, from which the old one can
 * be read when it comes back:
 *
 *   SRS0=HASH=DAY=domain=local@ours        of local@domain
 *   SRS1=HASH=host==rest@ours              of SRS0=rest@host, and of
 *                                          SRS1=...=host==rest@other
 *
 * HASH is 30 bits of an HMAC with a key of ours, DAY the day modulo 1024, both
 * in base 32, whose case does not matter. Pure. */
#include "base/err.h"
#include "base/view.h"

enum {
	SRS_ADDRESS_MAX = 320,
	SRS_AGE_DAYS = 21,
};

/* sender is local@domain as path_format writes it. MC_E_LIMIT: its local part
 * would be longer than RFC 5321 4.5.3.1.1 allows. */
int srs_forward(struct view key, struct view sender, struct view domain,
    uint64_t now_s, char out[SRS_ADDRESS_MAX], size_t *n) MUST_CHECK;
/* Whom an address of ours stands for. MC_E_NOENT: it is none of these;
 * MC_E_BAD: not by that key, or older than SRS_AGE_DAYS. */
int srs_reverse(struct view key, struct view address, uint64_t now_s,
    char out[SRS_ADDRESS_MAX], size_t *n) MUST_CHECK;
/* By its form. */
bool srs_is_rewritten(struct view address);
#endif
