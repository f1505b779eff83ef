/* Prints where the fields of CPython's structures stand, by its own headers. */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "internal/pycore_interp.h"
#include "internal/pycore_runtime.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_moduleobject.h"
#define AT(name, type, field) printf("%s %zu\n", name, offsetof(type, field))
#define SIZE(name, type) printf("%s %zu\n", name, sizeof(type))

static void bit(const char *name, PyASCIIObject *string)
{
    unsigned state;
    int shift = 0;
    memcpy(&state, &string->state, sizeof state);
    while (!(state >> shift & 1))
        shift++;
    printf("%s %d\n", name, shift);
}

int main(void)
{
    PyASCIIObject string;

    AT("interpreters_head", _PyRuntimeState, interpreters.head);
    AT("next", PyInterpreterState, next);
    AT("id", PyInterpreterState, id);
    AT("threads_head", PyInterpreterState, threads.head);
#if PY_VERSION_HEX >= 0x030C0000
    AT("modules", PyInterpreterState, imports.modules);
    AT("gil", PyInterpreterState, ceval.gil);
    AT("own_gil", PyInterpreterState, _gil);
#else
    AT("modules", PyInterpreterState, modules);
#endif
    AT("thread_next", PyThreadState, next);
    AT("thread_id", PyThreadState, thread_id);
    AT("native_thread_id", PyThreadState, native_thread_id);

    SIZE("head", PyObject);
    AT("type", PyObject, ob_type);
    SIZE("ascii", PyASCIIObject);
    SIZE("compact", PyCompactUnicodeObject);
    AT("str_length", PyASCIIObject, length);
    AT("str_state", PyASCIIObject, state);
    memset(&string, 0, sizeof string);
    string.state.kind = 1;
    bit("kind_shift", &string);
    memset(&string, 0, sizeof string);
    string.state.compact = 1;
    bit("compact_shift", &string);
    memset(&string, 0, sizeof string);
    string.state.ascii = 1;
    bit("ascii_shift", &string);
    AT("tuple_items", PyTupleObject, ob_item);
    AT("list_size", PyVarObject, ob_size);
    AT("set_used", PySetObject, used);
    AT("float_value", PyFloatObject, ob_fval);
#if PY_VERSION_HEX >= 0x030C0000
    AT("long_tag", PyLongObject, long_value.lv_tag);
    AT("long_digit", PyLongObject, long_value.ob_digit);
#else
    AT("long_digit", PyLongObject, ob_digit);
#endif
    AT("function_name", PyFunctionObject, func_name);
    AT("builtin_method", PyCFunctionObject, m_ml);

    AT("dict_used", PyDictObject, ma_used);
    AT("dict_keys", PyDictObject, ma_keys);
    AT("dict_values", PyDictObject, ma_values);
    AT("keys_log2_size", PyDictKeysObject, dk_log2_size);
    AT("keys_log2_index_bytes", PyDictKeysObject, dk_log2_index_bytes);
    AT("keys_kind", PyDictKeysObject, dk_kind);
    AT("keys_entries", PyDictKeysObject, dk_nentries);
    AT("keys_indices", PyDictKeysObject, dk_indices);
    AT("values", PyDictValues, values);

    AT("module_dict", PyModuleObject, md_dict);
    AT("module_state", PyModuleObject, md_state);
#if PY_VERSION_HEX >= 0x030F0000
    AT("module_token", PyModuleObject, md_token);
    AT("module_token_is_definition", PyModuleObject, md_token_is_def);
    AT("module_state_size", PyModuleObject, md_state_size);
#else
    AT("module_definition", PyModuleObject, md_def);
#endif
    AT("tp_mro", PyTypeObject, tp_mro);
    AT("tp_flags", PyTypeObject, tp_flags);
    AT("ht_qualname", PyHeapTypeObject, ht_qualname);
    AT("ht_module", PyHeapTypeObject, ht_module);
    SIZE("type_size", PyTypeObject);
    SIZE("heap_type_size", PyHeapTypeObject);

#if PY_VERSION_HEX >= 0x030D0000
#define DEBUG(name, field) AT(name, _Py_DebugOffsets, field)
    printf("debug_total %zu\n", sizeof(_Py_DebugOffsets));
    DEBUG("debug_interpreters_head", runtime_state.interpreters_head);
    DEBUG("debug_id", interpreter_state.id);
    DEBUG("debug_next", interpreter_state.next);
    DEBUG("debug_threads_head", interpreter_state.threads_head);
    DEBUG("debug_modules", interpreter_state.imports_modules);
    DEBUG("debug_gil", interpreter_state.ceval_gil);
    DEBUG("debug_own_gil", interpreter_state.gil_runtime_state);
    DEBUG("debug_thread", thread_state.size);
    DEBUG("debug_thread_next", thread_state.next);
    DEBUG("debug_thread_id", thread_state.thread_id);
    DEBUG("debug_native_thread_id", thread_state.native_thread_id);
    DEBUG("debug_objects", pyobject.size);
    DEBUG("debug_types", type_object.size);
    DEBUG("debug_dict", dict_object.size);
    DEBUG("debug_unicode", unicode_object.size);
    DEBUG("debug_unicode_state", unicode_object.state);
    DEBUG("debug_unicode_length", unicode_object.length);
    DEBUG("debug_unicode_size", unicode_object.asciiobject_size);
#endif
#if PY_VERSION_HEX >= 0x030E0000
    DEBUG("debug_debugger", debugger_support.eval_breaker);
    DEBUG("debug_enabled", debugger_support.remote_debugging_enabled);
#endif
    return 0;
}
