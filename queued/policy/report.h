#ifndef QUEUED_POLICY_REPORT_H
#define QUEUED_POLICY_REPORT_H
/* Reports of how TLS with a domain's hosts went (TLS-RPT, RFC 8460): one day of
 * one domain as JSON, packed with gzip, and as a message. Pure. */
#include "base/buf.h"
#include "queued/policy/tls_row.h"
#include "wire/msg.h"

enum {
	REPORT_ROWS_MAX = 500,
	REPORT_JSON_MAX = 512 * 1024,
	REPORT_GZIP_MAX = 24 * 1024, /* as base64 it fits into a message that
					is kept in the queue's database */
	REPORT_URIS_MAX = 4,
	REPORT_URI_OCTETS_MAX = 500,
};

struct report {
	struct view organization; /* this host's name */
	struct view contact;      /* an address */
	struct view domain;       /* whose hosts they are */
	uint32_t day;             /* since 1970-01-01, UTC */
	const struct tls_row *rows;
	size_t n_rows; /* at most REPORT_ROWS_MAX */
	/* The MTA-STS policy's names and mode; empty: not known now. */
	struct view policy_mode, policy_names;
	uint64_t random;
	int64_t now_s;
};

/* RFC 8460 4.4. MC_E_LIMIT. */
int report_put_json(const struct report *r, struct buf *out) MUST_CHECK;
int report_gzip(struct view json, struct buf *out) MUST_CHECK;
/* RFC 8460 5.3; to: an address. */
void report_put_mail(
    const struct report *r, struct view to, struct view gzip, struct buf *out);

/* Where a domain wants its reports: the record at _smtp._tls.DOMAIN (RFC 8460
 * 3). Views into text, each "mailto:..." or "https://..."; others are left out.
 * 0: it wants none. */
size_t report_uris(struct view text, struct view out[REPORT_URIS_MAX]);
/* The address of a mailto: uri, its %XX decoded (RFC 6068 2). MC_E_BAD. */
int report_mailto(struct view uri, struct buf *out) MUST_CHECK;
#endif
