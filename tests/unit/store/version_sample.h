#ifndef TESTS_STORE_VERSION_SAMPLE_H
#define TESTS_STORE_VERSION_SAMPLE_H
/* What tests/vectors/store-N hold: a store that every later version must read,
 * and its description as text. The clock and all ids are fixed, so that a
 * store that is made today has the same description. */
#include "store/record/crc32c.h"
#include "store_sample.h"

/* Writing it. */

static inline uint32_t version_add(
    uint32_t mailbox, struct view text, const struct append *like)
{
	struct append item = *like;
	struct append_result r;
	item.mailbox = mailbox;
	item.source = (struct source){ .mem = text, .fd = -1 };
	item.internaldate = (struct date){ test_now_s - 100, 60 };
	test_now_s += 10;
	ck_assert_int_eq(message_append(store, &item, 1, &r), 0);
	ck_assert_int_eq(r.error, 0);
	return r.uid;
}

static inline struct view version_mail(unsigned n, const char *more)
{
	static char text[4096];
	int len = snprintf(text, sizeof text,
	    "From: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\n"
	    "Date: Tue, 3 Nov 2026 10:%02u:00 +0100\r\n"
	    "Message-ID: <%u@example.org>\r\n%s\r\nThis is number %u.\r\n",
	    n, n, more, n);
	ck_assert_int_lt(len, (int)sizeof text);
	return (struct view){ text, (size_t)len };
}

static inline void version_inbox(void)
{
	static char large[20000];
	const struct view keywords[] = { V("$Work"), V("important") };
	const struct append plain = { .flags = 0 };
	const struct append marked = {
		.flags = MESSAGE_SEEN, .keywords = keywords, .n_keywords = 2
	};
	const struct append delivered = { .delivery_id =
					      V("delivery-0000001") };
	const struct append imported = { .uid = 40, .uidl = V("UIDL.0001") };
	version_add(inbox_id, version_mail(1, "Subject: Lunch\r\n"), &plain);
	version_add(inbox_id,
	    version_mail(2,
		"Subject: Re: Lunch\r\nIn-Reply-To: <1@example.org>\r\n"
		"References: <1@example.org>\r\n"),
	    &marked);
	version_add(inbox_id, version_mail(3, "Subject: Other\r\n"), &plain);
	version_add(inbox_id,
	    version_mail(4,
		"Subject: Fwd: Lunch\r\nReferences: <1@example.org>\r\n"
		" <2@example.org>\r\n"),
	    &delivered);
	version_add(inbox_id, V("Subject: NUL\r\n\r\na\0b\r\nno end"), &plain);
	memset(large, 'x', sizeof large);
	memcpy(large, "Subject: large\r\n\r\n", 18);
	version_add(inbox_id, (struct view){ large, sizeof large }, &marked);
	version_add(inbox_id, V("Subject: bare\n\n.dot\nline\n"), &imported);
	version_add(inbox_id,
	    version_mail(8,
		"Subject: =?utf-8?q?Caf=C3=A9?=\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n"
		"<p>two\r\n--b--\r\n"),
	    &plain);
	version_add(inbox_id, version_mail(9, ""), &plain);
	version_add(inbox_id, V(""), &plain);
}

static inline void version_change(uint32_t work, uint32_t sent)
{
	struct uidset uids = sample_uids(1, 2), from, to;
	struct uidset gone;
	uidset_init(&from);
	uidset_init(&to);
	uidset_init(&gone);
	test_now_s += 100;
	sample_flag(inbox_id, 1, 1, MESSAGE_SEEN | MESSAGE_FLAGGED);
	sample_flag(inbox_id, 4, 5, MESSAGE_ANSWERED);
	sample_copy(1, 3, work);
	ck_assert_int_eq(
	    message_move(store, inbox_id, &uids, sent, &from, &to), 0);
	test_now_s += 100;
	sample_expunge(work, 2, 3);
	sample_flag(inbox_id, 41, 42, MESSAGE_DELETED | MESSAGE_SEEN);
	ck_assert_int_eq(
	    message_expunge(store, inbox_id, NULL, true, &gone), 0);
	ck_assert_uint_eq(gone.count, 2);
	sample_expunge(inbox_id, 3, 3);
	uidset_deinit(&uids);
	uidset_deinit(&from);
	uidset_deinit(&to);
	uidset_deinit(&gone);
}

