#include "pop3d/roles.h"

int main(int argc, char **argv)
{
	return proc_main(&pop3d_daemon, argc, argv);
}
