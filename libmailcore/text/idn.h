#ifndef TEXT_IDN_H
#define TEXT_IDN_H
/* Internationalized domain names: RFC 5890, 5891, with the mapping of UTS 46.
 */
#include "base/err.h"
#include "base/view.h"

enum {
	IDN_MAX = 255
};

/* The form with A-labels of a domain that has U-labels. MC_E_BAD when it has
 * none, or is longer than IDN_MAX. It is in the library that crypto/crypto.h
 * speaks of: agents cannot call it. */
int idn_to_ascii(struct view domain, char out[IDN_MAX + 1]) MUST_CHECK;
#endif
