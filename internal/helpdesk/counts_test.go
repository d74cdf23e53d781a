//go:build !prove

package helpdesk_test

// What a normal run tries: less than what was proven.
const (
	browsers = 200  // that open and finish one link
	freezes  = 40   // that meet a finish
	accounts = 1000 // of the pool that is swept
)
