/* See system.h. Texts are UTF-8 in the program, and wide at the system. */
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <wchar.h>
#include <windows.h>

#include "system.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define WIDE_NAME L"git-credential-bitbucket-oauth"

/* The longest path, and the longest line of a program's arguments, that the system takes. Characters. */
#define LONGEST 32768

static wchar_t *widen(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  wchar_t *wide = length > 0 ? malloc((size_t)length * sizeof *wide) : NULL;
  if (wide != NULL) MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
  return wide;
}

static char *narrow(const wchar_t *wide) {
  int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
  char *text = length > 0 ? malloc((size_t)length) : NULL;
  if (text != NULL) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
  return text;
}

void system_start(char **words) {
  (void)words;
  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

/* As Node names them. */
static void keep_error(void) {
  switch (GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME: errno = ENOENT; break;
    case ERROR_FILENAME_EXCED_RANGE: errno = ENAMETOOLONG; break;
    case ERROR_FILE_EXISTS: errno = EEXIST; break;
    default: errno = EIO;
  }
}

static int open_file(const char *path, DWORD access, DWORD disposition) {
  wchar_t *wide = widen(path);
  /* Whoever replaces the file meanwhile is not kept from it. */
  DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  HANDLE handle = wide == NULL ? INVALID_HANDLE_VALUE
                               : CreateFileW(wide, access, shared, NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
  if (handle == INVALID_HANDLE_VALUE) keep_error();
  free(wide);
  if (handle == INVALID_HANDLE_VALUE) return -1;
  int file = _open_osfhandle((intptr_t)handle, _O_BINARY | _O_NOINHERIT);
  if (file < 0) CloseHandle(handle);
  return file;
}

int system_open(const char *path, int flags) {
  (void)flags;
  return open_file(path, GENERIC_READ, OPEN_EXISTING);
}

bool system_create(const char *path, const char *text, size_t length) {
  int file = open_file(path, GENERIC_WRITE, CREATE_NEW);
  if (file < 0) return false;
  bool done = _write(file, text, (unsigned)length) == (int)length;
  _close(file);
  return done;
}

bool system_remove(const char *path) {
  wchar_t *wide = widen(path);
  bool is_removed = wide != NULL && DeleteFileW(wide);
  if (!is_removed) keep_error();
  free(wide);
  return is_removed;
}

int64_t system_process(void) {
  return GetCurrentProcessId();
}

bool system_is_running(int process) {
  DWORD code = 0;
  HANDLE handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)process);
  bool is_running = handle != NULL && GetExitCodeProcess(handle, &code) && code == STILL_ACTIVE;
  if (handle != NULL) CloseHandle(handle);
  return is_running;
}

void system_sleep(int milliseconds) {
  Sleep((DWORD)milliseconds);
}

void system_close(int file) {
  _close(file);
}

/* The system counts tenths of a microsecond since 1601. */
static int64_t milliseconds_since_1970(FILETIME time) {
  return (((int64_t)time.dwHighDateTime << 32) + time.dwLowDateTime) / 10000 - 11644473600000;
}

