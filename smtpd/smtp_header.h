#ifndef SMTPD_SMTP_HEADER_H
#define SMTPD_SMTP_HEADER_H
/* Watches the header of a message go by (RFC 5322 2.2): counts, and notes which
 * fields are there. Any split of the bytes is the same. */
#include "base/view.h"

struct header_watch {
	bool is_over;   /* its end was found */
	bool is_cut;    /* ended by a line that is no field, or by the end
			   of the message: there is no empty line */
	bool has_field; /* at least one was there */
	bool has_date, has_message_id;
	bool is_8bit; /* octets above 127 were there */
	bool in_line, in_value, in_tls_required; /* private, and what is there
						    of TLS-Required: */
	char tls_required[4];
	size_t tls_required_n;
	uint32_t hops;   /* Received fields */
	uint64_t octets; /* judged so far */
};

/* v begins where the last call stopped. Returns how many bytes were judged:
 * fewer than v.n when more is needed to tell what a line is (at most 1000
 * wait), or when the header is over: that many belong to it. at_end: nothing
 * follows v. */
size_t header_watch_feed(struct header_watch *h, struct view v, bool at_end);

/* TLS-Required: No, once (RFC 8689 3), in what was judged. */
bool header_watch_tls_optional(const struct header_watch *h);
#endif
