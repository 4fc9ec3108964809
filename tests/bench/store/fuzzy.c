/* Fuzzy searches by the store's interface: by reading all extracts, making the
 * index of words, and by that. */
#include "store/search/fuzzy.h"
#include "base/panic.h"
#include "search.h"
#include "store/search/extract_files.h"
#include "store/txn/edit.h"
#include <stdlib.h>

enum {
	TURN_MESSAGES = 64
};

static const struct {
	const char *name, *words;
	unsigned zones;
	const char *field;
} searches[] = {
	{ "fuzzy-none", "zzqqxjvwkz", EXTRACT_BIT(EXTRACT_BODY), "" },
	{ "fuzzy-rare", "xylophonist", EXTRACT_BIT(EXTRACT_BODY), "" },
	{ "fuzzy-rare-text", "xilophonits", EXTRACT_ALL_ZONES, "" },
	{ "fuzzy-subject", "needelsubject", EXTRACT_BIT(EXTRACT_HEADER),
	    "subject" },
	{ "fuzzy-two", "xylofonist schedule", EXTRACT_ALL_ZONES, "" },
	{ "fuzzy-common", "schedule", EXTRACT_BIT(EXTRACT_BODY), "" },
};

struct asking {
	struct store *store;
	uint32_t mailbox;
	struct uidset all, found;
	struct extract_reader extracts;
	struct fuzzy_reader reader;
	struct fuzzy_query query;
	struct buf bufs[MESSAGE_TEXT_BUFS];
	struct store_txn t;
	unsigned matches, sum;
};

static struct asking *asking_new(struct store *s)
{
	struct asking *a = MUST_NEW(struct asking);
	struct mailbox m;
	a->store = s;
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_init(&a->bufs[i], MESSAGE_TEXT_BUF_MAX);
	uidset_init(&a->all);
	uidset_init(&a->found);
	extract_reader_init(&a->extracts, s);
	fuzzy_reader_init(&a->reader, &a->extracts,
	    must_alloc(MIME_PARTS_MAX * sizeof(struct mime_part)));
	bench_try(store_read(s, &a->t), "read");
	bench_try(mailbox_find(&a->t, V("INBOX"), &m), "INBOX");
	a->mailbox = m.id;
	bench_try(message_uids(&a->t, m.id, &a->all), "UIDs");
	store_end(&a->t);
	return a;
}

static void asking_free(struct asking *a)
{
	uidset_deinit(&a->all);
	uidset_deinit(&a->found);
	free(a->reader.parts);
	fuzzy_reader_deinit(&a->reader);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_deinit(&a->bufs[i]);
	free(a);
}

static void begin_turn(struct asking *a)
{
	bench_try(store_read(a->store, &a->t), "read");
}

static void end_turn(struct asking *a)
{
	extract_reader_end(&a->extracts);
	store_end(&a->t);
}

static void ask(struct asking *a, uint32_t uid)
{
	struct message_text x = { a->bufs, &a->t, 0, 0 };
	struct message m;
	bench_try(message_get(&a->t, a->mailbox, uid, &m), "row");
	unsigned score = fuzzy_ask(&a->reader, &a->query, &x, &m);
	bench_try(x.error, "text");
	a->matches += score > 0;
	a->sum += score;
}

static void ask_each(struct asking *a, const struct uidset *uids)
{
	uint32_t uid = 0;
	do {
		begin_turn(a);
		for (unsigned i = 0; i < TURN_MESSAGES; i++) {
			uid = uidset_next(uids, uid);
			if (!uid)
				break;
			ask(a, uid);
		}
		end_turn(a);
	} while (uid);
}

/* As a session would. */
static void search(struct asking *a)
{
	struct fuzzy_candidates c;
	bool useful = true;
	a->matches = a->sum = 0;
	uidset_clear(&a->found);
	fuzzy_candidates_init(&c, &a->query, a->mailbox, a->all.count);
	while (useful && !c.done) {
		begin_turn(a);
		useful =
		    fuzzy_candidates_next(&c, &a->extracts, &a->t, &a->found);
		end_turn(a);
	}
	ask_each(a, useful ? &a->found : &a->all);
}

static void set_query(struct asking *a, unsigned i)
{
	if (!fuzzy_query_init(&a->query, searches[i].zones,
		view_of(searches[i].words), view_of(searches[i].field)))
		fatal("%s: no words", searches[i].name);
}

static void measure(struct asking *a, const char *name, unsigned runs)
{
	struct row r = { .name = name, .unit = "ms" };
	search(a);
	unsigned matches = a->matches, sum = a->sum;
	for (unsigned i = 0; i < runs; i++) {
		row_start(&r);
		search(a);
		row_stop(&r);
	}
	if (a->matches != matches || a->sum != sum)
		fatal("%s: another answer", name);
	row_print(&r);
}

/* In stretches of idle agents. */
static void build(const struct bench *b, struct store *s)
{
	struct row total = { .name = "fuzzy-build", .unit = "ms" };
	struct row longest = { .name = "fuzzy-stretch", .unit = "ms" };
	double max = 0;
	bool more = true;
	row_start(&total);
	while (more) {
		struct row one = { .n = 0 };
		row_start(&one);
		more = extract_idle(s);
		row_stop(&one);
		max = one.cpu[0] > max ? one.cpu[0] : max;
	}
	row_stop(&total);
	total.values[0] *= 100000.0 / b->messages;
	total.cpu[0] *= 100000.0 / b->messages;
	row_add(&longest, max);
	row_print(&total);
	row_print(&longest);
}

void run_fuzzy(const struct bench *b, struct store *s)
{
	struct asking *a = asking_new(s);
	double before = size_of(b, "search.mdb");
	struct row growth = { .name = "fuzzy-share", .unit = "ratio" };
	set_query(a, 1);
	measure(a, "fuzzy-scan", 1);
	build(b, s);
	row_add(&growth, size_of(b, "search.mdb") / before);
	row_print(&growth);
	for (unsigned i = 0; i < sizeof searches / sizeof *searches; i++) {
		set_query(a, i);
		measure(a, searches[i].name, b->runs);
	}
	asking_free(a);
}