bool system_stat(const char *path, struct status *found) {
  WIN32_FILE_ATTRIBUTE_DATA here;
  wchar_t *wide = widen(path);
  bool is_there = wide != NULL && GetFileAttributesExW(wide, GetFileExInfoStandard, &here);
  if (!is_there) keep_error();
  free(wide);
  if (!is_there) return false;
  *found = (struct status){
      .mode = (here.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? _S_IFDIR : _S_IFREG,
      .mtime = milliseconds_since_1970(here.ftLastWriteTime),
  };
  return true;
}

bool system_fstat(int file, struct status *found) {
  struct _stat64 here;
  if (_fstat64(file, &here) != 0) return false;
  *found = (struct status){.mode = here.st_mode, .size = here.st_size, .mtime = here.st_mtime * 1000};
  return true;
}

long system_read(int file, char *bytes, size_t size) {
  return _read(file, bytes, (unsigned)size);
}

bool system_exists(const char *path) {
  struct status found;
  return system_stat(path, &found);
}

bool system_list(const char *path, void (*add)(void *, const char *name), void *to) {
  char *pattern = malloc(strlen(path) + sizeof "\\*");
  if (pattern == NULL) return false;
  wchar_t *wide = widen(strcat(strcpy(pattern, path), "\\*"));
  free(pattern);
  WIN32_FIND_DATAW entry;
  HANDLE search = wide == NULL ? INVALID_HANDLE_VALUE : FindFirstFileW(wide, &entry);
  if (search == INVALID_HANDLE_VALUE) keep_error();
  free(wide);
  if (search == INVALID_HANDLE_VALUE) return false;
  do {
    char *name = narrow(entry.cFileName);
    if (name != NULL) add(to, name);
    free(name);
  } while (FindNextFileW(search, &entry));
  FindClose(search);
  return true;
}

/* Their names are alike in capitals and small letters, and this program's are all in capitals. */
void system_list_environment(void (*add)(void *, const char *name, size_t length, const char *value), void *to) {
  wchar_t *all = GetEnvironmentStringsW();
  for (wchar_t *entry = all; entry != NULL && *entry != L'\0'; entry += wcslen(entry) + 1) {
    char *text = narrow(entry);
    char *equals = text == NULL ? NULL : strchr(text, '=');
    if (equals != NULL && equals != text) {
      for (char *letter = text; letter < equals; letter++) {
        if (*letter >= 'a' && *letter <= 'z') *letter = (char)(*letter - 'a' + 'A');
      }
      add(to, text, (size_t)(equals - text), equals + 1);
    }
    free(text);
  }
  if (all != NULL) FreeEnvironmentStringsW(all);
}

/* --- the whole program ------------------------------------------------------------------------------------------ */

static _Noreturn void give_up(const char *reason) {
  fprintf(stderr, NAME ": %s\n", reason);
  fflush(stderr);
  ExitProcess(1);
}

_Noreturn void system_answer(const char *answer, size_t length) {
  while (length > 0) {
    int written = _write(1, answer, (unsigned)(length < 32768 ? length : 32768));
    /* A pipe without a reader is EINVAL here. */
    if (written < 0 && (errno == EPIPE || errno == EINVAL)) break;
    if (written < 0) give_up("the answer cannot be written");
    answer += written;
    length -= (size_t)written;
  }
  ExitProcess(0);
}

/* Where the whole program lies, from the directory of this one. Never by Path, and never by where git stands. */
static const wchar_t *const PLACES[] = {
    L"..\\..\\..\\dist\\bin.cjs",              /* npm, in the node_modules of the package itself */
    L"..\\..\\" WIDE_NAME L"\\dist\\bin.cjs",  /* npm, beside the package */
    L"..\\lib\\" WIDE_NAME L"\\dist\\bin.cjs",  /* a directory of its own, with this one in bin/ */
};

static bool is_file(const wchar_t *path) {
  DWORD attributes = GetFileAttributesW(path);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

static bool find_whole(wchar_t *path) {
  static wchar_t own[LONGEST];
  DWORD length = GetModuleFileNameW(NULL, own, LONGEST);
  wchar_t *slash = length > 0 && length < LONGEST ? wcsrchr(own, L'\\') : NULL;
  if (slash == NULL) return false;
  *slash = L'\0';
  for (size_t index = 0; index < LENGTH(PLACES); index++) {
    if (swprintf(path, LONGEST, L"%ls\\%ls", own, PLACES[index]) > 0 && is_file(path)) return true;
  }
  return false;
}

/* The system would look into the directory that git stands in first: it is anybody's who can make one clone it. */
static bool find_node(wchar_t *path, const wchar_t *whole) {
  static wchar_t all[LONGEST];
  /* One that lies beside the whole program, in the form that brings one. */
  int root = (int)(wcslen(whole) - wcslen(L"\\dist\\bin.cjs"));
  if (swprintf(path, LONGEST, L"%.*ls\\node.exe", root, whole) > 0 && is_file(path)) return true;
  DWORD length = GetEnvironmentVariableW(L"PATH", all, LONGEST);
  if (length == 0 || length >= LONGEST) return false;
  for (wchar_t *entry = wcstok(all, L";"); entry != NULL; entry = wcstok(NULL, L";")) {
    bool is_fixed = (entry[0] != L'\0' && entry[1] == L':' && (entry[2] == L'\\' || entry[2] == L'/')) ||
                    (entry[0] == L'\\' && entry[1] == L'\\');
    if (is_fixed && swprintf(path, LONGEST, L"%ls\\node.exe", entry) > 0 && is_file(path)) return true;
  }
  return false;
}

/* What stands behind the program's name in its line, as it is: whoever wrote it has quoted it. */
static const wchar_t *own_words(void) {
  const wchar_t *line = GetCommandLineW();
  bool is_quoted = false;
  for (; *line != L'\0' && (is_quoted || (*line != L' ' && *line != L'\t')); line++) {
    if (*line == L'"') is_quoted = !is_quoted;
  }
  return line;
}

/* Ctrl-C is for the whole program, which says what became of its work; this one waits for it. */
static BOOL WINAPI leave_to_whole(DWORD event) {
  return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

static void write_input(HANDLE pipe, const char *input, size_t length) {
  DWORD written;
  for (; length > 0 && WriteFile(pipe, input, (DWORD)length, &written, NULL); input += written) length -= written;
  CloseHandle(pipe);
}

_Noreturn void system_hand_over(const char *input, size_t length) {
  static wchar_t whole[LONGEST], node[LONGEST], line[LONGEST];
  if (!find_whole(whole)) give_up("the rest of this program is missing; install it once more");
  if (!find_node(node, whole)) give_up("node is missing, which the rest of this program needs");
  if (swprintf(line, LONGEST, L"\"%ls\" \"%ls\"%ls", node, whole, own_words()) < 0)
    give_up("the rest of this program cannot be started, as its line is too long");

  HANDLE reader = GetStdHandle(STD_INPUT_HANDLE), writer = NULL;
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  if (input != NULL && (!CreatePipe(&reader, &writer, &inherited, 0) || !SetHandleInformation(writer, HANDLE_FLAG_INHERIT, 0)))
    give_up("what git has sent cannot be passed on");
  STARTUPINFOW start = {
      .cb = sizeof start,
      .dwFlags = STARTF_USESTDHANDLES,
      .hStdInput = reader,
      .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
      .hStdError = GetStdHandle(STD_ERROR_HANDLE),
  };
  SetEnvironmentVariableA(HANDED_OVER, "1");
  SetConsoleCtrlHandler(leave_to_whole, TRUE);
  PROCESS_INFORMATION child;
  if (!CreateProcessW(node, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child))
    give_up("the rest of this program cannot be started");
  if (writer != NULL) {
    CloseHandle(reader);
    write_input(writer, input, length);
  }
  DWORD code = 1;
  WaitForSingleObject(child.hProcess, INFINITE);
  GetExitCodeProcess(child.hProcess, &code);
  ExitProcess(code);
}
