/*
 * Runs the cached path (src/front/main.ts, as bytecode of QuickJS) and gives it the calls of the operating system that it needs. What it
 * does not answer, the whole program does: it takes the place of this process, and reads again what git has sent.
 *
 * There is nothing of git's protocol here, and nothing is written but the answer and a mark.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "front_code.h"
#include "quickjs.h"
#include "system.h"

#define TRACE "GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE"

/* A request of git's has about ten short lines; the whole program refuses one that is longer than this. Bytes. */
#define LONGEST_INPUT (1024 * 1024)

/* A record has a token or two. One that is longer is read by the whole program. Bytes. */
#define LONGEST_FILE (1024 * 1024)

/* What the bytecode may take. Bytes. */
#define MOST_MEMORY (64 * 1024 * 1024)

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* What git has sent so far. */
static char *input;
static size_t input_length;

/* --- values ----------------------------------------------------------------------------------------------------- */

static const char *name_of(int error) {
  switch (error) {
    case ENOENT: return "ENOENT";
    case EEXIST: return "EEXIST";
    case ENAMETOOLONG: return "ENAMETOOLONG";
    case ENOTDIR: return "ENOTDIR";
    case EACCES: return "EACCES";
    case ELOOP: return "ELOOP";
    default: return "UNKNOWN";
  }
}

/* Throws the error of the last call. */
static JSValue system_error(JSContext *context) {
  const char *code = name_of(errno);
  JSValue error = JS_NewError(context);
  if (JS_IsException(error)) return error;
  if (JS_DefinePropertyValueStr(context, error, "code", JS_NewString(context, code), JS_PROP_C_W_E) < 0) {
    JS_FreeValue(context, error);
    return JS_EXCEPTION;
  }
  return JS_Throw(context, error);
}

/* Whether bytes are UTF-8 as Node takes it. Of others, it would make another text than QuickJS. */
static bool is_utf8(const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    uint8_t first = bytes[at++];
    if (first < 0x80) continue;
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || length - at < (size_t)more) return false;
    uint8_t second = bytes[at];
    /* Too long a form, a surrogate, or beyond the last code point. */
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return false;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return false;
    for (; more > 0; more--) {
      if ((bytes[at++] & 0xC0) != 0x80) return false;
    }
  }
  return true;
}

static JSValue text_of(JSContext *context, const char *bytes, size_t length) {
  if (!is_utf8((const uint8_t *)bytes, length)) return JS_ThrowTypeError(context, "not UTF-8");
  return JS_NewStringLen(context, bytes, length);
}

/* A character for each byte. */
static JSValue characters_of(JSContext *context, const char *bytes, size_t length) {
  char *text = malloc(2 * length + 1);
  if (text == NULL) return JS_ThrowOutOfMemory(context);
  size_t end = 0;
  for (size_t at = 0; at < length; at++) {
    uint8_t byte = (uint8_t)bytes[at];
    if (byte >= 0x80) text[end++] = (char)(0xC0 | byte >> 6);
    text[end++] = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3F));
  }
  JSValue value = JS_NewStringLen(context, text, end);
  free(text);
  return value;
}

static JSValue status_of(JSContext *context, const struct status *found) {
  JSValue status = JS_NewArray(context);
  if (JS_IsException(status)) return status;
  JS_SetPropertyUint32(context, status, 0, JS_NewInt64(context, found->mode));
  JS_SetPropertyUint32(context, status, 1, JS_NewInt64(context, found->uid));
  JS_SetPropertyUint32(context, status, 2, JS_NewInt64(context, found->size));
  JS_SetPropertyUint32(context, status, 3, JS_NewInt64(context, found->mtime));
  return status;
}

/* --- calls ------------------------------------------------------------------------------------------------------ */

#define CALL(name) static JSValue name(JSContext *context, JSValueConst self, int count, JSValueConst *given)
#define UNUSED() ((void)self, (void)count, (void)given)

#ifndef _WIN32
CALL(call_getuid) {
  UNUSED();
  return JS_NewInt64(context, system_user());
}
#endif

CALL(call_open) {
  UNUSED();
  int32_t flags;
  if (JS_ToInt32(context, &flags, given[1]) < 0) return JS_EXCEPTION;
  const char *path = JS_ToCString(context, given[0]);
  if (path == NULL) return JS_EXCEPTION;
  int file = system_open(path, flags);
  JS_FreeCString(context, path);
  return file < 0 ? system_error(context) : JS_NewInt32(context, file);
}

CALL(call_close) {
  UNUSED();
  int32_t file;
  if (JS_ToInt32(context, &file, given[0]) < 0) return JS_EXCEPTION;
  if (file > 2) system_close(file);
  return JS_UNDEFINED;
}

CALL(call_stat) {
  UNUSED();
  struct status found;
  const char *path = JS_ToCString(context, given[0]);
  if (path == NULL) return JS_EXCEPTION;
  bool is_there = system_stat(path, &found);
  JS_FreeCString(context, path);
  return is_there ? status_of(context, &found) : system_error(context);
}

