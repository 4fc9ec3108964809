#ifndef PROC_AGENT_DAMAGE_H
#define PROC_AGENT_DAMAGE_H

/* The end of an agent that met damage in its user's store.
 *
 * LMDB is fast because it believes its pages. One that is damaged, by a disk or
 * by memory, shows as an error where LMDB looks, and else as a fault (SIGSEGV,
 * SIGFPE, SIGBUS behind the end of the file) or as an assertion. To verify each
 * page before LMDB sees it would mean to walk each tree twice; to go on after a
 * fault, a longjmp out of a library that holds locks. A process for each user
 * makes a third way cheap: the process ends, in order. A handler on a stack of
 * its own
 *  - leaves the mark of damage (store/mark.h), so that the next agent of this
 *    user serves nobody, instead of meeting the same page: sessions are
 *    refused, mail stays in the queue, nothing is restarted again and again;
 *  - says good-bye where no reply is half sent;
 *  - exits with PROC_EXIT_DAMAGED, for which the monitor logs "store.damaged"
 *    with the account.
 * The same happens when one call of LMDB takes seconds of CPU: pages can lead
 * in a circle. All of it is async-signal-safe. Pages that lie can also make a
 * writer write over the heap, which shows later and anywhere: then it is a
 * suspicion, which is told ("store.suspect"), and leaves no mark. Any other
 * fault is a bug of ours, and ends the process as ever. What is damaged in
 * silence, checksums of bodies and mailctl store check find. */

enum {
	PROC_EXIT_DAMAGED = 101,
	PROC_EXIT_SUSPECT = 102,
	PROC_EXIT_MARKED = 103, /* it found the mark */
};

/* Of the process, which stands in the user's directory. parting: says good-bye;
 * async-signal-safe, may be NULL. */
void damage_guard(void (*parting)(void *ctx), void *ctx);
/* Somebody else left the mark, or mailctl store repair, which waits for the
 * store: ends the process, with good-byes. */
_Noreturn void damage_leave(void);
#endif
