package metrics_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cognito-enroll/internal/metrics"
)

func exposition(t *testing.T, r *metrics.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if got := w.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	return w.Body.String()
}

// own are the lines of families whose names begin with x_.
func own(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.NewReplacer("# HELP ", "", "# TYPE ", "").Replace(line), "x_") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestExposition(t *testing.T) {
	var r metrics.Registry
	colours := metrics.Label{Name: "colour", Values: []string{"red", `a "b" \ c`}}
	counter := r.Counter("x_things_total", "Things,\nby colour.", colours)
	counter.Add("red")
	counter.Add("red")
	counter.Add("no such colour")
	counter.Add()
	plain := r.Counter("x_plain_total", "Plain.")
	plain.Add("surplus")
	r.Counter("x_things_total", "again", colours).Add("red")
	h := r.Histogram("x_seconds", "Durations.", []float64{0.1, 1}, metrics.Label{Name: "way", Values: []string{"up"}})
	for _, seconds := range []float64{0.1, 0.5, 1.5, -3} {
		h.Observe(seconds, "up")
	}
	r.Gauge("x_info", "About.", func() float64 { return 1 }, "version", "v1")
	want := `# HELP x_plain_total Plain.
# TYPE x_plain_total counter
x_plain_total 1
# HELP x_seconds Durations.
# TYPE x_seconds histogram
x_seconds_bucket{way="up",le="0.1"} 2
x_seconds_bucket{way="up",le="1"} 3
x_seconds_bucket{way="up",le="+Inf"} 4
x_seconds_sum{way="up"} 2.1
x_seconds_count{way="up"} 4
# HELP x_things_total Things,\nby colour.
# TYPE x_things_total counter
x_things_total{colour="a \"b\" \\ c"} 0
x_things_total{colour="other"} 2
x_things_total{colour="red"} 3
# HELP x_info About.
# TYPE x_info gauge
x_info{version="v1"} 1
`
	if got := own(exposition(t, &r)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Whatever is counted, there are no more series than the labels' sets make.
func TestLabelsAreClosed(t *testing.T) {
	var r metrics.Registry
	counter := r.Counter("x_total", "X.", metrics.Label{Name: "a", Values: []string{"1", "2"}}, metrics.Label{Name: "b", Values: []string{"3"}})
	var all sync.WaitGroup
	counter.Add("1", "3")
	for worker := range 4 {
		all.Go(func() {
			for i := range 1000 {
				counter.Add(fmt.Sprint(worker, i), "3")
				counter.Add("1", fmt.Sprint("secret", i))
				counter.Add("2", "3")
				counter.Add("1\x003") // a value that looks like two
			}
		})
	}
	all.Wait()
	want := `x_total{a="1",b="3"} 1
x_total{a="1",b="other"} 4000
x_total{a="2",b="3"} 4000
x_total{a="other",b="3"} 4000
x_total{a="other",b="other"} 4000
`
	if got := strings.SplitAfterN(own(exposition(t, &r)), "\n", 3)[2]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Several parts count under one label, and none under another's value.
func TestWith(t *testing.T) {
	var r metrics.Registry
	pools := metrics.Label{Name: "pool", Values: []string{"a", "b"}}
	a, b := r.With(pools, "a"), r.With(pools, "b")
	ways := metrics.Label{Name: "way", Values: []string{"up"}}
	for _, view := range []*metrics.Registry{a, b} {
		view.Counter("x_plain_total", "Plain.")
		view.Gauge("x_depth", "Depth.", func() float64 { return 2 }, "of", "it")
	}
	a.Counter("x_things_total", "Things.", ways).Add("up")
	b.Counter("x_things_total", "Things.", ways).Add("a", "up")
	b.Counter("x_things_total", "Things.", ways)
	b.Histogram("x_seconds", "Durations.", []float64{1}).Observe(2)
	want := `# HELP x_plain_total Plain.
# TYPE x_plain_total counter
x_plain_total{pool="a"} 0
x_plain_total{pool="b"} 0
# HELP x_seconds Durations.
# TYPE x_seconds histogram
x_seconds_bucket{pool="b",le="1"} 0
x_seconds_bucket{pool="b",le="+Inf"} 1
x_seconds_sum{pool="b"} 2
x_seconds_count{pool="b"} 1
# HELP x_things_total Things.
# TYPE x_things_total counter
x_things_total{pool="a",way="up"} 1
x_things_total{pool="b",way="other"} 1
x_things_total{pool="b",way="up"} 0
# HELP x_depth Depth.
# TYPE x_depth gauge
x_depth{pool="a",of="it"} 2
x_depth{pool="b",of="it"} 2
`
	if got := own(exposition(t, &r)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNilCountsNothing(*testing.T) {
	(*metrics.Counter)(nil).Add("x")
	(*metrics.Histogram)(nil).Observe(1)
}

// The families that every dashboard of a Go program asks for.
func TestRuntimeAndProcess(t *testing.T) {
	text := exposition(t, &metrics.Registry{})
	for _, name := range []string{
		"go_goroutines", "go_memstats_heap_alloc_bytes", "go_memstats_sys_bytes", "go_gc_duration_seconds_sum", "go_info", "go_gc_gomemlimit_bytes",
		"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "process_open_fds", "process_max_fds",
	} {
		value := regexp.MustCompile(`(?m)^` + name + `(?:\{[^}]*\})? ([0-9.e+]+)$`).FindStringSubmatch(text)
		if value == nil && (strings.HasPrefix(name, "go_") || exists("/proc/self/stat")) {
			t.Errorf("no %s in\n%s", name, text)
		}
	}
}

// What is written is what Prometheus reads, by its own tool where that is installed.
func TestPromtoolAccepts(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	var r metrics.Registry
	r.Counter("x_things_total", `Quotes " and \ and`+"\nlines.", metrics.Label{Name: "a", Values: []string{`q"\`}}).Add(`q"\`)
	r.Histogram("x_seconds", "Seconds.", []float64{0.5}, metrics.Label{Name: "b", Values: []string{"c"}}).Observe(1, "c")
	r.Gauge("x_info", "About.", func() float64 { return 1 })
	check := exec.CommandContext(context.WithoutCancel(t.Context()), promtool, "check", "metrics")
	check.Stdin = strings.NewReader(exposition(t, &r))
	// It also has opinions on names, which are those of Prometheus's own clients for the runtime: status 3.
	out, err := check.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "go_") {
			t.Errorf("promtool: %s(%v)", line, err)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
