/* See system.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "system.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static char **arguments;

void system_start(char **words) {
  arguments = words;
  /* Where a limit for files is in the way, a call fails, and no signal ends this process. */
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

int system_open(const char *path, int flags) {
  return open(path, O_RDONLY | O_CLOEXEC | (flags & (O_NOFOLLOW | O_NONBLOCK)));
}

void system_close(int file) {
  close(file);
}

static bool read_status(int result, const struct stat *from, struct status *found) {
  if (result < 0) return false;
  int64_t mtime = from->st_mtim.tv_sec * 1000 + from->st_mtim.tv_nsec / 1000000;
  *found = (struct status){.mode = from->st_mode, .uid = from->st_uid, .size = from->st_size, .mtime = mtime};
  return true;
}

bool system_stat(const char *path, struct status *found) {
  struct stat here;
  return read_status(stat(path, &here), &here, found);
}

bool system_fstat(int file, struct status *found) {
  struct stat here;
  return read_status(fstat(file, &here), &here, found);
}

bool system_exists(const char *path) {
  return access(path, F_OK) == 0;
}

bool system_list(const char *path, void (*add)(void *, const char *name), void *to) {
  DIR *directory = opendir(path);
  if (directory == NULL) return false;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) add(to, entry->d_name);
  closedir(directory);
  return true;
}

bool system_remove(const char *path) {
  return unlink(path) == 0;
}

int64_t system_process(void) {
  return getpid();
}

bool system_is_running(int process) {
  return kill(process, 0) == 0;
}

void system_sleep(int milliseconds) {
  nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}, NULL);
}

void system_list_environment(void (*add)(void *, const char *name, size_t length, const char *value), void *to) {
  extern char **environ;
  for (char **entry = environ; *entry != NULL; entry++) {
    const char *equals = strchr(*entry, '=');
    if (equals != NULL && equals != *entry) add(to, *entry, (size_t)(equals - *entry), equals + 1);
  }
}

int64_t system_user(void) {
  return getuid();
}

/* --- streams ---------------------------------------------------------------------------------------------------- */

/* Whether it is worth trying again: the call was interrupted, or somebody has made the stream one that does not block. */
static bool may_try_again(void) {
  if (errno == EAGAIN) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  return errno == EINTR || errno == EAGAIN;
}

static bool write_whole(int file, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, bytes, length);
    if (written < 0 && !may_try_again()) return false;
    if (written <= 0) continue;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

bool system_create(const char *path, const char *text, size_t length) {
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return false;
  bool done = write_whole(file, text, length);
  close(file);
  return done;
}

long system_read(int file, char *bytes, size_t size) {
  for (;;) {
    ssize_t got = read(file, bytes, size);
    if (got >= 0 || !may_try_again()) return got;
  }
}

_Noreturn void system_answer(const char *answer, size_t length) {
  if (!write_whole(STDOUT_FILENO, answer, length) && errno != EPIPE) {
    fprintf(stderr, NAME ": the answer cannot be written (%s)\n", strerror(errno));
    _exit(1);
  }
  _exit(0);
}

/* --- the whole program ------------------------------------------------------------------------------------------ */

static _Noreturn void give_up(const char *reason) {
  fprintf(stderr, NAME ": %s\n", reason);
  _exit(1);
}

/* Where the whole program lies, from the directory of this one. Never by PATH, and never by where git stands. */
static const char *const PLACES[] = {
    "../../../dist/bin.cjs",            /* npm, in the node_modules of the package itself */
    "../../" NAME "/dist/bin.cjs",      /* npm, beside the package */
    "../lib/" NAME "/dist/bin.cjs",     /* a directory of its own, or the system's, with this one in bin/ */
};

static bool find_whole(char *path, size_t size) {
  char own[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
  if (length <= 0) return false;
  own[length] = '\0';
  char *slash = strrchr(own, '/');
  if (slash == NULL) return false;
  *slash = '\0';
  for (size_t index = 0; index < LENGTH(PLACES); index++) {
    int written = snprintf(path, size, "%s/%s", own, PLACES[index]);
    if (written > 0 && (size_t)written < size && access(path, X_OK) == 0) return true;
  }
  return false;
}

/* The Node that lies beside the whole program, in the form that brings one: else the system's runs it, as its first line says. */
static bool find_node(char *path, size_t size, const char *whole) {
  size_t root = strlen(whole) - strlen("/dist/bin.cjs");
  int written = snprintf(path, size, "%.*s/node", (int)root, whole);
  return written > 0 && (size_t)written < size && access(path, X_OK) == 0;
}

/*
 * Makes what git has sent the standard input once more: through a pipe, where it takes all of it before somebody reads, else through a file
 * without a name.
 */
static bool rewind_input(const char *input, size_t length) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  int size = fcntl(ends[1], F_GETPIPE_SZ);
  if (size > 0 && length <= (size_t)size) {
    bool done = write_whole(ends[1], input, length) && dup2(ends[0], STDIN_FILENO) == STDIN_FILENO;
    close(ends[0]);
    close(ends[1]);
    return done;
  }
  close(ends[0]);
  close(ends[1]);
  int file = memfd_create(NAME, 0);
  bool done = file >= 0 && write_whole(file, input, length) && lseek(file, 0, SEEK_SET) == 0 &&
              dup2(file, STDIN_FILENO) == STDIN_FILENO;
  if (file >= 0) close(file);
  return done;
}

/* Comes back where that fails. */
static void run_with(char *node) {
  size_t count = 0;
  while (arguments[count] != NULL) count++;
  char **words = malloc((count + 2) * sizeof *words);
  if (words == NULL) return;
  words[0] = node;
  memcpy(words + 1, arguments, (count + 1) * sizeof *words);
  execv(node, words);
}

_Noreturn void system_hand_over(const char *input, size_t length) {
  char path[PATH_MAX], node[PATH_MAX];
  if (!find_whole(path, sizeof path)) give_up("the rest of this program is missing; install it once more");
  if (input != NULL && !rewind_input(input, length)) give_up("what git has sent cannot be passed on");
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  setenv(HANDED_OVER, "1", true);
  arguments[0] = path;
  if (find_node(node, sizeof node, path)) run_with(node);
  execv(path, arguments);
  give_up(errno == ENOENT ? "node is missing, which the rest of this program needs" : "the rest of this program cannot be started");
}
