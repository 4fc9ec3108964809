#ifndef PROC_AUTH_ALIASES_H
#define PROC_AUTH_ALIASES_H
/* The part of the auth role that knows aliases: accounts/expand.h behind
 * messages, and the files that the monitor hands over. */
#include "accounts/expand.h"
#include "proc/role.h"

/* All alias files and includes that are there. */
void aliases_take_files(struct proc *p, struct accounts *a);
/* One of them changed; other kinds are none of its business. */
void aliases_file_changed(
    struct proc *p, struct accounts *a, enum file_kind kind, uint32_t index);
/* ADDRESS_IS about an alias, as far as a front has to know. account may get the
 * only one behind it. */
enum address_kind aliases_outlook(
    struct accounts *a, struct view address, struct account *account);
/* LEAF_IS..., EXPANDED. */
void aliases_expand(
    struct accounts *a, struct peer *to, const struct msg_expand_ask *ask);
/* STEP_IS..., EXPLAINED. */
void aliases_explain(
    struct accounts *a, struct peer *to, const struct msg_explain_ask *ask);
#endif
