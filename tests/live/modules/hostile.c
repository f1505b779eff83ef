/* An extension module that does one bad thing when it is imported: -DDO=NAME says which. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG, FORK, ESCAPE, CLOSE, PRINT, LEAVE, SYSTEM_EXIT, EAT, SIGNALS, KILL_PARENT, LATE_ABORT };

static void leave_quietly(int number) { _exit(0); }

static int misbehave(PyObject *module) {
    int index;
    switch (DO) {
    case HANG:
        for (;;) pause();
    case FORK:  /* a child that goes on as if nothing had happened, and never ends */
        if (fork() == 0) for (;;) pause();
        return 0;
    case ESCAPE:  /* a daemon: out of the session, adopted by whoever adopts */
        if (fork() == 0) {
            setsid();
            if (fork() == 0) for (;;) pause();
            _exit(0);
        }
        return 0;
    case CLOSE:
        for (index = 0; index < 1000; index++) close(index);
        return 0;
    case PRINT:
        for (index = 0; index < 20000; index++) (void)!write(1, "noise \033[2J\n", 11);
        (void)!write(2, "\377\376 no text\n", 11);
        return 0;
    case LEAVE:
        _exit(0);
    case SYSTEM_EXIT:
        PyErr_SetString(PyExc_SystemExit, "leaving");
        return -1;
    case EAT: {
        char *block;
        while ((block = malloc(16 << 20))) memset(block, 1, 16 << 20);
        PyErr_NoMemory();
        return -1;
    }
    case SIGNALS:  /* a handler that hides the crash that comes */
        for (index = 1; index < 32; index++) signal(index, leave_quietly);
        raise(SIGSEGV);
        return 0;
    case KILL_PARENT:
        kill(getppid(), SIGKILL);
        for (;;) pause();
    case LATE_ABORT:
        return atexit(abort);
    }
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, misbehave}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "hostile", NULL, 0, NULL, slots};
PyMODINIT_FUNC PyInit_hostile(void) { return PyModuleDef_Init(&definition); }
