package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// refuseNew has the kernel drop whatever would open another connection, as if this machine were not there: load balancers
// go elsewhere. Connections that are made and wait to be accepted stay. Closing a listener resets those instead, and a
// form that has been sent over one is lost.
func refuseNew(listener *net.TCPListener) error {
	conn, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	drop := unix.SockFprog{Len: 1, Filter: &unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}} // keeps no byte of any packet
	failed := conn.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &drop)
	})
	if failed != nil {
		return failed
	}
	return err
}