static inline void version_fill(void)
{
	static char name[700];
	struct mailbox m;
	const struct append draft = { .flags = MESSAGE_DRAFT };
	const struct mailbox_origin origin = { .uidvalidity = 1500000000,
		.uidnext = 77 };
	uint32_t work = box_create(V("Work/2026"));
	ck_assert_int_eq(mailbox_create(store, V("Sent"), SPECIAL_SENT, &m), 0);
	uint32_t sent = m.id;
	uint32_t old = box_create(V("Old/R\xc3\xa4ume"));
	ck_assert_int_eq(mailbox_adopt(store, old, &origin), 0);
	version_inbox();
	version_add(old, version_mail(10, "Subject: Lunch\r\n"), &draft);
	version_change(work, sent);
	uint32_t gone = box_create(V("Gone"));
	version_add(gone, version_mail(11, ""), &draft);
	ck_assert_int_eq(mailbox_delete(store, V("Gone")), 0);
	ck_assert_int_eq(mailbox_rename(store, V("Old"), V("Older")), 0);
	memset(name, 'n', sizeof name);
	for (unsigned i = 200; i < sizeof name; i += 200)
		name[i] = '/';
	ck_assert_int_eq(
	    mailbox_subscribe(store, (struct view){ name, sizeof name }, true),
	    0);
	ck_assert_int_eq(mailbox_subscribe(store, V("Sent"), true), 0);
}

/* Describing it. */

struct version_list {
	FILE *out;
	struct store_txn t;
	uint32_t mailbox;
};

static inline void version_text(FILE *out, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] >= ' ' && v.p[i] < 127)
			fputc(v.p[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)v.p[i]);
	fputc('\n', out);
}

static inline void version_body(struct version_list *l, uint64_t msgid)
{
	static char body[32768];
	struct message_info info;
	ck_assert_int_eq(message_info(&l->t, msgid, &info), 0);
	ck_assert_uint_le(info.size_bytes, sizeof body);
	ck_assert_int_eq(
	    message_read(&l->t, msgid, 0, body, info.size_bytes), 0);
	struct view v = { body, info.size_bytes };
	fprintf(l->out,
	    "  bytes %llu of CRLF %llu, crc32c %08x, header %u, lines %llu, "
	    "parts %u%s%s\n  sent %lld, received %lld %d\n  ENVELOPE ",
	    (unsigned long long)info.size_bytes,
	    (unsigned long long)info.crlf_bytes, crc32c(0, v), info.header_size,
	    (unsigned long long)info.n_lines, info.n_parts,
	    info.has_nul ? ", NUL" : "", info.crlf_clean ? ", clean" : "",
	    (long long)info.sent_s, (long long)info.internaldate.unix_s,
	    info.internaldate.zone_min);
	version_text(l->out, info.envelope);
	fputs("  BODYSTRUCTURE ", l->out);
	version_text(l->out, info.bodystructure);
}

static inline int version_row(void *ctx, const struct message *m)
{
	struct version_list *l = ctx;
	struct view v;
	fprintf(l->out,
	    " UID %u: message %llu, modseq %llu from %llu, flags %x, saved %u,"
	    " received %lld %d",
	    m->uid, (unsigned long long)m->msgid, (unsigned long long)m->modseq,
	    (unsigned long long)m->createmodseq, m->flags, m->savedate_s,
	    (long long)m->internaldate.unix_s, m->internaldate.zone_min);
	for (unsigned slot = 0; slot < KEYWORDS_MAX; slot++)
		if (m->keywords[slot / 8] >> slot % 8 & 1 &&
		    keyword_name(&l->t, slot, &v) == 0)
			fprintf(l->out, " %.*s", (int)v.n, v.p);
	if (message_uidl(&l->t, l->mailbox, m, &v) == 0)
		fprintf(l->out, " UIDL %.*s", (int)v.n, v.p);
	fputc('\n', l->out);
	version_body(l, m->msgid);
	return 0;
}

