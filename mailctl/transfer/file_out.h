#ifndef MAILCTL_TRANSFER_FILE_OUT_H
#define MAILCTL_TRANSFER_FILE_OUT_H
/* A file that is written, with line ends of this system. Errors are sticky. */
#include "base/buf.h"

struct file_out {
	int fd; /* -1: none */
	struct buf pending;
	uint64_t size; /* bytes so far, those pending too */
	bool held_cr;
	char last; /* byte */
	int error;
};

void file_out_init(struct file_out *f, int fd); /* fd is taken */
void file_out_put(struct file_out *f, struct view v);
/* CRLF becomes LF; any piece may end within one. */
void file_out_put_text(struct file_out *f, struct view v);
void file_out_end_text(struct file_out *f); /* a CR at the very end */
int file_out_flush(struct file_out *f) MUST_CHECK;
/* Back to an earlier size, for what should not have been written. */
int file_out_cut(struct file_out *f, uint64_t size) MUST_CHECK;
/* Flushes and closes. */
int file_out_close(struct file_out *f) MUST_CHECK;
#endif
