/*
 * Stands in for the sh.exe of Git for Windows, for the two ways in which git starts a helper with it:
 *   sh -c 'git credential-bitbucket-oauth get'     a command, perhaps with "$@" and its arguments
 *   sh C:/npm/git-credential-bitbucket-oauth get   npm's script, which starts node.exe beside it
 * It knows nothing else of a shell. Like the real one it calls Path PATH, and sets MSYSTEM.
 */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

#define LONGEST 32768

static wchar_t line[LONGEST];

static void add(const wchar_t *text) { wcsncat(line, text, LONGEST - wcslen(line) - 1); }

static void add_quoted(const wchar_t *text) {
  add(L" \"");
  add(text);
  add(L"\"");
}

static void add_all(int count, wchar_t **words) {
  for (int i = 0; i < count; i++) add_quoted(words[i]);
}

static void rename_path(void) {
  static wchar_t value[LONGEST];
  if (!GetEnvironmentVariableW(L"PATH", value, LONGEST)) return;
  SetEnvironmentVariableW(L"PATH", NULL);
  SetEnvironmentVariableW(L"PATH", value);
}

/* The command of -c: its quotes become those that Windows knows. */
static void read_command(int argc, wchar_t **argv) {
  add(argv[2]);
  for (wchar_t *c = line; *c; c++)
    if (*c == L'\'') *c = L'"';
  wchar_t *rest = wcsstr(line, L" \"$@\"");
  if (rest == NULL) return;
  *rest = 0;
  if (argc > 4) add_all(argc - 4, argv + 4);
}

/* npm's script: the line `exec node  "$basedir/node_modules/.../bin.cjs" "$@"`. */
static int read_script(int argc, wchar_t **argv) {
  char text[1024];
  FILE *script = _wfopen(argv[1], L"r");
  if (script == NULL) return 0;
  char *begin = NULL;
  while (begin == NULL && fgets(text, sizeof text, script))
    if (strstr(text, "exec node ") != NULL) begin = strstr(text, "\"$basedir/");
  fclose(script);
  if (begin == NULL) return 0;
  begin += strlen("\"$basedir/");
  *strchr(begin, '"') = 0;

  wchar_t directory[MAX_PATH], file[MAX_PATH];
  if (!GetFullPathNameW(argv[1], MAX_PATH, directory, NULL)) return 0;
  *wcsrchr(directory, L'\\') = 0;
  swprintf(file, MAX_PATH, L"\"%ls\\node.exe\" \"%ls\\%hs\"", directory, directory, begin);
  add(file);
  add_all(argc - 2, argv + 2);
  return 1;
}

int wmain(int argc, wchar_t **argv) {
  if (argc > 2 && wcscmp(argv[1], L"-c") == 0) read_command(argc, argv);
  else if (argc < 2 || !read_script(argc, argv)) return 127;

  rename_path();
  SetEnvironmentVariableW(L"MSYSTEM", L"MINGW64");
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  PROCESS_INFORMATION child;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
    fwprintf(stderr, L"sh: %ls: error %lu\n", line, GetLastError());
    return 127;
  }
  WaitForSingleObject(child.hProcess, INFINITE);
  DWORD code = 1;
  GetExitCodeProcess(child.hProcess, &code);
  return code;
}
