#ifndef MAILCTL_TRANSFER_STREAM_H
#define MAILCTL_TRANSFER_STREAM_H
/* The bytes of a stored message in order, in read transactions of at most
 * 256 KiB each, so that neither memory nor the store's file grows with it. */
#include "store/mailbox/message.h"

int stream_message(struct store *s, uint64_t msgid, uint64_t size_bytes,
    int (*fn)(void *ctx, struct view piece), void *ctx) MUST_CHECK;

/* All of a file, at most max bytes: a small file beside the messages. */
int stream_file(int fd, size_t max, struct buf *out) MUST_CHECK;
#endif
