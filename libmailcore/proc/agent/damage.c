#include "proc/agent/damage.h"
#include "store/kv/kv.h"
#include "store/mark.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	STACK_BYTES = 65536,
	/* Of CPU; a call of LMDB takes microseconds, the commit of a very
	 * large transaction on a small machine a second. */
	TICK_S = 5,
};

/* The process's one. */
static struct guard {
	void (*parting)(void *ctx);
	void *ctx;
	struct sigaction before[NSIG];
	char stack[STACK_BYTES];
	uint64_t call; /* at the tick before */
} self;

static _Noreturn void end(int code)
{
	if (self.parting)
		self.parting(self.ctx);
	_exit(code);
}

void damage_leave(void)
{
	end(PROC_EXIT_MARKED);
}

static _Noreturn void met_damage(void)
{
	int fd =
	    open(mark_name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	(void)fd;
	end(PROC_EXIT_DAMAGED);
}

static void on_assert(void)
{
	met_damage();
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	bool has_address = signal_number == SIGSEGV || signal_number == SIGBUS;
	const void *at = has_address ? info->si_addr : NULL;
	(void)context;
	if (kv_is_damage(at))
		met_damage();
	if (kv_may_be_damage())
		end(PROC_EXIT_SUSPECT);
	/* The fault comes again, and takes its course. */
	sigaction(signal_number, &self.before[signal_number], NULL);
}

static void on_tick(int signal_number)
{
	uint64_t call = kv_call_at_work();
	(void)signal_number;
	if (call && call == self.call)
		met_damage();
	self.call = call;
}

static void start_ticks(void)
{
	const struct timeval tick = { .tv_sec = TICK_S };
	const struct itimerval timer = { tick, tick };
	struct sigaction action = { .sa_handler = on_tick,
		.sa_flags = SA_RESTART | SA_ONSTACK };
	sigfillset(&action.sa_mask);
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

void damage_guard(void (*parting)(void *ctx), void *ctx)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
	const stack_t stack = { .ss_sp = self.stack,
		.ss_size = sizeof self.stack };
	struct sigaction action = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };
	self.parting = parting;
	self.ctx = ctx;
	sigfillset(&action.sa_mask);
	sigaltstack(&stack, NULL);
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, &self.before[signals[i]]);
	kv_on_assert(on_assert);
	start_ticks();
}