static inline int version_changed(void *ctx, const struct message *m)
{
	struct version_list *l = ctx;
	fprintf(l->out, " %u", m->uid);
	return 0;
}

static inline int version_vanished(void *ctx, uint32_t first, uint32_t last)
{
	struct version_list *l = ctx;
	fprintf(l->out, " -%u:%u", first, last);
	return 0;
}

static inline int version_box(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	struct version_list *l = ctx;
	const struct changes_sink sink = { version_changed, version_vanished,
		l };
	l->mailbox = m->id;
	fputs("mailbox ", l->out);
	version_text(l->out, name);
	fprintf(l->out,
	    " id %x in %x, flags %x, use %x%s, UIDVALIDITY %u, UIDNEXT %u,"
	    " HIGHESTMODSEQ %llu from %llu, floor %llu\n"
	    " messages %u, unseen %u, deleted %u, recent from %u, bytes %llu\n"
	    " changes",
	    m->id, m->parent, m->flags, m->special_use,
	    has_children ? ", children" : "", m->uidvalidity, m->uidnext,
	    (unsigned long long)m->highestmodseq,
	    (unsigned long long)m->createmodseq,
	    (unsigned long long)m->vanish_floor, m->messages, m->unseen,
	    m->deleted, m->recent_uid, (unsigned long long)m->size_bytes);
	ck_assert_int_eq(message_changes(&l->t, m->id, 0, &sink), 0);
	fputc('\n', l->out);
	return message_each(&l->t, m->id, 1, UINT32_MAX, version_row, ctx);
}

static inline int version_subscribed(void *ctx, struct view name)
{
	struct version_list *l = ctx;
	fputs("subscribed ", l->out);
	version_text(l->out, name);
	return 0;
}

static inline void version_retained(struct version_list *l)
{
	struct kv_cursor c;
	struct key k = key_tag('X');
	uint32_t purge_s;
	uint64_t msgid;
	struct retained r;
	ck_assert_int_eq(kv_cursor_open(&c, &l->t.kv, TABLE_IDX), 0);
	int error = kv_cursor_seek(&c, key_view(&k));
	while (!error && c.key.p[0] == 'X') {
		ck_assert_int_eq(key_purge_split(c.key, &purge_s, &msgid), 0);
		ck_assert_int_eq(retained_decode(c.value, &r), 0);
		fprintf(l->out,
		    "retained message %llu until %u: mailbox %x UID %u, "
		    "flags %x\n",
		    (unsigned long long)msgid, purge_s, r.mailbox, r.uid,
		    r.flags);
		version_body(l, msgid);
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
}

/* The text; to be freed. */
static inline char *version_describe(void)
{
	char *text;
	size_t n;
	uint32_t mailbox, uid;
	struct version_list l = { .out = open_memstream(&text, &n) };
	struct store_totals totals;
	ck_assert_int_eq(store_read(store, &l.t), 0);
	ck_assert_int_eq(store_totals(&l.t, &totals), 0);
	fprintf(l.out, "account: bytes %llu, messages %llu, mailboxes %u\n",
	    (unsigned long long)totals.bytes,
	    (unsigned long long)totals.messages, totals.mailboxes);
	ck_assert_int_eq(mailbox_each(&l.t, version_box, &l), 0);
	ck_assert_int_eq(
	    mailbox_subscriptions(&l.t, version_subscribed, &l), 0);
	ck_assert_int_eq(
	    message_find_delivery(&l.t, V("delivery-0000001"), &mailbox, &uid),
	    0);
	fprintf(l.out, "delivery-0000001: mailbox %x UID %u\n", mailbox, uid);
	version_retained(&l);
	store_end(&l.t);
	fclose(l.out);
	return text;
}
#endif
