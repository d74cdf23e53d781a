//go:build !linux

package store_test

import "testing"

func smallDisk(t *testing.T) (folder string, grow func()) {
	t.Helper()
	t.Skip("mounts a small disk on Linux only")
	return "", nil
}
