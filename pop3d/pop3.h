#ifndef POP3D_POP3_H
#define POP3D_POP3_H
/* The two engines of pop3d: before login in the front, after it in the agent.
 */
#include "proc/agent/agent.h"
#include "proc/front/login.h"

extern const struct login_protocol pop3_login_protocol;
extern const struct agent_protocol pop3_agent_protocol;
#endif
