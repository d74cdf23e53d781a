package main

import (
	"net"
	"syscall"
)

// refuseNew has the kernel drop whatever would open another connection, as if this machine were not there: load balancers
// go elsewhere. Connections that are made and wait to be accepted stay. Closing a listener resets those instead, and a
// form that has been sent over one is lost.
func refuseNew(listener *net.TCPListener) error {
	conn, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	drop := []syscall.SockFilter{{Code: syscall.BPF_RET | syscall.BPF_K}} // keeps no byte of any packet
	failed := conn.Control(func(fd uintptr) { err = syscall.AttachLsf(int(fd), drop) })
	if failed != nil {
		return failed
	}
	return err
}
