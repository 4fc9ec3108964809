/* APPEND: RFC 3501 6.3.11, RFC 4315. The message comes as a literal: up to
 * 64 KiB of it stays in memory, a larger one goes to a file without a name. */
#include "imapd/imap_command.h"
#include "imapd/imap_mailbox.h"
#include "store/quota.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	IN_MEMORY_MAX = 64 * 1024
};

struct imap_append {
	struct mailbox mailbox;
	uint64_t size;
	int fd; /* -1: in memory */
	uint64_t written;
	struct buf memory;
	int error; /* while the bytes came */
};

void imap_append_free(struct imap_session *s)
{
	if (!s->append)
		return;
	if (s->append->fd >= 0)
		close(s->append->fd);
	buf_deinit(&s->append->memory);
	free(s->append);
	s->append = NULL;
}

static int unnamed_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	char name[] = "./append.XXXXXX";
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

static enum imap_literal refuse(
    struct imap_session *s, enum imap_status status, const char *text)
{
	s->status = status;
	s->text = text;
	return IMAP_LITERAL_REFUSE;
}

static enum imap_literal refuse_error(struct imap_session *s, int error)
{
	LOG(s->o.log, WARN, "imap.append", KV_ERR("error", error));
	return refuse(s, IMAP_NO,
	    error == MC_E_OVERQUOTA ? "[OVERQUOTA] Quota exceeded"
				    : "[UNAVAILABLE] Temporary failure");
}

static enum imap_literal receive(
    struct imap_session *s, const struct mailbox *m, uint64_t size)
{
	struct imap_append *a = calloc(1, sizeof *a);
	if (!a)
		return refuse_error(s, -ENOMEM);
	s->append = a;
	a->mailbox = *m;
	a->size = size;
	a->fd = -1;
	buf_init(&a->memory, IN_MEMORY_MAX);
	if (size <= IN_MEMORY_MAX)
		return IMAP_LITERAL_STREAM;
	a->fd = unnamed_file();
	return a->fd >= 0 ? IMAP_LITERAL_STREAM : refuse_error(s, a->fd);
}

enum imap_literal imap_append_begin(struct imap_session *s)
{
	struct imap_append_args args;
	struct mailbox m;
	uint64_t size = s->reader.literal_size;
	if (s->append)
		return refuse(s, IMAP_BAD, "One message at a time");
	if (!imap_append_args(&s->args, &args) || !imap_end(&s->args))
		return IMAP_LITERAL_KEEP; /* the name, or nonsense */
	if (size == 0)
		return refuse(s, IMAP_NO, "[CANNOT] Empty message");
	if (size > s->o.append_max)
		return refuse(s, IMAP_NO, "[TOOBIG] Message too large");
	int error = imap_find_mailbox(s, args.mailbox, &m);
	if (error == MC_E_NOENT)
		return refuse(s, IMAP_NO, "[TRYCREATE] No such mailbox");
	/* Told before the octets come, when it is known by then (RFC 7888 4).
	 * What counts is the transaction that adds them. */
	if (!error)
		error = store_check_room(s->o.store, size);
	return error ? refuse_error(s, error) : receive(s, &m, size);
}

static int write_all(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC ? MC_E_FULL : -errno;
		v = view_skip(v, (size_t)n);
	}
	return 0;
}

void imap_append_data(struct imap_session *s, struct view piece)
{
	struct imap_append *a = s->append;
	if (a->fd < 0)
		buf_put(&a->memory, piece);
	else if (!a->error)
		a->error = write_all(a->fd, piece);
	a->written += piece.n;
}

static int add(struct imap_session *s, const struct imap_append_args *args,
    struct append_result *result)
{
	struct imap_append *a = s->append;
	struct append item = { .mailbox = a->mailbox.id,
		.source = { .mem = buf_view(&a->memory),
		    .fd = a->fd,
		    .fd_size = a->size },
		.flags = args->flags.flags,
		.keywords = args->flags.keywords,
		.n_keywords = args->flags.n_keywords,
		.internaldate = args->date };
	if (a->error)
		return a->error;
	if (!args->has_date)
		item.internaldate.unix_s = s->o.now_s();
	int error = message_append(s->o.store, &item, 1, result);
	return error ? error : result->error;
}

void imap_cmd_append(struct imap_session *s)
{
	struct imap_append_args args;
	struct append_result result = { .error = 0 };
	if (!imap_append_args(&s->args, &args) || !imap_end(&s->args) ||
	    !s->append) {
		imap_finish_bad(s);
		return;
	}
	int error = add(s, &args, &result);
	if (error == MC_E_NOENT) {
		imap_finish(s, IMAP_NO, "[TRYCREATE] No such mailbox");
		return;
	}
	if (error) {
		imap_finish_error(s, error);
		return;
	}
	buf_printf(&s->code, "[APPENDUID %u %u] ",
	    result.uidvalidity ? result.uidvalidity
			       : s->append->mailbox.uidvalidity,
	    result.uid);
	imap_finish(s, IMAP_OK, "Message appended");
}
