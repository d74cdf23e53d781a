//go:build !linux

package main

import (
	"errors"
	"time"
)

var errNotLinux = errors.New("bench measures other processes' CPU time, which it can do on Linux only")

func cpuTime(int) (time.Duration, error) { return 0, errNotLinux }

func memory(int) (now, most int64, err error) { return 0, 0, errNotLinux }

func processors() (busy, idle float64, err error) { return 0, 0, errNotLinux }
