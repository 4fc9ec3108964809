#include "store/quota.h"
#include "store/txn/quota_edit.h"

void store_set_limits(struct store *s, const struct store_limits *limits)
{
	s->limits = *limits;
}

uint64_t quota_bytes_left(
    const struct store_limits *l, const struct account *a, bool is_delivery)
{
	if (!l->bytes)
		return UINT64_MAX;
	if (a->bytes >= l->bytes)
		return 0;
	return l->bytes - a->bytes + (is_delivery ? l->grace_bytes : 0);
}

uint64_t quota_messages_left(
    const struct store_limits *l, const struct account *a)
{
	if (!l->messages)
		return UINT64_MAX;
	return a->messages < l->messages ? l->messages - a->messages : 0;
}

int store_get_room(struct store *s, struct store_room *out)
{
	struct kv_txn t;
	struct account a;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = account_get(&t, &a);
	kv_abort(&t);
	if (error)
		return error;
	*out = (struct store_room){
		.bytes = quota_bytes_left(&s->limits, &a, false),
		.delivery_bytes = quota_bytes_left(&s->limits, &a, true),
		.messages = quota_messages_left(&s->limits, &a),
	};
	return 0;
}

int store_check_room(struct store *s, uint64_t size_bytes)
{
	struct store_room room;
	int error = store_get_room(s, &room);
	if (!error && (size_bytes > room.bytes || !room.messages))
		error = MC_E_OVERQUOTA;
	return error;
}
