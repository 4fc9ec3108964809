#ifndef QUEUED_LOCAL_UNIX_MAIL_H
#define QUEUED_LOCAL_UNIX_MAIL_H
/* A message as programs and mbox files of Unix have it: a "From " line, the
 * fields that a delivery adds, LF at the end of each line. Pure, but for
 * reading the body. */
#include "base/err.h"
#include "base/view.h"

struct unix_mail {
	struct view sender; /* empty: "<>", MAILER-DAEMON in the "From " line */
	struct view recipient, origin;
	uint64_t received_s;
	struct view body; /* CRLF at line ends; when fd is -1 */
	int fd;
	uint64_t size; /* of fd's file */
	/* ">" before "From " at the start of a line, an empty line behind. */
	bool is_mbox;
};

/* Gives it to put in pieces; put's error ends it. Else -errno, MC_E_CORRUPT
 * when the file is shorter. */
int unix_mail_write(const struct unix_mail *m,
    int (*put)(void *ctx, struct view v), void *ctx) MUST_CHECK;
#endif
