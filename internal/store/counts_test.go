//go:build !prove

package store_test

// How many race, and how often processes are killed, in a normal run. TestThousandSpendOneInvite is a thousand always.
const (
	crowd = 200
	kills = 4
)
