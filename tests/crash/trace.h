#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H
/* What a program did to its files, in order: a file of records, each followed
 * by n_name octets of a name and n octets of data. Files and directories are
 * named by their inode. */
#include <stdint.h>

enum trace_kind {
	TRACE_ROOT,   /* a: the directory in which all happens */
	TRACE_CREATE, /* in directory a the new file b */
	TRACE_MKDIR,  /* in directory a the new directory b */
	TRACE_LINK,   /* in directory a another name of the file b */
	TRACE_UNLINK, /* from directory a the name */
	TRACE_RENAME, /* file c from directory a to b: two names, NUL between
		       */
	TRACE_WRITE,  /* data at offset of file a */
	TRACE_WRITE_DURABLE, /* by a descriptor with O_DSYNC */
	TRACE_TRUNCATE,      /* file a to offset octets */
	TRACE_SYNC,          /* file or directory a */
	TRACE_ACK, /* the operation of that name is done, and gave digest b;
		      c objects were made so far */
	TRACE_KINDS
};

struct trace_event {
	uint32_t kind, n_name;
	uint64_t a, b, c;
	uint64_t offset, n;
};

/* Of the program that is recorded. */
void trace_start(const char *path, const char *root);
void trace_ack(const char *op, uint64_t digest, uint64_t objects);
#endif
