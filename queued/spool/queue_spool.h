#ifndef QUEUED_SPOOL_QUEUE_SPOOL_H
#define QUEUED_SPOOL_QUEUE_SPOOL_H
/* Bodies over 64 KiB are files of the spool: written as incoming/NAME by the
 * process that receives the message, through a descriptor only, and renamed to
 * messages/XX/ID before the record is committed. dir is the spool's directory.
 */
#include "queued/spool/queue_db.h"

/* The directories incoming and messages, when they are missing. */
int queue_spool_prepare(int dir) MUST_CHECK;

/* name is from queue_db_new_id and no message's id. The descriptor is the
 * caller's. */
int queue_spool_create(int dir, uint64_t name, int *fd) MUST_CHECK;
void queue_spool_discard(int dir, uint64_t name);

/* Puts the data of incoming/name on disk and gives it the message's id; the new
 * name is on disk after queue_spool_sync. MC_E_BAD when the file does not have
 * exactly that size. */
int queue_spool_keep(
    int dir, uint64_t name, uint64_t size_bytes, uint64_t id) MUST_CHECK;
int queue_spool_sync(int dir, const uint64_t *ids, size_t n) MUST_CHECK;

int queue_spool_open(int dir, uint64_t id, int *fd) MUST_CHECK;
void queue_spool_remove(int dir, uint64_t id);

/* After a start: empties incoming, and removes files without a record. No crash
 * leaves a record without its file: that is found when it is to be read. */
int queue_spool_recover(struct queue_db *db) MUST_CHECK;
#endif
