#include "imapd/roles.h"

int main(int argc, char **argv)
{
	return proc_main(&imapd_daemon, argc, argv);
}
