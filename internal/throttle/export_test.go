package throttle

import "time"

// ReadLine is what a line on the shelf means.
func ReadLine(b []byte) (epoch uint64, at time.Time, clock, spare float64, last map[uint16]float64, err error) {
	l, err := unmarshalLine(b)
	if err != nil {
		return 0, time.Time{}, 0, 0, nil, err
	}
	return l.epoch, l.at, l.clock, l.spare, l.last, nil
}

// ReadReserved is what turns on the shelf mean.
func ReadReserved(b []byte) (at, until time.Time) {
	var r reserved
	r.unmarshal(b)
	return r.at, r.until
}

// Len is how many keys a Local has numbers for.
func (l *Local) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.due)
}

// MaxKeys is how many it may have, those that are shared among them.
const MaxKeys = maxKeys + overflow
