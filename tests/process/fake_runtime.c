/* Not Python: carries the cookie of _Py_DebugOffsets and a version, hidden from the linker. */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#ifndef VERSION
#define VERSION 0
#endif
static volatile struct {
    char cookie[8];
    uint64_t version, free_threaded, rest[200];
} offsets = {"", VERSION, 0, {1}};

int main(void)
{
    static const char cookie[] = "xdebugp";
    for (int i = 0; i < 7 && VERSION; i++)
        offsets.cookie[i] = cookie[i];
    if (VERSION)
        offsets.cookie[7] = 'y';
    puts("\"ready\"");
    fflush(stdout);
    for (;;)
        pause();
}
