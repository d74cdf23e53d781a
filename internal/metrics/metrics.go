// Package metrics counts what happens and tells it to Prometheus, in its text format (exposition formats, version 0.0.4).
//
//	metrics.go   families with closed sets of labels      text.go     how they are written
//	runtime.go   the go_* families                         process_*.go  the process_* families, where /proc tells them
//
// A label has a closed set of values, named when its family is made. Anything else counts as "other", so nothing that a
// visitor sends makes a new series, and nothing personal gets into one.
package metrics

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Other stands for every label value that is not in its set.
const Other = "other"

// Label is one label of a family, and the values that it can have beside [Other].
type Label struct {
	Name   string
	Values []string
}

// Registry is a set of families. It is an http.Handler that writes them all. The zero value is empty.
type Registry struct {
	mu       sync.Mutex
	families map[string]*family
	gauges   map[string]map[string]gauge // by name, then by labels

	// A view of another registry (see With) keeps nothing itself.
	of    *Registry
	label Label
	value string
}

// family is all series of one name.
type family struct {
	name, help string
	labels     []Label
	known      []map[string]bool
	buckets    []float64 // upper bounds, of a histogram
	series     sync.Map  // the label values, joined, to *series
}

// series is the figures of one combination of label values.
type series struct {
	values []string
	count  atomic.Uint64   // of a counter, or how many were observed
	sum    atomic.Uint64   // of a histogram: the bits of a float64
	bucket []atomic.Uint64 // observations in each bucket alone; those above the last are in none
}

type gauge struct {
	help string
	read func() float64
}

// Counter counts. A nil Counter counts nothing.
type Counter struct {
	family *family
	first  []string // values of the labels that With gave
}

// Histogram sorts durations. A nil Histogram takes none.
type Histogram struct {
	family *family
	first  []string
}

// With answers r as seen by one of several parts that count the same: each of its families has one more label before its
// own, with this value, which is in the label's set.
func (r *Registry) With(label Label, value string) *Registry {
	return &Registry{of: r, label: label, value: value}
}

// few is how many series of one family are made before anything is counted.
const few = 64

// Counter answers the counter of that name, and makes it when there is none. Where the labels' sets make few series, all of
// them exist from the start: an alert can tell zero from unknown.
func (r *Registry) Counter(name, help string, labels ...Label) *Counter {
	f, first := r.family(name, help, nil, labels)
	return &Counter{f, first}
}

// Histogram answers the histogram of that name, and makes it when there is none. The buckets are upper bounds in seconds,
// ascending.
func (r *Registry) Histogram(name, help string, buckets []float64, labels ...Label) *Histogram {
	f, first := r.family(name, help, buckets, labels)
	return &Histogram{f, first}
}

// Gauge adds a figure that is asked for when it is read. Pairs are names and values of fixed labels.
func (r *Registry) Gauge(name, help string, read func() float64, pairs ...string) {
	if r.of != nil {
		r.of.Gauge(name, help, read, append([]string{r.label.Name, r.value}, pairs...)...)
		return
	}
	var labels []Label
	var values []string
	for i := 0; i+1 < len(pairs); i += 2 {
		labels, values = append(labels, Label{Name: pairs[i]}), append(values, pairs[i+1])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gauges == nil {
		r.gauges = map[string]map[string]gauge{}
	}
	if r.gauges[name] == nil {
		r.gauges[name] = map[string]gauge{}
	}
	r.gauges[name][labelText(labels, values)] = gauge{help, read}
}

// family answers the family of that name, and the values of its first labels that are fixed here.
func (r *Registry) family(name, help string, buckets []float64, labels []Label) (*family, []string) {
	var first []string
	for ; r.of != nil; r = r.of {
		labels, first = append([]Label{r.label}, labels...), append([]string{r.value}, first...)
	}
	f := r.find(name, help, buckets, labels)
	begin(f, labels[len(first):], first)
	return f, first
}

// begin makes the series of all values of labels, if they are few.
func begin(f *family, labels []Label, values []string) {
	count := 1
	for _, label := range labels {
		count *= len(label.Values)
	}
	switch {
	case count > few:
	case len(labels) == 0:
		f.at(values...)
	default:
		for _, value := range labels[0].Values {
			begin(f, labels[1:], append(slices.Clone(values), value))
		}
	}
}

func (r *Registry) find(name, help string, buckets []float64, labels []Label) *family {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.families[name]; f != nil { // made before the settings were reloaded
		return f
	}
	f := &family{name: name, help: help, labels: labels, buckets: slices.Clone(buckets)}
	for _, label := range labels {
		known := map[string]bool{}
		for _, value := range label.Values {
			known[value] = true
		}
		f.known = append(f.known, known)
	}
	if r.families == nil {
		r.families = map[string]*family{}
	}
	r.families[name] = f
	return f
}

// at is the series of these label values, in the labels' order. A missing one is [Other].
func (f *family) at(values ...string) *series {
	if len(values) == len(f.labels) { // values of a set have no zero byte, so what is found is what was meant
		if found, ok := f.series.Load(strings.Join(values, "\x00")); ok {
			return found.(*series)
		}
	}
	closed := make([]string, len(f.labels))
	for i := range closed {
		closed[i] = Other
		if i < len(values) && f.known[i][values[i]] {
			closed[i] = values[i]
		}
	}
	found, _ := f.series.LoadOrStore(strings.Join(closed, "\x00"), &series{values: closed, bucket: make([]atomic.Uint64, len(f.buckets))})
	return found.(*series)
}

// Add counts one more of these label values.
func (c *Counter) Add(values ...string) {
	if c != nil {
		c.family.at(under(c.first, values)...).count.Add(1)
	}
}

// Observe takes one duration in seconds. A negative one counts as zero: a clock was set back.
func (h *Histogram) Observe(seconds float64, values ...string) {
	if h == nil {
		return
	}
	seconds = max(seconds, 0)
	s := h.family.at(under(h.first, values)...)
	if i, _ := slices.BinarySearch(h.family.buckets, seconds); i < len(s.bucket) {
		s.bucket[i].Add(1)
	}
	for {
		old := s.sum.Load()
		if s.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+seconds)) {
			break
		}
	}
	s.count.Add(1)
}

// under puts values behind those of the labels that With gave.
func under(first, values []string) []string {
	if len(first) == 0 {
		return values
	}
	return append(slices.Clone(first), values...)
}
