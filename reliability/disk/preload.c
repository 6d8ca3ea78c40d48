/* Loaded before libc into the real program (LD_PRELOAD); watches one folder tree.
 *
 * RELIABILITY_DISK_WATCH        the tree: an absolute path without links in it
 * RELIABILITY_DISK_SHADOW       where what is durable is kept (same filesystem, outside the tree); see power_cut.py
 * RELIABILITY_DISK_RIGHTS       the log of what others could read; see rights.py
 * RELIABILITY_DISK_UMASK        the umask to run with, octal, so that none hides what a call asked for
 * RELIABILITY_DISK_KILL_BEFORE  n: SIGKILL right before the nth call that changes or syncs something in the tree
 *
 * Without a variable its part does nothing.
 *
 * The shadow
 *   inodes/<inode>     a hard link to each file that was synced or listed. While it is there the number cannot be given
 *                      to another file, which a creation time does not ensure: it is as coarse as the kernel's tick.
 *                      It also keeps the last content of a file whose removal may not survive. That a file has a link
 *                      more than it shows only makes SQLite log "multiple links to file", which nobody listens to.
 *   contents/<inode>   its content at its last fsync or fdatasync
 *   listings/<folder>  at its last fsync: "f <inode> <name>\0" or "d <folder> <name>\0" each; a folder, of which no
 *                      hard link can be made, goes by inode and creation time
 *   lock               flock: one record at a time, of all threads and processes
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTING_TRIES 1000

#define REAL(name)                                                                                                     \
    ({                                                                                                                 \
        static __typeof__(&name) real;                                                                                 \
        if (!real)                                                                                                     \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                         \
        real;                                                                                                          \
    })

static const char *watch, *shadow, *rights;
static long kill_before;
static atomic_long moments;

/* A record that is not made would let the program look worse, or better, than it is: better no run at all. */
static void die(const char *what) {
    dprintf(2, "The disk shim cannot %s: %s.\n", what, strerror(errno));
    _exit(121);
}

static void join(char *out, const char *folder, const char *name) {
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        die("name a file");
    }
}

static int inside(const char *path) {
    size_t length = watch ? strlen(watch) : 0;
    return length && !strncmp(path, watch, length) && (!path[length] || path[length] == '/');
}

static void name_of_descriptor(char *out, int fd) { snprintf(out, 64, "/proc/self/fd/%d", fd); }

/* The path a descriptor was opened by, or was moved to since; false when it has none. */
static int path_of(int fd, char *out) {
    char name[64];
    name_of_descriptor(name, fd);
    ssize_t length = readlink(name, out, PATH_MAX - 1);
    out[length < 0 ? 0 : length] = 0;
    return length > 0;
}

/* The path a call means, without links and dots before its last part, which itself is not followed. */
static int absolute(int at, const char *path, char *out) {
    char folder[PATH_MAX], whole[PATH_MAX];
    if (!path || !*path)
        return 0;
    if (path[0] == '/')
        snprintf(whole, sizeof whole, "%s", path);
    else if (at == AT_FDCWD ? getcwd(folder, sizeof folder) != NULL : path_of(at, folder))
        join(whole, folder, path);
    else
        return 0;
    char *last = strrchr(whole, '/');
    if (last == whole || !strcmp(last, "/") || !strcmp(last, "/.") || !strcmp(last, "/.."))
        return realpath(whole, out) != NULL;
    *last = 0;
    if (!realpath(whole, folder))
        return 0;
    join(out, folder, last + 1);
    return 1;
}

static int about(int at, const char *path, int flags, struct statx *out) {
    return !statx(at, path, flags, STATX_TYPE | STATX_MODE | STATX_INO | STATX_BTIME, out);
}