CALL(call_fstat) {
  UNUSED();
  struct status found;
  int32_t file;
  if (JS_ToInt32(context, &file, given[0]) < 0) return JS_EXCEPTION;
  return system_fstat(file, &found) ? status_of(context, &found) : system_error(context);
}

/* The file may grow meanwhile, or be shorter than it says. */
CALL(call_read_text) {
  UNUSED();
  int32_t file;
  if (JS_ToInt32(context, &file, given[0]) < 0) return JS_EXCEPTION;
  size_t size = 4096, length = 0;
  char *bytes = malloc(size);
  for (;;) {
    if (bytes == NULL) return JS_ThrowOutOfMemory(context);
    long got = system_read(file, bytes + length, size - length);
    if (got <= 0 || length + (size_t)got > LONGEST_FILE) {
      JSValue value = got == 0 ? text_of(context, bytes, length) : system_error(context);
      free(bytes);
      return value;
    }
    length += (size_t)got;
    if (length < size) continue;
    char *larger = realloc(bytes, size *= 2);
    if (larger == NULL) free(bytes);
    bytes = larger;
  }
}

CALL(call_exists) {
  UNUSED();
  const char *path = JS_ToCString(context, given[0]);
  if (path == NULL) return JS_EXCEPTION;
  bool is_there = system_exists(path);
  JS_FreeCString(context, path);
  return JS_NewBool(context, is_there);
}

CALL(call_create) {
  UNUSED();
  size_t length;
  const char *path = JS_ToCString(context, given[0]);
  const char *text = path == NULL ? NULL : JS_ToCStringLen(context, &length, given[1]);
  bool is_made = text != NULL && system_create(path, text, length);
  JSValue result = text == NULL ? JS_EXCEPTION : is_made ? JS_UNDEFINED : system_error(context);
  JS_FreeCString(context, text);
  JS_FreeCString(context, path);
  return result;
}

CALL(call_remove) {
  UNUSED();
  const char *path = JS_ToCString(context, given[0]);
  if (path == NULL) return JS_EXCEPTION;
  bool is_removed = system_remove(path);
  JS_FreeCString(context, path);
  return is_removed ? JS_UNDEFINED : system_error(context);
}

CALL(call_probe) {
  UNUSED();
  int32_t process;
  if (JS_ToInt32(context, &process, given[0]) < 0) return JS_EXCEPTION;
  return system_is_running(process) ? JS_TRUE : system_error(context);
}

CALL(call_sleep) {
  UNUSED();
  int32_t milliseconds;
  if (JS_ToInt32(context, &milliseconds, given[0]) < 0) return JS_EXCEPTION;
  if (milliseconds > 0) system_sleep(milliseconds);
  return JS_UNDEFINED;
}

struct names {
  JSContext *context;
  JSValue list;
  uint32_t length;
};

static void add_name(void *given, const char *name) {
  struct names *names = given;
  size_t size = strlen(name);
  /* No name of ours is anything but ASCII. */
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !is_utf8((const uint8_t *)name, size)) return;
  JS_SetPropertyUint32(names->context, names->list, names->length++, JS_NewStringLen(names->context, name, size));
}

