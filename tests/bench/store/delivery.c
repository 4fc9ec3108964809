/* What one delivery costs the disk. The calls with which LMDB writes are
 * counted by standing in for libc's: what is defined here comes first. */
#include "base/panic.h"
#include "bench.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	DELIVERIES = 200,
	MESSAGE_OCTETS_WANTED = 4096
};

static struct {
	unsigned flushes; /* fdatasync, and writes to an O_DSYNC descriptor */
	uint64_t written;
} counted;

static ssize_t count_write(int fd, ssize_t n)
{
	counted.written += n > 0 ? (uint64_t)n : 0;
	counted.flushes += (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
	return n;
}

int fdatasync(int fd)
{
	counted.flushes++;
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	counted.flushes++;
	return (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t offset)
{
	return count_write(fd, syscall(SYS_pwrite64, fd, p, n, offset));
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t offset)
{
	return pwrite(fd, p, n, offset);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	return count_write(fd, syscall(SYS_writev, fd, v, n));
}

static void deliver(struct store *s, uint32_t inbox, unsigned number,
    const char text[MESSAGE_OCTETS_WANTED])
{
	struct append_result r;
	char id[DELIVERY_ID_OCTETS] = { 0 };
	memcpy(id, &number, sizeof number);
	const struct append item = {
		.mailbox = inbox,
		.source = { .mem = { text, MESSAGE_OCTETS_WANTED }, .fd = -1 },
		.internaldate = { 1700000000, 0 },
		.delivery_id = { id, sizeof id },
	};
	bench_try(message_append(s, &item, 1, &r), "append");
	bench_try(r.error, "append");
	mc_assert(!r.duplicate);
}

void run_delivery(const struct bench *b)
{
	static const char header[] = "From: a@example.org\r\n\r\n";
	struct row time = { .name = "delivery", .unit = "ms" };
	struct row flushes = { .name = "delivery-flushes", .unit = "" };
	struct row written = { .name = "delivery-written", .unit = "KiB" };
	static char text[MESSAGE_OCTETS_WANTED];
	struct mailbox inbox;
	struct store_txn t;
	struct store *s = bench_open(b);
	memset(text, 'x', sizeof text);
	memcpy(text, header, sizeof header - 1);
	memcpy(text + sizeof text - 2, "\r\n", 2);
	bench_try(store_read(s, &t), "read");
	bench_try(mailbox_find(&t, V("INBOX"), &inbox), "INBOX");
	store_end(&t);
	for (unsigned run = 0; run < b->runs; run++) {
		counted.flushes = 0;
		counted.written = 0;
		row_start(&time);
		for (unsigned i = 0; i < DELIVERIES; i++)
			deliver(s, inbox.id,
			    (unsigned)getpid() * 100000 + run * DELIVERIES + i,
			    text);
		row_stop(&time);
		time.values[run] /= DELIVERIES;
		time.cpu[run] /= DELIVERIES;
		row_add(&flushes, (double)counted.flushes / DELIVERIES);
		row_add(&written, (double)counted.written / 1024 / DELIVERIES);
	}
	store_close(&s);
	row_print(&time);
	row_print(&flushes);
	row_print(&written);
}
