package store_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk is a folder with a disk of one megabyte, and how to enlarge it.
func smallDisk(t *testing.T) (folder string, grow func()) {
	t.Helper()
	folder = t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	return folder, func() { must(t, unix.Mount("tmpfs", folder, "tmpfs", unix.MS_REMOUNT, "size=64m")) }
}