CALL(call_list) {
  UNUSED();
  const char *path = JS_ToCString(context, given[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct names names = {.context = context, .list = JS_NewArray(context)};
  bool is_there = system_list(path, add_name, &names);
  JS_FreeCString(context, path);
  if (is_there) return names.list;
  JS_FreeValue(context, names.list);
  return system_error(context);
}

CALL(call_decode) {
  UNUSED();
  size_t length, end = 0;
  const char *text = JS_ToCStringLen(context, &length, given[0]);
  if (text == NULL) return JS_EXCEPTION;
  char *bytes = malloc(length + 1);
  /* Each character is one of the first 256, which take two bytes at most. */
  for (size_t at = 0; bytes != NULL && at < length; at++) {
    uint8_t first = (uint8_t)text[at];
    if (first < 0x80) bytes[end++] = (char)first;
    else if (at + 1 < length) bytes[end++] = (char)((first & 0x03) << 6 | ((uint8_t)text[++at] & 0x3F));
  }
  JS_FreeCString(context, text);
  JSValue value = bytes == NULL ? JS_ThrowOutOfMemory(context) : text_of(context, bytes, end);
  free(bytes);
  return value;
}

static bool is_whole_request(void) {
  if (input_length == 1) return input[0] == '\n';
  return input_length > 1 && input[input_length - 1] == '\n' && input[input_length - 2] == '\n';
}

CALL(call_read) {
  UNUSED();
  size_t size = 8192;
  if (input != NULL || (input = malloc(size)) == NULL) return JS_ThrowOutOfMemory(context);
  while (!is_whole_request()) {
    long got = system_read(0, input + input_length, size - input_length);
    if (got == 0) break;
    if (got < 0) {
      /* The whole program meets the same, and has the words for it. */
      if (input_length == 0) {
        free(input);
        input = NULL;
      }
      return system_error(context);
    }
    input_length += (size_t)got;
    if (input_length > LONGEST_INPUT) return JS_ThrowRangeError(context, "too long");
    if (input_length < size) continue;
    char *larger = realloc(input, size * 2);
    if (larger == NULL) return JS_ThrowOutOfMemory(context);
    input = larger;
    size *= 2;
  }
  return characters_of(context, input, input_length);
}

CALL(call_finish) {
  UNUSED();
  size_t length;
  const char *answer = JS_ToCStringLen(context, &length, given[0]);
  if (answer == NULL) return JS_EXCEPTION;
  system_answer(answer, length);
}

static const JSCFunctionListEntry CONSTANTS[] = {
    JS_PROP_INT32_DEF("O_RDONLY", O_RDONLY, JS_PROP_ENUMERABLE),
#ifndef _WIN32
    JS_PROP_INT32_DEF("O_NOFOLLOW", O_NOFOLLOW, JS_PROP_ENUMERABLE),
    JS_PROP_INT32_DEF("O_NONBLOCK", O_NONBLOCK, JS_PROP_ENUMERABLE),
#endif
};

static const JSCFunctionListEntry CALLS[] = {
    JS_PROP_STRING_DEF("platform", PLATFORM, JS_PROP_ENUMERABLE),
    JS_OBJECT_DEF("constants", CONSTANTS, LENGTH(CONSTANTS), JS_PROP_ENUMERABLE),
#ifndef _WIN32
    JS_CFUNC_DEF("getuid", 0, call_getuid),
#endif
    JS_CFUNC_DEF("open", 2, call_open),
    JS_CFUNC_DEF("close", 1, call_close),
    JS_CFUNC_DEF("stat", 1, call_stat),
    JS_CFUNC_DEF("fstat", 1, call_fstat),
    JS_CFUNC_DEF("readText", 1, call_read_text),
    JS_CFUNC_DEF("exists", 1, call_exists),
    JS_CFUNC_DEF("list", 1, call_list),
    JS_CFUNC_DEF("create", 2, call_create),
    JS_CFUNC_DEF("remove", 1, call_remove),
    JS_CFUNC_DEF("probe", 1, call_probe),
    JS_CFUNC_DEF("sleep", 1, call_sleep),
    JS_CFUNC_DEF("decode", 1, call_decode),
    JS_CFUNC_DEF("read", 0, call_read),
    JS_CFUNC_DEF("finish", 1, call_finish),
};

/* --- the program ------------------------------------------------------------------------------------------------ */

struct variables {
  JSContext *context;
  JSValue all;
};

static void add_variable(void *given, const char *name, size_t length, const char *value) {
  struct variables *variables = given;
  JSContext *context = variables->context;
  JSAtom atom = JS_NewAtomLen(context, name, length);
  if (atom == JS_ATOM_NULL) return;
  /* The first of two with one name counts, as getenv(3) has it. */
  if (JS_HasProperty(context, variables->all, atom) == 0) {
    JS_DefinePropertyValue(context, variables->all, atom, JS_NewString(context, value), JS_PROP_C_W_E);
  }
  JS_FreeAtom(context, atom);
}

static JSValue environment_of(JSContext *context) {
  struct variables variables = {.context = context, .all = JS_NewObjectProto(context, JS_NULL)};
  system_list_environment(add_variable, &variables);
  return variables.all;
}

static bool is_operation(const char *word) {
  static const char *const operations[] = {"get", "store", "erase", "capability"};
  for (size_t index = 0; index < LENGTH(operations); index++) {
    if (strcmp(word, operations[index]) == 0) return true;
  }
  return false;
}

/* Comes back where there was nothing to answer. */
static void run(const char *operation) {
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *context = runtime == NULL ? NULL : JS_NewContextRaw(runtime);
  if (context == NULL) return;
  JS_SetMemoryLimit(runtime, MOST_MEMORY);
  JS_AddIntrinsicBaseObjects(context);
  JS_AddIntrinsicDate(context);
  JS_AddIntrinsicRegExp(context);
  JS_AddIntrinsicJSON(context);
  JS_AddIntrinsicMapSet(context);
  JS_AddIntrinsicPromise(context);
  JSValue global = JS_GetGlobalObject(context), native = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, native, CALLS, LENGTH(CALLS));
  JS_SetPropertyStr(context, native, "operation", JS_NewString(context, operation));
  JS_SetPropertyStr(context, native, "pid", JS_NewInt64(context, system_process()));
  JS_SetPropertyStr(context, native, "env", environment_of(context));
  JS_SetPropertyStr(context, global, "native", native);
  JSValue code = JS_ReadObject(context, front_code, front_code_size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(code) || JS_IsException(JS_EvalFunction(context, code))) return;
  for (JSContext *one; JS_ExecutePendingJob(runtime, &one) > 0;) continue;
}

int main(int count, char **words) {
  system_start(words);
  /* Options before the operation, a person's commands, and a trace are for the whole program. */
  const char *trace = getenv(TRACE);
  if (count == 2 && is_operation(words[1]) && (trace == NULL || *trace == '\0')) run(words[1]);
  system_hand_over(input, input_length);
}
