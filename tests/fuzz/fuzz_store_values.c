#include "store/record/keys.h"

static union {
	struct account account;
	struct box box;
	struct message message;
	struct change_run change;
	struct delivery delivery;
	struct retained retained;
	struct envelope_record envelope;
	struct structure_record structure;
	struct body body;
	struct mime_part part;
	struct references references;
} out;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mime_part parts[MIME_PARTS_MAX];
	struct view v = { (const char *)data, size }, name;
	uint32_t a = key_box_id(v), b;
	uint64_t n = key_obj_id(v);
	if (structure_decode(v, &out.structure) == 0) {
		const struct message_info info = { .size_bytes = size,
			.parts = out.structure.parts,
			.n_parts = out.structure.n_parts };
		if (message_parts(&info, parts) == 0)
			(void)mime_find(parts, info.n_parts, &a, 1);
	}
	return (account_decode(v, &out.account) | box_decode(1, v, &out.box) |
		   message_decode(1, v, &out.message) |
		   change_decode(1, v, &out.change) |
		   delivery_decode(v, &out.delivery) |
		   retained_decode(v, &out.retained) |
		   envelope_decode(v, &out.envelope) |
		   envelope_decode_body(v, &out.body) |
		   envelope_decode_size(v, &n) | key_obj_split(v, &n) |
		   key_uidl_split(v, &a, &b) |
		   structure_decode(v, &out.structure) |
		   part_decode(v, &out.part) |
		   envelope_decode_thread(v, &n, &out.references) |
		   references_decode(v, &out.references) |
		   threadid_decode(v, &n) | key_thread_member_split(v, &n, &n) |
		   key_thread_id_split(v, &n, &n) |
		   key_annotation_split(v, &a, &name, &b) |
		   mailbox_id_decode(v, &a) | key_name_split(v, &a, &name) |
		   key_msg_split(v, &a, &b) | key_chg_split(v, &a, &n, &b) |
		   key_link_split(v, &n, &a, &b) |
		   key_purge_split(v, &a, &n)) == 1;
}
