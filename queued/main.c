#include "queued/roles.h"

int main(int argc, char **argv)
{
	return proc_main(&queued_daemon, argc, argv);
}
