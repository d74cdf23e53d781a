package throttle_test

import (
	"encoding/hex"
	"maps"
	"testing"
	"time"

	"cognito-enroll/internal/throttle"
)

// Bytes that are never written anew: nodes of the version that wrote them may run beside this one. What has another form
// gets another name, else the nodes of two versions begin the line anew in turns, and everybody loses his place.
func TestWhatIsSharedNeverChangesItsMeaning(t *testing.T) {
	bytes := func(text string) []byte {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	start := time.Unix(1_800_000_000, 0)
	epoch, at, clock, spare, last, err := throttle.ReadLine(bytes("0000000000000007000665172898800040040000000000003fd0000000000000" +
		"0009400c000000000000"))
	if err != nil || epoch != 7 || !at.Equal(start) || clock != 2.5 || spare != 0.25 || !maps.Equal(last, map[uint16]float64{9: 3.5}) {
		t.Errorf("line: %d, %v, %v, %v, %v, %v", epoch, at, clock, spare, last, err)
	}
	if at, until := throttle.ReadReserved(bytes("000665172898800000066517289b8d40")); !at.Equal(start) || !until.Equal(start.Add(200*time.Millisecond)) {
		t.Errorf("turns: %v, %v", at, until)
	}
}
