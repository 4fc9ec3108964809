#ifndef IMAPD_IMAP_H
#define IMAPD_IMAP_H
/* What imapd's roles bind: the talk before login (front) and after it
 * (agent). */
#include "proc/agent/agent.h"
#include "proc/front/login.h"

extern const struct login_protocol imap_login_protocol;
/* out's cap must be at least out_mark + IMAP_OUT_ROOM (imap_session.h). */
extern const struct agent_protocol imap_agent_protocol;
#endif
