#ifndef QUEUED_REMOTE_SCHED_RELAY_INSIDE_H
#define QUEUED_REMOTE_SCHED_RELAY_INSIDE_H
/* What the two files of sched_relay share. */
#include "queued/remote/sched_relay.h"

/* Puts a site on the lists that fit it now, after any change of it. */
void sched_relay_place(struct sched_relay *s, struct site *site);
/* A job of a session, or of none any more, waits again, before all others. */
void sched_relay_take_back(struct sched_relay *s, struct site_job *job);
/* More sites want a session than get one when those that end are gone. */
bool sched_relay_is_short(const struct sched_relay *s);
/* It gets no more mail; on the list ending. */
void sched_relay_end_session(
    struct sched_relay *s, struct site_session *session);
#endif
