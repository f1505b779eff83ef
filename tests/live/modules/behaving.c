/* One module for every behaviour that a rule about live runs looks for: -DLIKE=NAME says which. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

enum { CLEAN, SAME, SHARES, OVERWRITES, OPTS_OUT, FAILS, CRASHES, FIRST_ONLY, GROWS, KEEPS_TYPE,
       HIDES_TYPE, SECOND_HANGS, CLAIMS_OWN_GIL };

/* What a module should not have; volatile, so that no store is left out. */
static PyObject *kept_module, *volatile kept_type;
static int loaded;
static int64_t first_interpreter = -1;

static void item_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    if (LIKE != KEEPS_TYPE) Py_DECREF(type);
}

static int item_traverse(PyObject *self, visitproc visit, void *arg) {
    if (LIKE != HIDES_TYPE) Py_VISIT(Py_TYPE(self));
    return 0;
}

static PyType_Slot item_slots[] = {
    {Py_tp_dealloc, item_dealloc}, {Py_tp_traverse, item_traverse}, {0, NULL}};
static PyType_Spec item_spec = {
    "behaving.Item", sizeof(PyObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE, item_slots};

static PyObject *new_type(PyObject *module) {
    return PyType_FromModuleAndSpec(module, &item_spec, NULL);
}

static int fill(PyObject *module) {
    int64_t here = PyInterpreterState_GetID(PyInterpreterState_Get());
    int again = loaded++;
    if (first_interpreter < 0) first_interpreter = here;
    switch (LIKE) {
    case OPTS_OUT:
        if (again) {
            PyErr_SetString(PyExc_ImportError, "cannot load module more than once per process");
            return -1;
        }
        break;
    case FAILS:
        if (again) {
            PyErr_SetString(PyExc_RuntimeError, "type \"Item\" is already registered!");
            return -1;
        }
        break;
    case CRASHES:
        if (again) abort();
        break;
    case SECOND_HANGS:
        while (again) PyErr_CheckSignals();
        break;
    case FIRST_ONLY:
        if (here != first_interpreter) {
            PyErr_SetString(PyExc_ImportError,
                "Interpreter change detected - this module can only be loaded into one "
                "interpreter per process.");
            return -1;
        }
        break;
    case GROWS:
        for (int index = 0; index < 100; index++) (void)PyList_New(4);
        break;
    }
    PyObject *type = LIKE == SHARES && kept_type ? Py_NewRef(kept_type) : new_type(module);
    if (type == NULL) return -1;
    if (LIKE == SHARES || LIKE == OVERWRITES || LIKE == CLAIMS_OWN_GIL) {
        kept_type = Py_NewRef(type);
    }
    return PyModule_AddObject(module, "Item", type);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
#if LIKE_OWN_GIL && PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "behaving", NULL, 0, NULL, slots};

static PyObject *create(PyObject *spec, PyModuleDef *def) {
    if (kept_module == NULL) {
        PyObject *name = PyObject_GetAttrString(spec, "name");
        kept_module = PyModule_NewObject(name);
        Py_XDECREF(name);
    }
    return Py_XNewRef(kept_module);
}
static PyModuleDef_Slot same_slots[] = {{Py_mod_create, create}, {Py_mod_exec, fill}, {0, NULL}};

PyMODINIT_FUNC PyInit_behaving(void) {
    if (LIKE == SAME) definition.m_slots = same_slots;
    return PyModuleDef_Init(&definition);
}
