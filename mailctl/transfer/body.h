#ifndef MAILCTL_TRANSFER_BODY_H
#define MAILCTL_TRANSFER_BODY_H
/* One message on its way into the store: small ones in memory, large ones in
 * an unnamed file of the working directory. Line ends become CRLF, which is
 * what the store keeps and IMAP counts. */
#include "base/buf.h"
#include "base/source.h"

struct body {
	struct buf mem; /* all, or what the file does not have yet */
	int fd;         /* -1: all is in memory */
	uint64_t size;
	uint32_t crc; /* CRC32C */
	char last;    /* the last byte that was put */
};

void body_init(struct body *b);
void body_deinit(struct body *b);
void body_clear(struct body *b); /* empty again */

/* As it is, or with a CR before each LF that has none. */
int body_put(struct body *b, struct view v) MUST_CHECK;
int body_put_text(struct body *b, struct view v) MUST_CHECK;
/* To be called before the source is used; it borrows from b. */
int body_end(struct body *b, struct source *out) MUST_CHECK;
#endif
