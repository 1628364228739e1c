/* What front.c needs of the operating system: posix.c and windows.c have it. A call that fails leaves the reason in errno. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME "git-credential-bitbucket-oauth"

/* Tells the whole program what has started it. */
#define HANDED_OVER "GIT_CREDENTIAL_BITBUCKET_OAUTH_HANDED_OVER"

/* As Node names it. */
#ifdef _WIN32
#define PLATFORM "win32"
#else
#define PLATFORM "linux"
#endif

/* Bits and bytes as stat(2) gives them; the time of the last change in milliseconds since 1970. Windows tells no user. */
struct status {
  int64_t mode, uid, size, mtime;
};

/* Before all else. */
void system_start(char **words);

/* Opens a file to read from it, whatever else the flags say. -1 where that fails. */
int system_open(const char *path, int flags);
void system_close(int file);
bool system_stat(const char *path, struct status *found);
bool system_fstat(int file, struct status *found);

/* Bytes that came; 0 at the end; -1 where reading fails. It waits for what is not there yet. */
long system_read(int file, char *bytes, size_t size);
bool system_exists(const char *path);
bool system_list(const char *path, void (*add)(void *, const char *name), void *to);
/* Makes a file for this user alone, where there is nothing. */
bool system_create(const char *path, const char *text, size_t length);
bool system_remove(const char *path);
int64_t system_process(void);
bool system_is_running(int process);
void system_sleep(int milliseconds);
void system_list_environment(void (*add)(void *, const char *name, size_t length, const char *value), void *to);

#ifndef _WIN32
int64_t system_user(void);
#endif

/* Writes the answer, and ends this process. A reader that has gone away is no failure. */
_Noreturn void system_answer(const char *answer, size_t length);

/* Gives way to the whole program, which gets the words of this one, and reads the input: NULL where none was read. */
_Noreturn void system_hand_over(const char *input, size_t length);

#endif
