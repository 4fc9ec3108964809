#include "queued/agent/agent_batch.h"
#include "base/panic.h"
#include "log/log.h"
#include "queued/loop.h"
#include "store/mailbox/message.h"
#include <unistd.h>

enum {
	/* Return-Path and Delivered-To with two addresses of 320. */
	PREFIX_MAX = 1024,
	/* A single item and what its fields take. */
	MEMORY_MAX = BATCH_BYTES + BATCH_MESSAGES * 4096 + MSG_BYTES_MAX,
};

void batch_init(struct batch *b)
{
	*b = (struct batch){ .n = 0 };
	arena_init(&b->memory, MEMORY_MAX);
}

void batch_reset(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].fd >= 0)
			close(b->items[i].fd);
	b->n = 0;
	b->bytes = 0;
	arena_reset(&b->memory);
}

void batch_deinit(struct batch *b)
{
	batch_reset(b);
	arena_deinit(&b->memory);
}

/* RFC 5321 4.4: the delivering system adds Return-Path in front. */
static struct view prefix_of(
    struct batch *b, struct view sender, struct view recipient, bool *ok)
{
	char text[PREFIX_MAX];
	int n = snprintf(text, sizeof text,
	    "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n", (int)sender.n,
	    sender.n ? sender.p : "", (int)recipient.n,
	    recipient.n ? recipient.p : "");
	if (n < 0 || n >= (int)sizeof text) {
		*ok = false;
		return V("");
	}
	return arena_copy(&b->memory, (struct view){ text, (size_t)n }, ok);
}

static bool fill(struct batch *b, struct batch_item *item,
    const struct msg_deliver *d, struct view body)
{
	bool ok = d->delivery_id.n == sizeof item->delivery_id;
	if (ok)
		memcpy(item->delivery_id, d->delivery_id.p,
		    sizeof item->delivery_id);
	item->id = d->id;
	item->received_s = d->received_s;
	item->mailbox = arena_copy(&b->memory, d->mailbox, &ok);
	item->prefix = prefix_of(b, d->sender, d->recipient, &ok);
	item->body = arena_copy(&b->memory, body, &ok);
	return ok;
}

/* The fields that both messages share, in the shape of one. */
static struct msg_deliver common(const struct msg *m)
{
	const struct msg_deliver_file *f = &m->deliver_file;
	if (m->type == MSG_DELIVER)
		return m->deliver;
	return (struct msg_deliver){ .id = f->id,
		.delivery_id = f->delivery_id,
		.mailbox = f->mailbox,
		.sender = f->sender,
		.recipient = f->recipient,
		.received_s = f->received_s,
		.body = V("") };
}

int batch_add(struct batch *b, uint64_t channel, const struct msg *m, int fd)
{
	struct msg_deliver d = common(m);
	struct batch_item *item = &b->items[b->n];
	uint64_t size = fd >= 0 ? m->deliver_file.size : d.body.n;
	if (b->n == BATCH_MESSAGES || (b->n && b->bytes + size > BATCH_BYTES))
		return MC_E_LIMIT;
	*item = (struct batch_item){ .channel = channel,
		.fd = fd,
		.size_bytes = size,
		.status = DELIVER_STATUS_OK,
		.text = "" };
	if (!fill(b, item, &d, d.body)) {
		item->status = DELIVER_STATUS_TEMP;
		item->text = "4.3.0 the delivery cannot be understood";
	}
	if (loop_was_delivered(d.body, fd, size, d.recipient)) {
		item->status = DELIVER_STATUS_PERM;
		item->text =
		    "5.4.6 the message was delivered to this address before";
	}
	b->n++;
	b->bytes += size;
	return 0;
}

static void set_status(
    struct batch_item *item, enum deliver_status status, const char *text)
{
	item->status = status;
	item->text = text;
}

static void set_error(struct batch_item *item, int error)
{
	if (error == MC_E_OVERQUOTA) {
		set_status(item, DELIVER_STATUS_OVERQUOTA,
		    "4.2.2 the mailbox is full");
		return;
	}
	LOG(NULL, ERROR, "agent.append-failed", KV_ERR("error", error));
	set_status(item, DELIVER_STATUS_TEMP,
	    error == MC_E_FULL ? "4.3.1 no space left for the mailbox"
			       : "4.3.0 the mailbox cannot be written");
}

static int find_mailbox(struct store_txn *t, struct view name, uint32_t *id)
{
	struct mailbox m;
	int error = mailbox_find(t, name, &m);
	if (error)
		return error;
	if (m.flags & MAILBOX_NOSELECT)
		return MC_E_NOENT;
	*id = m.id;
	return 0;
}

/* Mail for a mailbox that is not there (any more) goes to INBOX. */
static int resolve(struct store *s, const struct batch *b, uint32_t *ids)
{
	struct store_txn t;
	uint32_t inbox;
	int error = store_read(s, &t);
	if (error)
		return error;
	error = find_mailbox(&t, V("INBOX"), &inbox);
	for (size_t i = 0; i < b->n && !error; i++) {
		struct view name = b->items[i].mailbox;
		if (!name.n || find_mailbox(&t, name, &ids[i]) != 0)
			ids[i] = inbox;
	}
	store_end(&t);
	return error;
}

static struct append append_of(const struct batch_item *item, uint32_t mailbox)
{
	return (struct append){
		.mailbox = mailbox,
		.source = { .prefix = item->prefix,
		    .mem = item->body,
		    .fd = item->fd,
		    .fd_size = item->size_bytes },
		.internaldate = { (int64_t)item->received_s, 0 },
		.delivery_id = { item->delivery_id, sizeof item->delivery_id },
	};
}

static void take_result(
    struct batch_item *item, const struct append_result *result)
{
	if (result->error)
		set_error(item, result->error);
	else if (result->duplicate)
		set_status(item, DELIVER_STATUS_DUPLICATE, "2.0.0 known");
	else
		set_status(item, DELIVER_STATUS_OK, "2.0.0 delivered");
}

/* All in one transaction; when nothing of it could be stored, each alone, so
 * that one bad message does not keep back the others. */
static void store_items(struct store *s, struct batch_item **items,
    const struct append *appends, size_t n)
{
	struct append_result results[BATCH_MESSAGES] = { 0 };
	int error = message_append(s, appends, n, results);
	for (size_t i = 0; i < n; i++) {
		if (!error)
			take_result(items[i], &results[i]);
		else if (n == 1)
			set_error(items[i], error);
		else
			store_items(s, &items[i], &appends[i], 1);
	}
}

static void fail_all(struct batch *b, int error)
{
	for (size_t i = 0; i < b->n; i++)
		set_error(&b->items[i], error);
}

void batch_store(struct batch *b, struct store *s)
{
	uint32_t mailboxes[BATCH_MESSAGES];
	struct append appends[BATCH_MESSAGES];
	struct batch_item *items[BATCH_MESSAGES];
	size_t n = 0;
	int error = s ? resolve(s, b, mailboxes) : MC_E_TEMP;
	if (error) {
		fail_all(b, error);
		return;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (b->items[i].status != DELIVER_STATUS_OK)
			continue;
		items[n] = &b->items[i];
		appends[n++] = append_of(&b->items[i], mailboxes[i]);
	}
	if (n)
		store_items(s, items, appends, n);
}
