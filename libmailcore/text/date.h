#ifndef TEXT_DATE_H
#define TEXT_DATE_H
/* Dates of mail: RFC 5322 3.3 and 4.3 (obsolete forms), RFC 3501 9. */
#include "base/buf.h"

struct date {
	int64_t unix_s;
	int16_t zone_min; /* east of UTC */
};

/* A Date field's value, lenient as RFC 5322 4.3 asks. MC_E_BAD. */
int date_parse(struct view v, struct date *out) MUST_CHECK;
void date_put(
    struct buf *out, struct date d); /* Tue, 3 Nov 2026 10:00:00 +0100 */

/* IMAP date-time ("dd-Mmm-yyyy hh:mm:ss +zzzz", without the quotes). */
int date_parse_imap(struct view v, struct date *out) MUST_CHECK;
void date_put_imap(struct buf *out, struct date d); /* without the quotes */

/* The same without a buffer, for rows by the hundred thousand. */
enum {
	DATE_IMAP_OCTETS = 26
};

void date_write_imap(struct date d, char out[DATE_IMAP_OCTETS]);
/* IMAP date ("d-Mmm-yyyy"): days since 1970-01-01. */
int date_parse_imap_day(struct view v, int32_t *day) MUST_CHECK;
/* The calendar day of d in its own zone, as days since 1970-01-01: SEARCH
 * compares dates "disregarding time and timezone" (RFC 3501 6.4.4). */
int32_t date_day(struct date d);
#endif
