package throttle

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// line is everybody who waits to begin, as numbers: fair queueing by virtual time (Demers, Keshav and Shenker, 1989),
// with people in place of packets and networks in place of connections.
//
// The clock counts rounds. In a round each network that waits sends one person, so that with n of them a round takes
// n people's time. A place is the round at whose end its turn comes: one after the last that its network was given. So
// the line is one number for each network that waits, however many people it sends, and a place never moves back, but
// its time comes later when other networks come.
type line struct {
	epoch uint64             // of which line places are: one that is lost begins anew
	at    time.Time          // when clock was right
	clock float64            // rounds
	spare float64            // people who may begin at once
	last  map[uint16]float64 // the last place of each network that waits
}

// sites is how many networks a line tells apart. Those that meet in one number share its turn.
const sites = 1024

// siteNumber is a network's number: the same on all nodes.
func siteNumber(site string) uint16 {
	sum := sha256.Sum256([]byte(site))
	return binary.BigEndian.Uint16(sum[:]) % sites
}

// newLine is an empty line through which burst people may go at once.
func newLine(now time.Time, burst float64) *line {
	var epoch [8]byte
	_, _ = rand.Read(epoch[:]) // never fails (crypto/rand, since Go 1.24)
	return &line{epoch: binary.BigEndian.Uint64(epoch[:]), at: now, spare: burst, last: make(map[uint16]float64)}
}

// advance lets time pass: rate people a second go in, network by network. What nobody takes is spare, up to burst.
func (l *line) advance(now time.Time, rate, burst float64) {
	people := now.Sub(l.at).Seconds() * rate
	if people <= 0 {
		return
	}
	l.at = now
	waiting := make([]uint16, 0, len(l.last))
	for site := range l.last {
		waiting = append(waiting, site)
	}
	slices.SortFunc(waiting, func(a, b uint16) int { return cmp.Compare(l.last[a], l.last[b]) })
	for i, site := range waiting {
		n := float64(len(waiting) - i)
		needed := (l.last[site] - l.clock) * n
		if needed > people {
			l.clock += people / n
			return
		}
		people -= needed
		l.clock = max(l.clock, l.last[site])
		delete(l.last, site)
	}
	l.spare = min(burst, l.spare+people)
}

// enter answers the place of somebody who comes now.
func (l *line) enter(site uint16) float64 {
	if len(l.last) == 0 && l.spare >= 1 {
		l.spare--
		return l.clock
	}
	if len(l.last) == 0 { // who comes first waits for what is missing of one
		l.last[site] = l.clock + 1 - l.spare
		l.spare = 0
		return l.last[site]
	}
	l.last[site] = max(l.last[site], l.clock) + 1
	return l.last[site]
}

// ahead is how many people have their turn up to a place, itself among them: 0 when its turn has come.
func (l *line) ahead(place float64) float64 {
	if place <= l.clock+epsilon {
		return 0
	}
	people := 0.0
	for _, last := range l.last {
		people += max(0, min(last, place)-l.clock)
	}
	return max(people, place-l.clock) // this line may be older than the place
}

// epsilon is less than any time that matters, and more than sums of fractions are wrong by.
const epsilon = 1e-6

// marshal writes the line: four numbers, then each network's.
func (l *line) marshal() []byte {
	b := binary.BigEndian.AppendUint64(nil, l.epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(l.at.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(l.clock))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(l.spare))
	for site, last := range l.last {
		b = binary.BigEndian.AppendUint16(b, site)
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(last))
	}
	return b
}

var errLine = errors.New("throttle: not a line") //nolint:gochecknoglobals // a sentinel

func unmarshalLine(b []byte) (*line, error) {
	const head, each = 32, 10
	if len(b) < head || (len(b)-head)%each != 0 {
		return nil, errLine
	}
	l := &line{
		epoch: binary.BigEndian.Uint64(b), at: time.UnixMicro(int64(binary.BigEndian.Uint64(b[8:]))),
		clock: math.Float64frombits(binary.BigEndian.Uint64(b[16:])), spare: math.Float64frombits(binary.BigEndian.Uint64(b[24:])),
		last: make(map[uint16]float64),
	}
	for b = b[head:]; len(b) > 0; b = b[each:] {
		l.last[binary.BigEndian.Uint16(b)] = math.Float64frombits(binary.BigEndian.Uint64(b[2:]))
	}
	return l, nil
}
