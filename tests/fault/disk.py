"""Disks that are full, or that can only be read, under a party's folder. Without root's rights, where the system
lets users have name spaces of their own: there the folder is a small file system in memory. Elsewhere the
process may not write files, or not into the folder."""

import ctypes
import os
import resource

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND = 1, 2, 4, 32, 4096
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
LIBC = ctypes.CDLL(None, use_errno=True)


def _must(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _mount(source, target, kind, flags, options=""):
    words = [w.encode() if w else None for w in (str(source), str(target), kind, options)]
    _must(LIBC.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def enter_own_space():
    """Puts this process, which has one thread, and those that it starts into a name space of mounts of their own.
    Whether that went well."""
    user, group = os.geteuid(), os.getegid()
    for flags in (CLONE_NEWNS, CLONE_NEWNS | CLONE_NEWUSER):
        if LIBC.unshare(flags) != 0:
            continue
        try:
            if flags & CLONE_NEWUSER:
                for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
                    with open(f"/proc/self/{name}", "w") as file:
                        file.write(text)
            _mount("none", "/", None, MS_REC | MS_PRIVATE)
            return True
        except OSError:
            return False
    return False


def means(fault, own_space):
    """By what a disk is "full disk" or "read-only disk" here; None if it cannot be."""
    if own_space:
        return "a file system in memory, " + ("filled" if fault == "full disk" else "mounted to be read")
    if fault == "full disk":
        return "a limit of files' sizes (RLIMIT_FSIZE)"
    return None if os.geteuid() == 0 else "folders without the right to write"


class Disk:
    """The disk under a folder, which is made here."""

    def __init__(self, folder, own_space, size="6m"):
        self.folder, self.own_space, self._filler, self._only_read = folder, own_space, None, False
        folder.mkdir(mode=0o700)
        if own_space:
            _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode=0700")

    def fill(self, process):
        if not self.own_space:
            return resource.prlimit(process, resource.RLIMIT_FSIZE, (0, 0))
        self._filler = self.folder / "filler"
        with open(self._filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)) > 0:
                    pass
            except OSError:
                return None  # now it is full
        return None

    def allow_only_reading(self):
        self._only_read = True
        if not self.own_space:
            return self._modes(0o500)
        flags = MS_NOSUID | MS_NODEV
        _mount(self.folder, self.folder, None, MS_BIND | MS_REC)
        _mount("none", self.folder, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)
        return None

    def mend(self):
        """For the next process in the folder."""
        if self._filler is not None:
            self._filler.unlink()
            self._filler = None
        if self._only_read:
            self._only_read = False
            if self.own_space:
                _must(LIBC.umount2(os.fsencode(self.folder), MNT_DETACH))
            else:
                self._modes(0o700)

    def _modes(self, mode):
        for at, _, _ in os.walk(self.folder):
            os.chmod(at, mode)

    def close(self):
        self.mend()
        if self.own_space:
            _must(LIBC.umount2(os.fsencode(self.folder), MNT_DETACH))
