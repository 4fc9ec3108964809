/* Stores: one of the corpus, and one that is replaced again and again. */
#include "base/panic.h"
#include "bench.h"
#include "corpus.h"
#include "store/stats.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	BATCH = 64,
	BATCH_OCTETS = 2 << 20,
	BATCH_ROOM = 16 << 20,
	SEED = 20261122,
	TURNOVERS = 6,
	MB = 1000000,
	BATCH_SECONDS = 60, /* between two batches, as housekeeping comes */
};

static int64_t churn_now_s = 1700000000;

static int64_t churn_clock(void)
{
	return churn_now_s;
}

/* Messages of the corpus, as many as fit into one transaction. */
struct batch {
	struct corpus *corpus;
	struct buf octets;
	size_t ends[BATCH];
	unsigned n;
};

static void batch_init(struct batch *b)
{
	b->corpus = corpus_new(SEED);
	buf_init(&b->octets, BATCH_ROOM);
}

static void batch_deinit(struct batch *b)
{
	corpus_free(&b->corpus);
	buf_deinit(&b->octets);
}

static void batch_make(struct batch *b, unsigned max)
{
	buf_reset(&b->octets);
	b->n = 0;
	while (
	    b->n < max && b->n < BATCH && buf_len(&b->octets) < BATCH_OCTETS) {
		buf_put(&b->octets, corpus_next(b->corpus));
		b->ends[b->n++] = buf_len(&b->octets);
	}
	mc_assert(!buf_error(&b->octets));
}

static void batch_store(struct batch *b, struct store *s, uint32_t *uids)
{
	struct append items[BATCH];
	struct append_result results[BATCH];
	struct mailbox inbox;
	struct store_txn t;
	bench_try(store_read(s, &t), "read");
	bench_try(mailbox_find(&t, V("INBOX"), &inbox), "INBOX");
	store_end(&t);
	for (unsigned i = 0; i < b->n; i++)
		items[i] = (struct append){ .mailbox = inbox.id,
			.source = { .fd = -1,
			    .mem = view_slice(buf_view(&b->octets),
				i ? b->ends[i - 1] : 0, b->ends[i]) },
			.internaldate = { 1700000000 + i, 60 } };
	bench_try(message_append(s, items, b->n, results), "append");
	for (unsigned i = 0; i < b->n; i++) {
		bench_try(results[i].error, "append");
		if (uids)
			uids[i] = results[i].uid;
	}
}

static double bytes_on_disk(const char *dir)
{
	static const char *const names[] = { "data.mdb", "data.mdb-lock" };
	double sum = 0;
	for (unsigned i = 0; i < 2; i++) {
		char path[4096];
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		bench_try(stat(path, &st) ? MC_E_NOENT : 0, path);
		sum += (double)st.st_blocks * 512;
	}
	return sum;
}

void run_fill(const struct bench *bench)
{
	const bool zstd = bench->compress;
	struct row disk = { .name = zstd ? "disk-zstd" : "disk",
		.unit = "ratio" };
	struct row bytes = { .name = "mail", .unit = "MB" };
	struct row time = { .name = zstd ? "fill-zstd" : "fill", .unit = "ms" };
	struct batch b;
	struct store *s = bench_open(bench);
	uint64_t sum = 0;
	batch_init(&b);
	row_start(&time);
	for (unsigned done = 0; done < bench->messages; done += b.n) {
		batch_make(&b, bench->messages - done);
		batch_store(&b, s, NULL);
		sum += buf_len(&b.octets);
	}
	row_stop(&time);
	batch_deinit(&b);
	store_close(&s);
	row_add(&bytes, (double)sum / MB);
	row_add(&disk, bytes_on_disk(bench->dir) / (double)sum);
	row_print(&bytes);
	row_print(&time);
	row_print(&disk);
}

/* Some of the messages, at random places, make room for new ones. */
static void replace(struct store *s, uint32_t inbox, struct batch *b,
    uint32_t *uids, unsigned count)
{
	struct uidset old, gone;
	uint32_t added[BATCH];
	batch_make(b, BATCH);
	uidset_init(&old);
	uidset_init(&gone);
	for (unsigned i = 0; i < b->n; i++) {
		unsigned at = (unsigned)rand() % count;
		while (uidset_has(&old, uids[at]))
			at = (at + 1) % count;
		bench_try(uidset_add(&old, uids[at], uids[at]), "uids");
		added[i] = at;
	}
	bench_try(message_expunge(s, inbox, &old, false, &gone), "expunge");
	mc_assert(gone.count == b->n);
	uint32_t new[BATCH];
	batch_store(b, s, new);
	for (unsigned i = 0; i < b->n; i++)
		uids[added[i]] = new[i];
	uidset_deinit(&old);
	uidset_deinit(&gone);
	churn_now_s += BATCH_SECONDS;
	store_housekeeping(s);
}

static double file_mb(struct store *s)
{
	struct store_stats st;
	bench_try(store_stats(s, &st), "stats");
	return (double)st.file_bytes / MB;
}

void run_churn(const struct bench *bench)
{
	enum {
		COUNT_MAX = 1 << 20
	};
	const struct store_options o = { .create = true, .now_s = churn_clock };
	struct row growth = { .name = "churn", .unit = "ratio" };
	uint32_t *uids = must_alloc(COUNT_MAX * sizeof *uids);
	struct batch b;
	struct mailbox inbox;
	struct store *s;
	struct store_txn t;
	unsigned count = 0;
	bench_try(store_open(bench->dir, &o, &s), bench->dir);
	batch_init(&b);
	for (uint64_t sum = 0; sum < (uint64_t)bench->messages * MB;
	     sum += buf_len(&b.octets), count += b.n) {
		mc_assert(count + BATCH < COUNT_MAX);
		batch_make(&b, BATCH);
		batch_store(&b, s, uids + count);
	}
	bench_try(store_read(s, &t), "read");
	bench_try(mailbox_find(&t, V("INBOX"), &inbox), "INBOX");
	store_end(&t);
	double before = file_mb(s);
	for (unsigned turn = 0; turn < TURNOVERS; turn++) {
		for (unsigned done = 0; done < count; done += b.n)
			replace(s, inbox.id, &b, uids, count);
		row_add(&growth, file_mb(s) / before);
	}
	row_print(&growth);
	batch_deinit(&b);
	store_close(&s);
	free(uids);
}