__attribute__((constructor)) static void begin(void) {
    char loaded[PATH_MAX];
    watch = getenv("RELIABILITY_DISK_WATCH");
    shadow = watch ? getenv("RELIABILITY_DISK_SHADOW") : NULL;
    rights = watch ? getenv("RELIABILITY_DISK_RIGHTS") : NULL;
    const char *mask = getenv("RELIABILITY_DISK_UMASK"), *last = getenv("RELIABILITY_DISK_KILL_BEFORE");
    if (mask)
        umask(strtol(mask, NULL, 8));
    kill_before = last ? atol(last) : 0;
    /* An empty log says that it was watched and nothing was found; no log says that nothing was watched. */
    if (rights)
        close(REAL(openat)(AT_FDCWD, rights, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (shadow) {
        join(loaded, shadow, "loaded");
        close(REAL(openat)(AT_FDCWD, loaded, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
}

/* -- the moment of death */

static void moment_at(const char *path) {
    if (inside(path) && atomic_fetch_add(&moments, 1) + 1 == kill_before) {
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
}

static void moment(int at, const char *path) {
    char whole[PATH_MAX];
    int before = errno;
    if (kill_before && absolute(at, path, whole))
        moment_at(whole);
    errno = before;
}

static void moment_of(int fd) {
    char whole[PATH_MAX];
    int before = errno;
    if (kill_before && path_of(fd, whole))
        moment_at(whole);
    errno = before;
}

/* -- what is durable */

static void shadow_path(char *out, const char *kind, const char *key) {
    char folder[PATH_MAX];
    join(folder, shadow, kind);
    join(out, folder, key);
}

static void key_of(char *out, const struct statx *found) {
    if (S_ISDIR(found->stx_mode))
        snprintf(out, 64, "%llu-%lld.%u", (unsigned long long)found->stx_ino, (long long)found->stx_btime.tv_sec,
                 found->stx_btime.tv_nsec);
    else
        snprintf(out, 64, "%llu", (unsigned long long)found->stx_ino);
}

static void write_all(int fd, const char *data, ssize_t length) {
    while (length > 0) {
        ssize_t written = REAL(write)(fd, data, length);
        if (written < 0 && errno != EINTR)
            die("write into the shadow");
        if (written > 0)
            data += written, length -= written;
    }
}

static int open_temp(void) {
    char temp[PATH_MAX];
    join(temp, shadow, "temp");
    int out = REAL(openat)(AT_FDCWD, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0)
        die("write into the shadow");
    return out;
}

/* A SIGKILL in the middle leaves the record before. */
static void temp_becomes(int out, const char *kind, const char *key) {
    char temp[PATH_MAX], path[PATH_MAX];
    close(out);
    join(temp, shadow, "temp");
    shadow_path(path, kind, key);
    if (REAL(rename)(temp, path))
        die("write into the shadow");
}

static void keep_content(int fd, const struct statx *found) {
    static char piece[256 * 1024]; /* used by one at a time: under the lock */
    char key[64], held[PATH_MAX], name[64];
    key_of(key, found);
    shadow_path(held, "inodes", key);
    name_of_descriptor(name, fd);
    if (REAL(linkat)(AT_FDCWD, name, AT_FDCWD, held, AT_SYMLINK_FOLLOW) && errno != EEXIST) {
        if (errno == ENOENT)
            return; /* it has no name any more under which it could survive */
        die("hold a file");
    }
    /* Opening and closing a file drops the locks of the whole process on it, and SQLite's are such: its own descriptor
     * is read. One that cannot be read is none of SQLite's. */
    int source = fd, other = -1;
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
        source = other = REAL(openat)(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    int out = open_temp();
    ssize_t got;
    off_t place = 0;
    while ((got = pread(source, piece, sizeof piece, place)) != 0) {
        if (got < 0 && errno != EINTR)
            die("read a synced file");
        if (got > 0)
            write_all(out, piece, got), place += got;
    }
    if (other >= 0)
        close(other);
    temp_becomes(out, "contents", key);
}

/* Hold what a name stands for; its key. False when the name has gone meanwhile. */
static int hold_name(int folder, const char *name, struct statx *found, char *key) {
    char held[PATH_MAX], linked[PATH_MAX];
    if (!about(folder, name, AT_SYMLINK_NOFOLLOW, found))
        return 0;
    key_of(key, found);
    if (S_ISDIR(found->stx_mode))
        return 1;
    shadow_path(held, "inodes", key);
    if (!access(held, F_OK))
        return 1;
    /* The name may stand for another file now: only the link itself says which one it is. */
    join(linked, shadow, "linked");
    REAL(unlinkat)(AT_FDCWD, linked, 0);
    if (REAL(linkat)(folder, name, AT_FDCWD, linked, 0)) {
        if (errno == ENOENT)
            return 0;
        die("hold a file");
    }
    about(AT_FDCWD, linked, AT_SYMLINK_NOFOLLOW, found);
    key_of(key, found);
    shadow_path(held, "inodes", key);
    if (REAL(rename)(linked, held))
        die("hold a file");
    REAL(unlinkat)(AT_FDCWD, linked, 0); /* two names of one file: the rename did nothing */
    return 1;
}

/* False when a name went while it was read: a file being renamed may have been seen under neither name. */
static int list(DIR *folder, int out) {
    struct dirent *entry;
    struct statx found;
    char key[64], head[80];
    rewinddir(folder);
    while ((entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (!hold_name(dirfd(folder), entry->d_name, &found, key))
            return 0;
        int length = snprintf(head, sizeof head, "%c %s ", S_ISDIR(found.stx_mode) ? 'd' : 'f', key);
        write_all(out, head, length);
        write_all(out, entry->d_name, strlen(entry->d_name) + 1);
    }
    return 1;
}

static void keep_listing(int fd, const struct statx *found) {
    char key[64];
    int again = REAL(openat)(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = again < 0 ? NULL : fdopendir(again);
    if (!folder)
        die("read a synced folder");
    int out, tries = 0;
    for (out = open_temp(); !list(folder, out); out = open_temp()) {
        close(out);
        if (++tries == LISTING_TRIES) {
            errno = EBUSY;
            die("read a synced folder");
        }
    }
    closedir(folder);
    key_of(key, found);
    temp_becomes(out, "listings", key);
}

/* After the real sync, before its caller goes on. */
static void keep(int fd) {
    char path[PATH_MAX];
    struct statx found;
    if (!shadow || !path_of(fd, path) || !inside(path) || !about(fd, "", AT_EMPTY_PATH, &found))
        return;
    join(path, shadow, "lock");
    /* Opened each time, so that it holds off threads too, and no fork inherits a locked mutex. */
    int lock = REAL(openat)(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        die("lock the shadow");
    while (flock(lock, LOCK_EX))
        if (errno != EINTR)
            die("lock the shadow");
    if (S_ISREG(found.stx_mode))
        keep_content(fd, &found);
    else if (S_ISDIR(found.stx_mode))
        keep_listing(fd, &found);
    flock(lock, LOCK_UN);
    close(lock);
}

static int synced(int fd, int (*real)(int)) {
    moment_of(fd);
    int answer = real(fd), before = errno;
    if (!answer)
        keep(fd);
    errno = before;
    return answer;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

/* -- what others could read */

static void judge(const char *call, const char *path, const struct statx *found) {
    char line[PATH_MAX + 64];
    if (!(S_ISREG(found->stx_mode) || S_ISDIR(found->stx_mode)) || !(found->stx_mode & 077))
        return;
    const char *relative = path + strlen(watch);
    relative = *relative ? relative + 1 : ".";
    int length = snprintf(line, sizeof line, "%s %04o %s\n", call, found->stx_mode & 07777, relative);
    for (char *one = line; one < line + length - 1; one++)
        if ((unsigned char)*one < ' ')
            *one = '?';
    int log = REAL(openat)(AT_FDCWD, rights, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        die("write the log of rights");
    write_all(log, line, length);
    close(log);
}

/* After a call that answered. A link of its own (symlink) has no rights, so none is looked at. */
static int look(const char *call, int answer, int at, const char *path) {
    char whole[PATH_MAX];
    struct statx found;
    int before = errno;
    if (answer >= 0 && rights && absolute(at, path, whole) && inside(whole)
        && about(at, path, AT_SYMLINK_NOFOLLOW, &found))
        judge(call, whole, &found);
    errno = before;
    return answer;
}

static int look_at(const char *call, int answer, int fd) {
    char whole[PATH_MAX];
    struct statx found;
    int before = errno;
    if (answer >= 0 && rights && path_of(fd, whole) && inside(whole) && about(fd, "", AT_EMPTY_PATH, &found))
        judge(call, whole, &found);
    errno = before;
    return answer;
}

/* -- the calls */

#define OPEN(at, path, flags, call)                                                                                    \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                           \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }                                                                                                                  \
    if ((flags) & (O_CREAT | O_TRUNC))                                                                                 \
        moment(at, path);                                                                                              \
    int fd = call;                                                                                                     \
    return (flags) & O_CREAT ? look_at("open", fd, fd) : fd;

int open(const char *path, int flags, ...) { OPEN(AT_FDCWD, path, flags, REAL(open)(path, flags, mode)) }
int open64(const char *path, int flags, ...) { OPEN(AT_FDCWD, path, flags, REAL(open64)(path, flags, mode)) }
int openat(int at, const char *path, int flags, ...) { OPEN(at, path, flags, REAL(openat)(at, path, flags, mode)) }
int openat64(int at, const char *path, int flags, ...) { OPEN(at, path, flags, REAL(openat64)(at, path, flags, mode)) }
int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

#define CHANGE(name, at, path, arguments)                                                                              \
    moment(at, path);                                                                                                  \
    return look(#name, REAL(name) arguments, at, path);

int mkdir(const char *path, mode_t mode) { CHANGE(mkdir, AT_FDCWD, path, (path, mode)) }
int mkdirat(int at, const char *path, mode_t mode) { CHANGE(mkdirat, at, path, (at, path, mode)) }
int mknod(const char *path, mode_t mode, dev_t device) { CHANGE(mknod, AT_FDCWD, path, (path, mode, device)) }
int mknodat(int at, const char *path, mode_t mode, dev_t device) {
    CHANGE(mknodat, at, path, (at, path, mode, device))
}
int link(const char *old, const char *path) { CHANGE(link, AT_FDCWD, path, (old, path)) }
int linkat(int from, const char *old, int at, const char *path, int flags) {
    CHANGE(linkat, at, path, (from, old, at, path, flags))
}
int rename(const char *old, const char *path) { CHANGE(rename, AT_FDCWD, path, (old, path)) }
int renameat(int from, const char *old, int at, const char *path) { CHANGE(renameat, at, path, (from, old, at, path)) }
int renameat2(int from, const char *old, int at, const char *path, unsigned flags) {
    CHANGE(renameat2, at, path, (from, old, at, path, flags))
}
int chmod(const char *path, mode_t mode) { CHANGE(chmod, AT_FDCWD, path, (path, mode)) }
int fchmodat(int at, const char *path, mode_t mode, int flags) { CHANGE(fchmodat, at, path, (at, path, mode, flags)) }
int fchmod(int fd, mode_t mode) {
    moment_of(fd);
    return look_at("fchmod", REAL(fchmod)(fd, mode), fd);
}

/* These create nothing; they are moments to die at. */
#define REMOVE(name, at, path, arguments)                                                                              \
    moment(at, path);                                                                                                  \
    return REAL(name) arguments;
#define WRITE(name, fd, arguments)                                                                                     \
    moment_of(fd);                                                                                                     \
    return REAL(name) arguments;

int unlink(const char *path) { REMOVE(unlink, AT_FDCWD, path, (path)) }
int unlinkat(int at, const char *path, int flags) { REMOVE(unlinkat, at, path, (at, path, flags)) }
int rmdir(const char *path) { REMOVE(rmdir, AT_FDCWD, path, (path)) }
ssize_t write(int fd, const void *data, size_t length) { WRITE(write, fd, (fd, data, length)) }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { WRITE(pwrite, fd, (fd, data, length, at)) }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { WRITE(pwrite64, fd, (fd, data, length, at)) }
int ftruncate(int fd, off_t length) { WRITE(ftruncate, fd, (fd, length)) }
int ftruncate64(int fd, off64_t length) { WRITE(ftruncate64, fd, (fd, length)) }
