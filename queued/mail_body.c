/* Bodies of messages on their way to where they are delivered. */
#include "queued/queue_role.h"
#include "queued/spool/queue_spool.h"

int mail_body_open(struct queue *q, const struct mail *m, int *fd)
{
	return q->db ? queue_spool_open(queue_db_dir(q->db), m->e.id, fd)
		     : MC_E_TEMP;
}

int mail_body_read(
    struct queue *q, const struct mail *m, char *buffer, struct view *out)
{
	struct queue_txn t;
	size_t n = 0;
	if (m->body || m->e.size_bytes == 0) {
		*out = (struct view){ m->body ? m->body : "", m->body_n };
		return 0;
	}
	int error = q->db ? queue_begin_read(q->db, &t) : MC_E_TEMP;
	if (error)
		return error;
	error = queue_get_body(&t, m->e.id, buffer, &n);
	queue_abort(&t);
	if (!error && n != m->e.size_bytes)
		error = MC_E_CORRUPT;
	*out = (struct view){ buffer, n };
	return error;
}
